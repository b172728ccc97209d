"""The definitions of one bundle: the root's, those written inside it, and those in files of their own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from dsl.definition.walk import children
from dsl.model import Definition, Member, child_of


def with_files(root: Definition, files: Mapping[str, Definition]) -> Definition:
    """The root with the definitions of files in the place of their paths."""
    return root.model_copy(update={"definitions": {**root.definitions, **files}})


def members(root: Definition) -> Iterator[tuple[str, Definition]]:
    """The definitions of a bundle, as far as they are known, in the order of the root."""
    for name, definition in root.definitions.items():
        if isinstance(definition, Member):
            yield name, member(root, name, definition)


def member(root: Definition, name: str, definition: Member) -> Definition:
    """A definition of the bundle as if it stood alone: it sees the others, and says what it need not say inside."""
    said = {field: getattr(definition, field) for field in type(definition).model_fields}
    known = {"dsl": "1", "name": definition.name or name, "definitions": root.definitions}
    return Definition.model_construct(definition.model_fields_set, **{**said, **known})


def used(root: Definition) -> set[str]:
    """The names of the definitions that a run of the root may come to."""
    reached: set[str] = set()
    ahead = [root]
    known = dict(members(root))
    while ahead:
        for action, _ in children(ahead.pop()):
            name = child_of(action).definition
            if name in known and name not in reached:
                reached.add(name)
                ahead.append(known[name])
    return reached
