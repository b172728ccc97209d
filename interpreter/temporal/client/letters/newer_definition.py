"""A newer definition for a redrive: it is used only if the step that has failed can take the place of the old one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from dsl.model import Definition
from interpreter.letters.orders import RedriveMode
from interpreter.program.compiled import compile_program
from interpreter.program.model import Bundle, Node
from interpreter.program.paths import find_defined
from interpreter.program.reads import list_templates
from interpreter.temporal.wire.definition_text import decode_definition, encode_texts
from interpreter.temporal.wire.request import build_memo


class IncompatibleDefinition(ValueError):
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
        old = find_defined(
            compile_program(*decode_definition(request["definition"])),
            record["step"],
        )
        new = find_defined(compile_program(self._bundle), record["step"])
        _check_step(record["step"], old, new)
        if mode is RedriveMode.STEP:
            assert new is not None
            _check_names(new, redrive)
        definition = {"digest": self._bundle.digest, **encode_texts(self._bundle)}
        changed = {
            **redrive,
            "request": {**request, "definition": definition},
            "memo": build_memo(self._definition, self._bundle),
        }
        return changed, (_describe_change(record["definition"]["version"], self._definition.version),)


def _check_step(path: str, old: Node | None, new: Node | None) -> None:
    """
    Raises:
        IncompatibleDefinition: there is no such step, or it does something of another kind.
    """
    if new is None:
        raise IncompatibleDefinition(f'the newer definition has no step "{path}"')
    if old is None or type(old.step) is not type(new.step):
        before = "another kind" if old is None else f"the kind {type(old.step).__name__}"
        raise IncompatibleDefinition(
            f'the step "{path}" was of {before}, and in the newer definition it is of the kind '
            f"{type(new.step).__name__}"
        )


def _check_names(node: Node, redrive: Mapping[str, Any]) -> None:
    """
    Raises:
        IncompatibleDefinition: the step reads what the letter does not hold.
    """
    only = redrive["request"]["only"]
    held = {"input": redrive["input"], "vars": only.get("vars", {}), "steps": only.get("steps", {})}
    done = list(_list_done(node, only))
    inside = {each.id for one in done for each in one.walk()}
    templates = (found for one in done for each in one.walk() for found in list_templates(each))
    missing = {
        f"{reference.root}.{reference.fields[0]}"
        for template in templates
        for reference in template.find_references()
        if reference.root in held
        and reference.fields
        and not reference.optional[0]
        and not (reference.root == "steps" and reference.fields[0] in inside)
        and reference.fields[0] not in (held[reference.root] or ())
    }
    if missing:
        names = ", ".join(sorted(missing))
        raise IncompatibleDefinition(
            f"the step {node.path} of the newer definition reads {names}, which the letter does not hold"
        )


def _list_done(node: Node, only: Mapping[str, Any]) -> Iterator[Node]:
    """List what a redrive runs of a step: the step, the body of a loop, or the compensation."""
    undo: Mapping[str, Any] | None = only.get("undo")
    if undo is not None:
        if "call" not in undo and node.compensation is not None:
            yield node.compensation
    elif "item" in only:
        yield from node.body
    else:
        yield replace(node, compensation=None)


def _describe_change(before: str | None, after: str | None) -> str:
    return f"the definition of version {after or '(none)'} takes the place of version {before or '(none)'}"
