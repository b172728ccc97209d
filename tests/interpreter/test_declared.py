"""What a definition takes, told without a run of it."""

from __future__ import annotations

from typing import Any

import pytest

from interpreter.messages.declared import Kind, MessageRefused, check_message
from interpreter.program.compiled import compile_program

DEFINITION = compile_program("""\
dsl: "1"
name: cart
signals:
  checkout: {}
  note: {schema: {type: object, required: [text]}}
  stored: {schema: {pattern: "^(done"}}  # as earlier releases have accepted it
updates: {add: {schema: {type: integer}}}
steps: [{wait: 1s}]
""").definition

REFUSED: dict[tuple[Kind, str, Any], tuple[str, str]] = {
    ("signal", "chekout", None): (
        "UnknownMessage",
        'there is no signal "chekout"; did you mean "checkout"?; declared: checkout, note, stored',
    ),
    ("signal", "zzz", None): ("UnknownMessage", 'there is no signal "zzz"; declared: checkout, note, stored'),
    ("signal", "add", 1): (
        "UnknownMessage",
        'there is no signal "add"; it is an update; declared: checkout, note, stored',
    ),
    ("update", "note", None): ("UnknownMessage", 'there is no update "note"; it is a signal; declared: add'),
    ("signal", "note", None): (
        "InvalidPayload",
        'the payload of the signal "note" does not fit its schema: payload: "text" is missing',
    ),
    ("signal", "stored", "x"): (
        "InvalidPayload",
        'the payload of the signal "stored" does not fit its schema: payload: the schema can\'t be used: the pattern '
        '"^(done" is not a regular expression: missing ), unterminated subpattern',
    ),
    ("update", "add", "x"): (
        "InvalidPayload",
        'the payload of the update "add" does not fit its schema: payload: expected a whole number, '
        'found the text "x"',
    ),
    ("signal", "checkout", float("inf")): (
        "InvalidPayload",
        'the payload of the signal "checkout" does not fit its schema: payload: Infinity is not a value of JSON',
    ),
}


@pytest.mark.parametrize("message", REFUSED)
def test_what_it_does_not_take(message: tuple[Kind, str, Any]) -> None:
    with pytest.raises(MessageRefused) as caught:
        check_message(DEFINITION, *message)
    assert (caught.value.kind, str(caught.value)) == REFUSED[message]


def test_what_it_takes() -> None:
    check_message(DEFINITION, "signal", "checkout", None)
    check_message(DEFINITION, "signal", "checkout", {"any": "thing"})
    check_message(DEFINITION, "signal", "note", {"text": "x"})
    check_message(DEFINITION, "update", "add", 1)
