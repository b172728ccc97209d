"""A bundle has the definition of its root, those written inside it, and those in files of their own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from dsl.definition.walk import find_child_calls
from dsl.model import BundledDefinition, Definition, get_child_workflow
from dsl.problems.names import find_meant


def embed_files(root: Definition, files: Mapping[str, Definition]) -> Definition:
    """Put the definitions of files in the place of their paths."""
    return root.model_copy(update={"definitions": {**root.definitions, **files}})


def list_definitions(root: Definition) -> Iterator[tuple[str, Definition]]:
    """List the definitions of a bundle, as far as they are known, in the order of the root."""
    for name, definition in root.definitions.items():
        if isinstance(definition, BundledDefinition):
            yield name, extract_definition(root, name, definition)


def find_definition(root: Definition, name: str | None) -> Definition | None:
    """Find a definition of a bundle by its name; None if it is not known."""
    if name is None or not isinstance(definition := root.definitions.get(name), BundledDefinition):
        return None
    return extract_definition(root, name, definition)


def extract_definition(root: Definition, name: str, definition: BundledDefinition) -> Definition:
    """Build a definition of the bundle as if it stood alone.

    It sees the other definitions, and says what it need not say inside the bundle.
    """
    said = {field: getattr(definition, field) for field in type(definition).model_fields}
    known = {"dsl": "1", "name": definition.name or name, "definitions": root.definitions}
    return Definition.model_construct(definition.model_fields_set, **{**said, **known})


def find_used_definitions(root: Definition) -> set[str]:
    """Find the names of the definitions that a run of the root may come to, also by a name that is misspelt."""
    reached: set[str] = set()
    ahead = [root]
    known = dict(list_definitions(root))
    while ahead:
        for action, _ in find_child_calls(ahead.pop()):
            name = get_child_workflow(action).definition
            name = name and find_meant(name, known)
            if name in known and name not in reached:
                reached.add(name)
                ahead.append(known[name])
    return reached
