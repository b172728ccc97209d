"""The port to the outside world, by Temporal. Translations only; no meaning of the language is here."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from temporalio import workflow
from temporalio.api.common.v1 import Payload
from temporalio.common import RawValue
from temporalio.exceptions import ApplicationError

from dsl.expressions import JsonValue
from interpreter.effects import (
    ActivityCall,
    ActivityResult,
    ChildCall,
    LetterAddress,
    LetterCall,
    LetterNews,
    NeverStarted,
    ResetReport,
    SignalCall,
    UndoneRecord,
)
from interpreter.events import Event
from interpreter.failure.error_types import INVALID_RESULT, TOO_LARGE
from interpreter.failure.failure import Failure, Outcome, StepFailed
from interpreter.predecessor import Predecessor
from interpreter.snapshot import state_parts
from interpreter.temporal.wire.attempt_marks import read_attempt
from interpreter.temporal.wire.letters import build_letter_id
from interpreter.temporal.wire.payloads import (
    MAXIMUM_BYTES,
    MAXIMUM_RECORD_BYTES,
    describe_foreign_number,
    is_json,
    measure_payloads,
)
from interpreter.temporal.wire.repair_record import REPAIR_KEY, RepairRecord
from interpreter.temporal.wire.request import (
    StartRequest,
    continue_arguments,
    replace_predecessor,
    select_definition,
)
from interpreter.temporal.wire.retry_policy import to_temporal_policy
from interpreter.temporal.wire.secret_arguments import encode_secrets
from interpreter.temporal.wire.storage_limits import describe_room, find_excess_weight, weigh_payloads
from interpreter.temporal.wire.user_metadata import cut_summary
from interpreter.temporal.workflow.activity_calls import run_activity
from interpreter.temporal.workflow.children import build_child_arguments, run_child
from interpreter.temporal.workflow.letter_delivery import deliver_letter, relay_letter, tell_letter
from interpreter.temporal.workflow.limits import (
    MAXIMUM_LETTERS,
    MAXIMUM_PENDING,
    ConcurrencyLimit,
    TaskBudget,
)
from interpreter.temporal.workflow.observation import Observation
from interpreter.temporal.workflow.reset_gate import ResetGate
from interpreter.temporal.workflow.run_index import RunIndex
from interpreter.temporal.workflow.undone_memo import UndoneMemo

SUGGESTED_EVENTS = 4096
"""Where a server suggests to continue as new, if nobody has told it otherwise."""
MORE_EVENTS = 4096
"""How many more there may be before that is urgent. Part of replay, as is the next: never change them."""
URGENT_BYTES = 16 * 1024 * 1024
FULL_EVENTS, FULL_BYTES = 45_000, 45_000_000
"""A server ends a run of 50 MB, or of 51,200 events."""

SHORTEST_TIMER = timedelta(milliseconds=1)


class TemporalEffects:
    """`interpreter.effects.Effects`, inside a workflow.

    It keeps what temporalio's functions look up anew in each call. On Python 3.11 each look-up is a system call, and
    a step of a run would take eight of them.
    """

    def __init__(
        self,
        arguments: list[Any],
        request: StartRequest,
        data: JsonValue,
        memo: Mapping[str, Any],
        observation: Observation,
    ) -> None:
        """
        Args:
            arguments: What the run was started with.
            request: The same, decoded.
            data: Its input, with the defaults filled in.
            memo: What every run of the definition carries.
            observation: Who hears of what happens in the run.
        """
        self._info = info = workflow.info()
        self._converter = workflow.payload_converter()
        self._loop = asyncio.get_running_loop()
        self._arguments, self._data, self._request = arguments, data, request
        self._continue_as_new_after, self._storage = request.continue_as_new_after, request.storage
        self._undone, self._memo = UndoneMemo(info), memo
        self._index = RunIndex(request.search_attributes)
        self._gate = ResetGate(info)
        self._observation = observation
        self.workflow_id = info.workflow_id
        self.run_id = info.run_id
        self._load = TaskBudget(info)
        self._activities, self._children, self._signals = (ConcurrencyLimit(self._load) for _ in range(3))
        self._only_started = self._letters = 0

    @property
    def has_parent(self) -> bool:
        return self._info.parent is not None

    @property
    def is_reset(self) -> bool:
        return self._gate.is_closed

    def on_reset(self, told: Callable[[ResetReport], None]) -> None:
        def hear(report: ResetReport) -> None:
            if report.children:  # also for a run that goes on from this one
                known = Predecessor.from_json(self._arguments[1]).meet_children(report.children)
                self._arguments[1] = replace_predecessor(self._arguments[1], known)
            told(report)

        self._gate.open_by(hear)

    async def settle_reset(self) -> None:
        await self._gate.wait_until_open()

    def now(self) -> datetime:
        return datetime.fromtimestamp(self._loop.time(), UTC)

    def random(self) -> float:
        return workflow.random().random()

    def cancel_requested(self) -> bool:
        return workflow.cancellation_reason() is not None

    def can_continue_as_new(self) -> bool:
        """A cron workflow that continues as new is none any more: the server forgets its schedule."""
        return not self._info.cron_schedule

    def continue_as_new_suggested(self) -> bool:
        info = self._info
        if self._continue_as_new_after is None:
            return info.is_continue_as_new_suggested()
        return info.get_current_history_length() >= self._continue_as_new_after

    def continue_as_new_urgent(self) -> bool:
        info = self._info
        suggested = SUGGESTED_EVENTS if self._continue_as_new_after is None else self._continue_as_new_after
        too_long = info.get_current_history_length() >= suggested + MORE_EVENTS
        return too_long or info.get_current_history_size() >= URGENT_BYTES

    def history_is_full(self) -> str | None:
        info = self._info
        events, size = info.get_current_history_length(), info.get_current_history_size()
        if events < FULL_EVENTS and size < FULL_BYTES:
            return None
        remedy = (
            "The steps that handle an error can't continue as new: move the long part into a step after them"
            if self.can_continue_as_new()
            else "A workflow with a cron expression can't continue as new: use a schedule instead"
        )
        return (
            f"the history has {events:,} events and {size:,} bytes; at 51,200 events or 50 MB the server ends the "
            f"run. {remedy}"
        )

    async def signal(self, call: SignalCall) -> None:
        if self._gate.is_closed:
            await self._pass_gate()
        args = self._encode(call.args, "the arguments of the signal")
        handle = workflow.get_external_workflow_handle(call.workflow_id)
        try:
            await self._signals.run(self._weigh(args), lambda: handle.signal(call.name, args=args))
        except ApplicationError as error:
            message = f'the signal "{call.name}" was not sent to "{call.workflow_id}": {error.message}'
            raise StepFailed(Failure("SignalFailed", message, outcome=Outcome.NOT_STARTED)) from error

    def check_state(self, state: Mapping[str, Any]) -> None:
        sent = self._convert(*continue_arguments(self._arguments, self._data, state))
        if weigh_payloads(sent, self._storage) <= MAXIMUM_BYTES:
            return
        sizes = {
            name: measure_payloads(self._convert(part))
            for name, part in (*state_parts(state), ("the input", self._data))
        }
        largest = max(sizes, key=sizes.__getitem__)
        message = (
            f"the run can't continue as new: its state, definition and input have {measure_payloads(sent):,} bytes, "
            f"and {describe_room(self._storage)}; {largest} alone has {sizes[largest]:,}; keep references to the "
            "data instead, or collect less"
        )
        raise StepFailed(Failure(TOO_LARGE, message, non_retryable=True, outcome=Outcome.NOT_STARTED))

    async def call_activity(self, call: ActivityCall) -> ActivityResult:
        if self._gate.is_closed:
            await self._pass_gate()
        given = encode_secrets(call.args, call.secrets) if call.secrets else call.args
        args = self._encode(given, "the arguments") if given else []
        if call.local:
            await self._load.take(self._weigh(args))
            return self._decode_result(await run_activity(call, args, self._info, self._storage))
        work = self._activities.run(
            self._weigh(args), lambda: run_activity(call, args, self._info, self._storage)
        )
        return self._decode_result(await work)

    async def call_child(self, call: ChildCall) -> JsonValue:
        if self._gate.is_closed:
            await self._pass_gate()
        args = self._encode(build_child_arguments(call, self._request), "the input of the child workflow")
        policy = None if call.retry is None else to_temporal_policy(call.retry)
        if call.only_started:
            self._reserve_place()
        work = self._children.run(self._weigh(args), lambda: run_child(call, args, policy))
        return self._decode_result(await work, "the child workflow").value

    async def _pass_gate(self) -> None:
        """Wait while it is not known what was undone since the run was reset.

        Raises:
            NeverStarted: it was cancelled meanwhile.
        """
        try:
            await self._gate.wait_until_open()
        except asyncio.CancelledError:
            raise NeverStarted from None

    def _reserve_place(self) -> None:
        """
        Raises:
            StepFailed: `TooLarge`: the server counts them until they have ended, or this run has.
        """
        if self._only_started == MAXIMUM_PENDING:
            message = (
                f"this run has started {MAXIMUM_PENDING:,} children that it does not wait for, and a server takes no "
                "more than 2,000 at a time; wait for them, or let several child workflows each start a part of them"
            )
            raise StepFailed(Failure(TOO_LARGE, message, non_retryable=True, outcome=Outcome.NOT_STARTED))
        self._only_started += 1

    async def write_letter(self, call: LetterCall) -> None:
        if self._gate.is_closed:
            await self._pass_gate()
        size = weigh_payloads(self._convert(call.record), self._storage)
        what = (build_letter_id(*call.letter), call.record, call.summary)
        deliver = partial(deliver_letter, *what, partial(self._load.take, size))
        if self._letters >= MAXIMUM_LETTERS:
            deliver = partial(relay_letter, *what)
        self._letters += 1
        await self._children.run(size, deliver)

    async def tell_letters(
        self, letters: Sequence[LetterAddress], news: LetterNews, message: Mapping[str, Any]
    ) -> None:
        if self._gate.is_closed:
            await self._pass_gate()
        size = weigh_payloads(self._convert(message), self._storage)

        def tell(letter: LetterAddress) -> Awaitable[None]:
            return self._signals.run(size, lambda: tell_letter(build_letter_id(*letter), news, message))

        await asyncio.gather(*map(tell, letters))

    def fits(self, value: JsonValue) -> bool:
        return weigh_payloads(self._convert(value), self._storage) <= MAXIMUM_RECORD_BYTES

    def may_do(self, change: str) -> bool:
        return workflow.patched(change)

    @property
    def repaired_by(self) -> str | None:
        record: Mapping[str, Any] | None = workflow.memo_value(REPAIR_KEY, None)
        return None if record is None else RepairRecord.from_json(record).describe()

    def describe_start(self) -> Mapping[str, Any]:
        return {
            "workflow_type": self._info.workflow_type,
            "task_queue": self._info.task_queue,
            "memo": self._memo,
            "request": select_definition(self._arguments[1]),
        }

    async def sleep(self, duration: timedelta, summary: str | None = None) -> None:
        if self._gate.is_closed:
            await self._pass_gate()
        shown = None if summary is None else cut_summary(summary)
        await workflow.sleep(max(duration, SHORTEST_TIMER), summary=shown)

    def record_undone(self, records: Mapping[str, UndoneRecord]) -> None:
        self._undone.record(records)
        self._index.note_undone(records)

    def record_letter(self, queue: str) -> None:
        self._index.note_letter(queue)

    def check_result(self, result: JsonValue) -> None:
        self._encode([result], "the result")

    def show(self, details: str) -> None:
        workflow.set_current_details(details)

    @property
    def is_observed(self) -> bool:
        return self._observation.is_active

    def observe(self, event: Event) -> None:
        self._observation.tell(event)

    def _encode(self, values: Sequence[JsonValue], what: str) -> list[RawValue]:
        """
        Raises:
            StepFailed: they are too large.
        """
        payloads = self._convert(*values)
        if complaint := find_excess_weight(payloads, what, self._storage):
            failure = Failure(TOO_LARGE, complaint, non_retryable=True, outcome=Outcome.NOT_STARTED)
            raise StepFailed(failure)
        return [RawValue(payload) for payload in payloads]

    def _weigh(self, args: Sequence[RawValue]) -> int:
        return weigh_payloads((each.payload for each in args), self._storage)

    def _convert(self, *values: Any) -> list[Payload]:
        return list(self._converter.to_payloads(values))

    def _decode_result(self, raw: RawValue | None, what: str = "the activity") -> ActivityResult:
        """
        Raises:
            StepFailed: a worker that is none of ours has sent what is not JSON. It may well have done its work.
        """
        if raw is None:
            return ActivityResult(None, None)
        if not is_json(raw.payload):
            encoding = raw.payload.metadata.get("encoding", b"").decode(errors="replace")
            raise _build_invalid_result(what, f"{encoding} is not JSON")
        value: JsonValue = self._converter.from_payload(raw.payload)
        if foreign := describe_foreign_number(value):
            raise _build_invalid_result(what, foreign)
        return ActivityResult(value, read_attempt(raw.payload))


def _build_invalid_result(what: str, why: str) -> StepFailed:
    message = f"the result of {what} can't be used: {why}"
    return StepFailed(Failure(INVALID_RESULT, message, non_retryable=True, outcome=Outcome.UNKNOWN))
