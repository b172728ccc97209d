"""A newer definition for a redrive: it is used only if the step that has failed can take the place of the old one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from dsl.definition.sites import find_sites
from dsl.expressions.references import Reference
from dsl.model import Definition
from interpreter.letters.orders import RedriveMode
from interpreter.program.compiled import compile_program
from interpreter.program.model import Bundle, Node
from interpreter.program.paths import find_defined
from interpreter.temporal.client.letters.patch import PatchProblem
from interpreter.temporal.wire.definition_text import decode_texts, encode_texts
from interpreter.temporal.wire.request import build_memo


class IncompatibleDefinition(PatchProblem):
    """The newer definition can't be used for a letter. The message says why."""


class NewerDefinition:
    """A definition that is run instead of the one that has failed."""

    def __init__(self, definition: Definition, bundle: Bundle) -> None:
        """Takes a definition without errors, and its texts."""
        self._definition, self._bundle = definition, bundle

    def replace_in(
        self, redrive: Mapping[str, Any], record: Mapping[str, Any], mode: RedriveMode
    ) -> tuple[Mapping[str, Any], tuple[str, ...]]:
        """Put it into what a redrive is started with.

        Args:
            redrive: The part of the record that says what to start.
            record: The record of the letter.
            mode: Whether the step runs alone.

        Returns:
            The new part, and what is otherwise now, in words.

        Raises:
            IncompatibleDefinition: it can't take the place of the one that has failed.
        """
        request = redrive["request"]
        old_name, new_name = record["definition"]["name"], self._definition.name
        if old_name != new_name:
            raise IncompatibleDefinition(
                f'the definition is called "{new_name}", and the letter is of "{old_name}"'
            )
        new = find_defined(compile_program(self._bundle), record["step"])
        if new is None:
            raise IncompatibleDefinition(f'the newer definition has no step "{record["step"]}"')
        old = find_defined(
            compile_program(decode_texts(request["definition"]), request["definition"].get("entry")),
            record["step"],
        )
        assert old is not None, "the letter was written by it"
        if type(old.step) is not type(new.step):
            raise IncompatibleDefinition(
                f"the step {record['step']} was of the kind {_name_kind(old)}, and the newer definition has the kind "
                f"{_name_kind(new)} there"
            )
        if mode is RedriveMode.STEP:
            _check_names(new, redrive)
        definition = {"digest": self._bundle.digest, **encode_texts(self._bundle)}
        changed = {
            **redrive,
            "request": {**request, "definition": definition},
            "memo": build_memo(self._definition, self._bundle),
        }
        return changed, (_describe_change(record["definition"]["version"], self._definition.version),)


def _name_kind(node: Node) -> str:
    """The class of a step, as people read it."""
    return type(node.step).__name__


def _check_names(node: Node, redrive: Mapping[str, Any]) -> None:
    """
    Raises:
        IncompatibleDefinition: the step reads what the letter does not hold.
    """
    request = redrive["request"]
    missing = sorted(
        {_name(each) for each in _find_references(node) if not _is_known(each, redrive, request)}
    )
    if missing:
        raise IncompatibleDefinition(
            f"the step {node.path} of the newer definition reads {', '.join(missing)}, which the letter does not hold"
        )


def _find_references(node: Node) -> Iterator[Reference]:
    for site in find_sites(node.step, node.source):
        yield from site.template.find_references()


def _is_known(reference: Reference, redrive: Mapping[str, Any], request: Mapping[str, Any]) -> bool:
    """Whether a letter has what a reference reads, or it may be missing."""
    if any(reference.optional[:1]):
        return True
    first = reference.fields[0] if reference.fields else None
    match reference.root:
        case "input":
            data = redrive["input"]
            return first is None or (isinstance(data, dict) and first in data)
        case "vars":
            return first is None or first in request["state"]["vars"]
        case "steps":
            return first is None or any(first in steps for steps in request["state"]["frames"].values())
        case "run" | "step" | "secrets":
            return True
        case root:
            return root in request["only"]["names"]


def _name(reference: Reference) -> str:
    return ".".join(map(str, (reference.root, *reference.fields[:1])))


def _describe_change(before: str | None, after: str | None) -> str:
    return f"the definition of version {after or '(none)'} takes the place of version {before or '(none)'}"
