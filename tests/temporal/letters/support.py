"""Letters with records that are written by hand, and a service behind the redrives of them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from temporalio import activity
from temporalio.client import Client, WorkflowHandle
from temporalio.exceptions import ApplicationError
from temporalio.worker import Worker

from dsl.reading.reader import read_text
from dsl.scalars.time import format_time
from interpreter.letters.orders import Command, Order, Outcome, RedriveMode, RedriveStart
from interpreter.letters.status import LetterStatus
from interpreter.letters.summary import LetterSummary
from interpreter.temporal.client.letters.found import find_letters
from interpreter.temporal.client.letters.give import build_order
from interpreter.temporal.client.letters.in_temporal import TemporalLetters
from interpreter.temporal.client.letters.store import LetterFilter
from interpreter.temporal.client.start import build_start_arguments
from interpreter.temporal.wire.letters import (
    FAILED_AGAIN_SIGNAL,
    LETTER_TYPE,
    RUN_ENDED_SIGNAL,
    build_letter_arguments,
    build_letter_id,
    build_letter_memo,
)
from stepfile import create_worker, prepare
from tests.interpreter.letters.records import build_record
from tests.support.waiting import until

TEXT = """
dsl: "1"
name: order
steps:
  - {id: charge, activity: charge, timeouts: {start_to_close: 60s, heartbeat: 3s}, retry: {maximum_attempts: 1}}
"""


@dataclass
class Desk:
    """A queue of letters of its own, and the service that its redrives call."""

    client: Client
    queue: str
    """The task queue, and the dead letter queue."""
    service: str = "up"
    """`up`, `down` or `hang`."""
    calls: list[str] = field(default_factory=list[str])
    """The keys with which the service was called."""

    def worker(self, **options: Any) -> Worker:
        """A worker that serves letters, and the redrives of them."""

        @activity.defn
        async def charge() -> str:
            self.calls.append(activity.info().workflow_id or "")
            while self.service == "hang":
                activity.heartbeat()
                await asyncio.sleep(0.05)
            if self.service == "down":
                raise ApplicationError("no money", type="Declined", non_retryable=True)
            return "charged"

        return create_worker(self.client, [charge], task_queue=self.queue, **options)

    @property
    def store(self) -> TemporalLetters:
        """The letters of this Temporal."""
        return TemporalLetters(self.client)

    async def write(self, key: str | None = None, **more: Any) -> str:
        """Write the letter of a failure as a run does; its id."""
        record = self.record(key or f"order-{uuid4().hex[:8]}", **more)
        letter_id = build_letter_id(self.queue, record["key"])
        await self.client.start_workflow(
            LETTER_TYPE,
            args=build_letter_arguments(record),
            id=letter_id,
            task_queue=self.queue,
            memo=build_letter_memo(letter_id, record),
        )
        return letter_id

    def record(self, workflow_id: str, **more: Any) -> dict[str, Any]:
        """The record of a failure of now."""
        return build_record(
            workflow_id=workflow_id,
            **{
                "key": f"{workflow_id}/charge",
                "queue": self.queue,
                "run_id": f"run-{uuid4().hex[:8]}",
                "failed_at": format_time(datetime.now(UTC)),
                **more,
            },
        )

    def handle(self, letter_id: str) -> WorkflowHandle[Any, Any]:
        """The workflow of a letter."""
        return self.client.get_workflow_handle(letter_id)

    async def fail_again(self, letter_id: str, record: dict[str, Any]) -> None:
        """Tell a letter that is kept of another failure."""
        await self.handle(letter_id).signal(FAILED_AGAIN_SIGNAL, record)

    async def end_run(self, letter_id: str, message: dict[str, Any]) -> None:
        """Tell a letter that its run has ended."""
        await self.handle(letter_id).signal(RUN_ENDED_SIGNAL, message)

    def start(
        self,
        mode: RedriveMode = RedriveMode.STEP,
        workflow_id: str | None = None,
        task_queue: str | None = None,
    ) -> RedriveStart:
        """What starts a redrive: a run with the only step."""
        submission = prepare(read_text(TEXT))
        start = build_start_arguments(self.client, submission, "unused", self.queue)
        arguments: Sequence[Any] = start["args"]
        return RedriveStart(
            mode, start["workflow"], task_queue or self.queue, tuple(arguments), start["memo"], workflow_id
        )

    async def redrive(
        self, letter_id: str, start: RedriveStart | None = None, revision: int | None = None, **more: Any
    ) -> Order:
        """Order a redrive of a letter, as it is now or as it was at a revision."""
        letter = await self.store.read_letter(letter_id)
        order = Order(
            uuid4().hex,
            Command.REDRIVE,
            "ann",
            "because",
            start or self.start(),
            revision or letter.summary.revision,
            **more,
        )
        await self.store.give_order(letter_id, order)
        return order

    async def give(self, letter_id: str, command: Command) -> Order:
        """Give another order."""
        order = build_order(command, "ann", "because")
        await self.store.give_order(letter_id, order)
        return order

    async def outcome(self, letter_id: str, order: Order) -> Outcome:
        """What has become of an order at last."""
        found: list[Outcome] = []

        store = self.store  # in another run of the letter it may be unknown

        async def is_final() -> bool:
            outcome = await store.find_outcome(letter_id, order.id)
            found.extend([outcome] if outcome is not None and outcome.is_final else [])
            return bool(found)

        await until(is_final, "the order is carried out")
        return found[0]

    async def wait_for(self, letter_id: str, status: LetterStatus, **fields: Any) -> LetterSummary:
        """Wait until a letter has a state, and other fields of its summary have values."""
        last: list[LetterSummary] = []

        async def is_so() -> bool:
            summary = (await self.store.read_letter(letter_id)).summary
            last.append(summary)
            return summary.status is status and all(
                getattr(summary, name) == value for name, value in fields.items()
            )

        await until(is_so, f"the letter is {status.value}")
        return last[-1]

    async def letters(self, **wanted: Any) -> list[LetterSummary]:
        """The letters of this queue."""
        return (await find_letters(self.store, LetterFilter(queue=self.queue, **wanted))).require_all()
