"""A `writeOnly` input is in no letter, no status, no log of a run, and not in what a failed run ends with."""

from __future__ import annotations

import json
import logging
from io import StringIO
from typing import Any, cast

import pytest
from temporalio import activity
from temporalio.client import Client, WorkflowFailureError
from temporalio.exceptions import ApplicationError

import interpreter.state.run as run_module
from dsl.redaction.redactor import Redactor
from interpreter.temporal.observing.formats import JsonFormatter, TextFormatter
from stepfile import create_worker, prepare, query_status, read_text, start
from tests.support.leaks import find_leaks

CARD = "4111-1111/1111"
PIN = 4711
TEXT = """
dsl: "1"
name: write-only
input:
  type: object
  required: [card, pin]
  properties:
    card: {type: string, writeOnly: true}
    pin: {$ref: "#/$defs/pin"}
    order: {type: integer}
  $defs: {pin: {type: integer, writeOnly: true}}
dead_letter_queues: {lost: {activity: keep, timeouts: {start_to_close: 5s}}}
saga: {dead_letter: lost}
defaults: {timeouts: {start_to_close: 5s}, retry: {maximum_attempts: 1}}
steps:
  - id: reserve
    activity: reserve
    args: ["${ input.card }"]
    compensate: {activity: charge, args: ["${ input.card }", "${ input.pin }"], retry: {maximum_attempts: 1}}
  - {id: charge, activity: charge, args: ["${ input }", "${ input.pin }"], dead_letter: lost}
"""

letters: list[dict[str, Any]] = []
given: list[Any] = []


@activity.defn
async def reserve(card: str) -> None:
    given.append(card)


@activity.defn
async def charge(card: Any, pin: int) -> None:
    given.append((card, pin))
    raise ApplicationError(f"declined: {CARD}", {"card": card, "pin": pin, "attempt": 1}, type="Declined")


@activity.defn
async def keep(letter: dict[str, Any]) -> None:
    letters.append(letter)


async def _run(client: Client, task_queue: str) -> tuple[ApplicationError, dict[str, Any]]:
    letters.clear()
    given.clear()
    async with create_worker(client, [reserve, charge, keep], task_queue=task_queue):
        submission = prepare(read_text(TEXT), {"card": CARD, "pin": PIN, "order": 1})
        handle = await start(client, submission, workflow_id=task_queue, task_queue=task_queue)
        with pytest.raises(WorkflowFailureError) as failed:
            await handle.result()
        return cast("ApplicationError", failed.value.cause), await query_status(handle)


async def test_a_secret_input_is_used_and_not_shown(
    client: Client, task_queue: str, caplog: pytest.LogCaptureFixture
) -> None:
    written = StringIO()
    handlers = [logging.StreamHandler(written) for _ in range(2)]
    handlers[0].setFormatter(TextFormatter())
    handlers[1].setFormatter(JsonFormatter())
    with caplog.at_level(logging.INFO), pytest.MonkeyPatch.context() as patch:
        patch.setattr(logging.getLogger(), "handlers", handlers)
        error, status = await _run(client, task_queue)
    assert given == [CARD, ({"card": CARD, "pin": PIN, "order": 1}, PIN), (CARD, PIN)]
    shown = [error.message, json.dumps([error.details, letters, status])]
    logged = written.getvalue()
    assert find_leaks(CARD, *shown, logged) == []
    assert find_leaks(f" {PIN}", *shown) == []
    assert error.message == "declined: [writeOnly input.card]"
    assert letters[0]["input"] == [
        {"card": "[writeOnly input.card]", "pin": "[writeOnly input.pin]", "order": 1},
        "[writeOnly input.pin]",
    ]
    assert status["steps"][1]["error"]["details"]["attempt"] == 1
    assert "NOT undone: reserve: Declined: declined: [writeOnly input.card]" in logged
    assert (
        "attempt 1 of charge failed, and the server makes no other one: Declined: declined: [writeOnly"
        in logged
    )


async def test_without_that_it_is_found(
    client: Client, task_queue: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The red twin of the test above."""
    monkeypatch.setattr(run_module, "build_redactor", lambda *_: Redactor())
    error, status = await _run(client, task_queue)
    for shown in (error.message, json.dumps(error.details), json.dumps(letters), json.dumps(status)):
        assert find_leaks(CARD, shown) != []
