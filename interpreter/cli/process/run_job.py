"""The work of `stepfile run`."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass
from datetime import timedelta
from sys import stderr
from typing import Any

from interpreter.cli.arguments.connection import Connection
from interpreter.cli.arguments.document import read
from interpreter.cli.arguments.project import ACTIVITIES_HINT, find_activities, find_http_settings
from interpreter.cli.display.follow import follow, wait_or_fail
from interpreter.cli.display.output import say
from interpreter.cli.display.report import Report
from interpreter.cli.display.send_hints import SendHints
from interpreter.cli.process.exit import Exit
from interpreter.cli.process.interrupts import Interrupts
from interpreter.cli.process.local_server import open_temporal
from interpreter.cli.process.session import run_session
from interpreter.cli.process.worker_task import run_worker
from interpreter.temporal.client.run_handle import RunHandle
from interpreter.temporal.client.run_problem import RunProblem
from interpreter.temporal.client.submission import Submission, prepare
from interpreter.temporal.worker.activities import Activity, build_catalogue
from interpreter.temporal.worker.worker import create_worker


@dataclass(frozen=True, slots=True)
class Job:
    """One run with server, worker and display of its own."""

    file: str
    data: Any
    workflow_id: str | None
    modules: Sequence[str]
    task_queue: str | None
    json: bool
    connection: Connection

    def run(self) -> Exit:
        """Check everything, then run it.

        Raises:
            InvalidDefinition, InvalidInput: nothing was started.
            TemporalProblem: the activities can't be imported, or Temporal can't be used.
        """
        activities = find_activities(self.modules, self.file)
        if activities is None:
            say(f"stepfile: no activities are known here; {ACTIVITIES_HINT}")
        submission = prepare(read(self.file), self.data, build_catalogue(activities or []))
        return run_session(lambda interrupts: self._run(submission, activities or [], interrupts))

    async def _run(
        self, submission: Submission, activities: Sequence[Activity], interrupts: Interrupts
    ) -> Exit:
        with redirect_stdout(stderr):  # what activities print is not the result
            report = await self._run_and_follow(submission, activities, interrupts)
        report.write(json=self.json)
        return Exit.INTERRUPTED if interrupts.received else report.exit

    async def _run_and_follow(
        self, submission: Submission, activities: Sequence[Activity], interrupts: Interrupts
    ) -> Report:
        queue = self.task_queue or f"stepfile-run-{uuid.uuid4().hex[:12]}"
        async with open_temporal(self.connection, interrupts) as server:
            worker = create_worker(
                server.client,
                activities,
                task_queue=queue,
                graceful_shutdown=timedelta(0),
                http=find_http_settings(self.file),
            )
            async with run_worker(worker, grace=0) as worker_ended:
                run = await RunHandle.start(
                    server.client, submission, workflow_id=self.workflow_id, task_queue=queue
                )
                interrupts.start_at_first_signal(lambda: _cancel(run))
                hints = SendHints(run.id, submission.definition, server.address)
                following = follow(run, self.file, watch_steps=hints.show)
                return await wait_or_fail(following, worker_ended, *server.end_watchers)


async def _cancel(run: RunHandle) -> None:
    say("cancelling: what was done is being undone; Ctrl-C again leaves at once")
    try:
        await run.cancel()
    except RunProblem as problem:
        say(str(problem))
