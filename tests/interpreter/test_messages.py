"""Messages of a run that continues as new by itself, and what must leave no trace."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from dsl.expressions import JsonValue
from interpreter.effects import SignalCall
from interpreter.messages.declared import MessageRefused
from interpreter.messages.handlers import answer_query, apply_update, check_update, receive_signal
from interpreter.program.compiled import compile_program
from interpreter.state.run import Run
from tests.support.fake_effects import FakeEffects
from tests.support.virtual_time import run_in_virtual_time
from tests.support.whole_run import WholeRun

ENTITY = """\
dsl: "1"
name: entity
signals: {close: {}}
vars: {sum: "${ input }"}
input: {type: integer}
updates:
  add: {when: "payload + vars.sum < 100", set: {sum: "${ vars.sum + payload }"}, result: vars.sum}
queries: {sum: vars.sum, broken: 'vars.sum > 0 ? [][0] : 1'}
steps:
  - {wait_for: {signal: close}}
output: ${ vars.sum }
"""

TWO_WAITS = """\
dsl: "1"
name: two-waits
signals: {left: {}, right: {}}
steps:
  - id: both
    parallel:
      left:
        - {id: first, wait_for: {signal: left}, timeouts: {deadline: 1h}}
        - {id: second, wait_for: {signal: left}, timeouts: {deadline: 1h}}
      right:
        - {id: third, wait_for: {signal: right}}
        - {id: fourth, wait_for: {signal: right}}
    result: "[steps.first.result, steps.second.result, steps.third.result, steps.fourth.result]"
output: ${ steps.both.result }
"""


def whole_run(text: str, data: JsonValue = None, *, force_continue_as_new: bool = True) -> WholeRun:
    return WholeRun(
        Run(compile_program(text), FakeEffects({}, force_continue_as_new=force_continue_as_new), data)
    )


def result_of(whole: WholeRun, meanwhile: Callable[[WholeRun], Awaitable[None]]) -> JsonValue:
    async def both() -> JsonValue:
        work = asyncio.ensure_future(whole.execute())
        await meanwhile(whole)
        return await work

    return run_in_virtual_time(both())


@pytest.mark.parametrize("force_continue_as_new", [True, False])
def test_a_run_that_only_gets_messages_continues_as_new(force_continue_as_new: bool) -> None:
    async def messages(whole: WholeRun) -> None:
        for payload in (1, 2, 3):
            await asyncio.sleep(1)
            await apply_update(whole.run, "add", [payload])
        await asyncio.sleep(1)
        receive_signal(whole.run, "close", [])

    whole = whole_run(ENTITY, 10, force_continue_as_new=force_continue_as_new)
    assert result_of(whole, messages) == 16
    assert whole.runs == (4 if force_continue_as_new else 1)


@pytest.mark.parametrize("later", range(12))
def test_a_message_that_comes_while_the_run_goes_over_is_not_lost(later: int) -> None:
    """Whatever the moment: one branch rests for the next run, and the other may just have been woken."""

    async def messages(whole: WholeRun) -> None:
        for payload in (1, 2):
            await asyncio.sleep(1)
            receive_signal(whole.run, "right", [payload])
            for _ in range(later):
                await asyncio.sleep(0)
            receive_signal(whole.run, "left", [payload])

    whole = whole_run(TWO_WAITS)
    assert result_of(whole, messages) == [1, 2, 1, 2]
    assert whole.runs > 1


def test_what_no_replay_sees_leaves_no_trace() -> None:
    """Queries, and whether to accept an update, are evaluated once, by the worker that is there: a replay that misses
    them must take the same way."""

    async def look(whole: WholeRun) -> None:
        run = whole.run
        check_update(run, "add", [1])
        assert answer_query(run, "sum", []) == 10
        assert (run.vars, run.fuel, run.made_progress) == ({}, 0, False)
        assert await apply_update(run, "add", [1]) == 11, "also when nobody has checked it, as in a replay"
        await asyncio.sleep(1)
        before = (run.vars, run.fuel)
        check_update(run, "add", [1])
        assert answer_query(run, "sum", []) == 11
        assert (run.vars, run.fuel) == before
        receive_signal(run, "close", [])

    assert result_of(whole_run(ENTITY, 10, force_continue_as_new=False), look) == 11


def test_what_can_not_be_asked_or_sent() -> None:
    async def ask(whole: WholeRun) -> None:
        refused: dict[str, Callable[[], object]] = {
            "unknown query": lambda: answer_query(whole.run, "total", []),
            "arguments": lambda: answer_query(whole.run, "sum", [1]),
            "no value": lambda: answer_query(whole.run, "broken", []),
            "two payloads": lambda: receive_signal(whole.run, "close", [1, 2]),
            "no condition": lambda: check_update(whole.run, "add", ["x"]),
        }
        for what, send in refused.items():
            with pytest.raises(MessageRefused) as caught:
                send()
            kinds.append((what, caught.value.kind))
        receive_signal(whole.run, "close", [])

    kinds: list[tuple[str, str]] = []
    result_of(whole_run(ENTITY, 10, force_continue_as_new=False), ask)
    assert kinds == [
        ("unknown query", "UnknownMessage"),
        ("arguments", "InvalidPayload"),
        ("no value", "ExpressionError"),
        ("two payloads", "InvalidPayload"),
        ("no condition", "ExpressionError"),
    ]


SENDER = """\
dsl: "1"
name: sender
steps:
  - {id: send, signal: {workflow_id: other, name: hello, args: [1, 2]}}
"""


def test_a_signal_to_another_run() -> None:
    effects = FakeEffects({}, mailbox=lambda call: call.workflow_id == "other")
    run_in_virtual_time(WholeRun(Run(compile_program(SENDER), effects)).execute())
    assert effects.sent == [SignalCall("other", "hello", (1, 2))]
