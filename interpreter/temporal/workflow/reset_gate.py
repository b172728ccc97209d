"""A run finds out that it was reset, and sends nothing before it knows what other runs have undone since.

**How a run finds out.** Temporal gives a run that is reset another seed for random numbers, and tells the workflow of
it at that very point of the history, also on each replay. Only a reset to the first workflow task comes without it.
There the ids of the run tell: its own differs from the original one. It also does in a run that was reset to a later
point, where the first task must stay as it was; a patch keeps the two apart.

**What a healthy run pays.** Nothing: no event, and no turn of the event loop.

**Other releases.** A worker of a release before this one lets a reset run go on as if nothing were. What it has done
by then stands in the history, and a patch for each reset keeps this release from asking where that one has not.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from temporalio import workflow
from temporalio.common import RetryPolicy

from interpreter.concurrency.wait_queue import WaitQueue
from interpreter.effects import ResetReport, UndoneApart, UndoneRecord, UndoneStatus
from interpreter.temporal.wire.activity_header import ActivityHeader, attach_header
from interpreter.temporal.wire.undone_records import PREFIX, decode_records
from interpreter.temporal.wire.undone_sums import FIND_UNDONE, UndoneSums

PATCH = "stepfile-reset-"
"""What the ids of patches begin with; the number of the reset follows. Part of replay: never change it, nor the
number."""

TO_FIRST_TASK = 0
"""The number in the patch of a reset to the first workflow task."""

ANSWER_TIMEOUT, HEARTBEAT_TIMEOUT = timedelta(minutes=10), timedelta(seconds=10)
"""Histories may be long; the loss of the worker is noticed by the heartbeats."""
PATIENCE = RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(seconds=30))
"""It is asked until there is an answer: nothing else is known to be safe."""


class ResetGate:
    """It is closed from a reset until its answer has come."""

    def __init__(self, info: workflow.Info) -> None:
        self._info, self._loop = info, asyncio.get_running_loop()
        self._unseen = self._later = 0
        """How many resets to a later point were heard of, and how many were looked at before."""
        self._answered = self._resets = 0
        """How many resets the run has an answer to, and how many there were."""
        self._told: Callable[[ResetReport], None] | None = None
        self._opened = WaitQueue()
        self._asking: asyncio.Task[None] | None = None
        self._bug: Exception | None = None
        workflow.register_random_seed_callback(self._hear)
        if _may_begin_anew(info) and workflow.patched(f"{PATCH}{TO_FIRST_TASK}"):
            self._resets += 1

    @property
    def is_closed(self) -> bool:
        """Whether it is not known what other runs have undone since the run was reset."""
        if self._unseen:
            self._look()
        return self._answered < self._resets

    def open_by(self, told: Callable[[ResetReport], None]) -> None:
        """Name who is told the answer, after each reset."""
        self._told = told
        self._ask()

    async def wait_until_open(self) -> None:
        """Wait for the answer.

        Raises:
            asyncio.CancelledError: whoever waits was cancelled.
            Exception: whoever was told the answer has a bug. The run ends of it, instead of waiting for ever.
        """
        while self.is_closed:
            if self._bug is not None:
                raise self._bug
            await self._opened.wait()

    def _hear(self, _: int) -> None:
        """Hear of a reset, at a moment at which no code of the workflow runs, and so nobody may ask for a patch."""
        self._unseen += 1
        self._loop.call_soon(self._ask)

    def _look(self) -> None:
        while self._unseen:
            self._unseen -= 1
            self._later += 1
            if workflow.patched(f"{PATCH}{self._later}"):
                self._resets += 1

    def _ask(self) -> None:
        if self.is_closed and self._told is not None and self._asking is None:
            self._asking = asyncio.ensure_future(self._open())

    async def _open(self) -> None:
        assert self._told is not None
        try:
            while self.is_closed:  # there may be another reset while it asks
                number = self._resets
                self._told(await self._learn(number))
                self._answered = number
            self._asking = None
        except Exception as error:
            self._bug = error
        self._opened.notify_all()

    async def _learn(self, number: int) -> ResetReport:
        try:
            return self._compare(await self._find_undone(number))
        except Exception as error:  # whatever it is, the run must end, and say why
            return ResetReport({}, unknown=f"{type(error).__name__}: {error}")

    async def _find_undone(self, number: int) -> UndoneSums:
        name = FIND_UNDONE if number == 1 else f"{FIND_UNDONE}#{number}"
        # Only an activity that undoes waits for a worker that has it, instead of failing on one of another release.
        with attach_header(ActivityHeader(f"{self._info.workflow_id}/{name}", undoes=True)):
            handle = workflow.start_activity(
                FIND_UNDONE,
                activity_id=name,
                start_to_close_timeout=ANSWER_TIMEOUT,
                heartbeat_timeout=HEARTBEAT_TIMEOUT,
                retry_policy=PATIENCE,
                summary="what was undone before the run was reset",
                result_type=dict[str, Any],
            )
        return UndoneSums.of(await handle)

    def _compare(self, sums: UndoneSums) -> ResetReport:
        """Leave only what this run does not know."""
        own_records, steps = self._read_own_records(), dict[str, UndoneApart]()
        for path, record in sums.steps.items():
            own = own_records.get(path, _NEVER)
            more = record.times - own.times
            in_doubt = more == 0 and record.status not in (UndoneStatus.UNDONE, own.status)
            if more > 0 or in_doubt:
                steps[path] = UndoneApart(record, more)
        return ResetReport(steps, sums.runs, sums.unknown, sums.children)

    def _read_own_records(self) -> Mapping[str, UndoneRecord]:
        converter = workflow.payload_converter()
        memo = {key: value for key, value in self._info.raw_memo.items() if key.startswith(PREFIX)}
        return decode_records({key: converter.from_payload(value) for key, value in memo.items()})


def _may_begin_anew(info: workflow.Info) -> bool:
    """Whether this may be a run that was reset to its first workflow task.

    On a replay the patch in the history says so: whoever replays a file gives the run its original id.
    """
    return workflow.unsafe.is_replaying() or info.original_execution_run_id != info.run_id


_NEVER = UndoneRecord(UndoneStatus.UNDONE, 0)
"""What is known of a step of which the memo tells nothing."""
