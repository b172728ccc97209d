"""What a definition declares that its runs take: asked by a run, and before by those who send to it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Literal

from dsl.expressions import JsonValue
from dsl.json_schema.inputs import check_input
from dsl.model import Definition, UpdateDeclaration
from dsl.problems.suggest import did_you_mean
from dsl.problems.wording import join_listed

Kind = Literal["signal", "update"]


class MessageRefused(Exception):
    """A message that the run does not take."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


def check_message(definition: Definition, kind: Kind, name: str, payload: JsonValue) -> None:
    """Whether a run of the definition takes a message, as far as that can be told without the run.

    Raises:
        MessageRefused: it is not declared, or its payload is wrong.
    """
    if kind == "signal":
        validate_signal(definition, name, [payload])
    else:
        validate_update(definition, name, [payload])


def validate_signal(definition: Definition, name: str, args: Sequence[JsonValue]) -> JsonValue:
    """The payload of a signal, with its schema's defaults.

    Raises:
        MessageRefused: it is not declared, or its payload is wrong.
    """
    declared = definition.signals.get(name)
    if declared is None:
        raise refuse_unknown("signal", name, definition.signals, elsewhere=definition.updates)
    return _validate_payload(f'signal "{name}"', args, declared.schema_)


def validate_update(
    definition: Definition, name: str, args: Sequence[JsonValue]
) -> tuple[UpdateDeclaration, JsonValue]:
    """The declaration of an update, and its payload, with its schema's defaults.

    Raises:
        MessageRefused: it is not declared, or its payload is wrong.
    """
    declared = definition.updates.get(name)
    if declared is None:
        raise refuse_unknown("update", name, definition.updates, elsewhere=definition.signals)
    return declared, _validate_payload(f'update "{name}"', args, declared.schema_)


def refuse_unknown(
    kind: Literal["signal", "update", "query"], name: str, known: Iterable[str], elsewhere: Iterable[str] = ()
) -> MessageRefused:
    """The refusal of a name that is not among the `known` ones.

    Args:
        elsewhere: The updates where a signal is unknown, and the other way round.
    """
    other = f"it is {'an update' if kind == 'signal' else 'a signal'}" if name in elsewhere else None
    hint = other or did_you_mean(name, known)
    said = [
        f'there is no {kind} "{name}"',
        *([hint] if hint else []),
        f"declared: {join_listed(known) or 'none'}",
    ]
    return MessageRefused("UnknownMessage", "; ".join(said))


def _validate_payload(what: str, args: Sequence[JsonValue], schema: dict[str, Any] | None) -> JsonValue:
    if len(args) > 1:
        raise MessageRefused(
            "InvalidPayload", f"the {what} takes one argument, its payload, found {len(args)}"
        )
    payload, problems = check_input(schema, args[0] if args else None)
    if problems:
        wrong = "; ".join(each.describe("payload") for each in problems)
        raise MessageRefused("InvalidPayload", f"the payload of the {what} does not fit its schema: {wrong}")
    value: JsonValue = payload
    return value
