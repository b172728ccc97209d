"""The work of `stepfile run` is one run, with a worker and, where none is configured, a server of its own."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass
from datetime import timedelta
from sys import stderr
from typing import Any

from interpreter.cli.arguments.connection_options import ConnectionOptions
from interpreter.cli.arguments.document import read_document
from interpreter.cli.arguments.project import (
    ACTIVITIES_HINT,
    NO_ACTIVITIES,
    build_project_catalogue,
    find_activities,
    find_worker_settings,
)
from interpreter.cli.display.abandoned_run import describe_abandoned_run
from interpreter.cli.display.follow import follow
from interpreter.cli.display.output import print_notice
from interpreter.cli.display.run_overview import RunOverview
from interpreter.cli.display.send_hints import SendHints
from interpreter.cli.display.step_views import StepView
from interpreter.cli.process.async_command import run_async_command
from interpreter.cli.process.exit import ExitCode
from interpreter.cli.process.interrupts import Interrupts
from interpreter.cli.process.reachable_temporal import connect_or_start_dev_server
from interpreter.cli.process.running_worker import run_worker
from interpreter.cli.process.waiting import wait_or_fail
from interpreter.temporal.client.run_handle import RunHandle, RunSnapshot
from interpreter.temporal.client.run_problem import RunProblem
from interpreter.temporal.client.submission import Submission, prepare
from interpreter.temporal.dev_server.launch import ServerProcess
from interpreter.temporal.observing.logs import show_activity_logs
from interpreter.temporal.plugin import create_worker
from interpreter.temporal.worker.activities import Activity

BUILD_ID = "stepfile-run"
"""The worker of one run needs no hash of its code. temporalio takes 0.07 s to make one."""


@dataclass(frozen=True, slots=True)
class RunJob:
    """A `RunJob` does what `stepfile run` was asked to do."""

    file: str
    input: Any
    workflow_id: str | None
    modules: Sequence[str]
    """The modules with activities; without any, the project names them."""
    task_queue: str | None
    verbose: bool
    """Whether to show what activities log."""
    json: bool
    """Whether to write one JSON object instead of text."""
    connection: ConnectionOptions
    launched: ServerProcess | None
    """What `launch_early` has started."""

    def run(self) -> ExitCode:
        """Check everything, then start the run and wait for its end.

        Raises:
            InvalidDefinition: the definition has errors; nothing was started.
            InvalidInput: the input does not fit the definition; nothing was started.
            TemporalProblem: the activities can't be imported, or Temporal can't be used.
        """
        activities = find_activities(self.modules, self.file)
        if activities is None:
            print_notice(f"stepfile: {NO_ACTIVITIES}; {ACTIVITIES_HINT}")
        if self.verbose:
            show_activity_logs(print_notice)
        submission = prepare(
            read_document(self.file), self.input, build_project_catalogue(activities or [], self.file)
        )
        return run_async_command(lambda interrupts: self._run(submission, activities or [], interrupts))

    async def _run(
        self, submission: Submission, activities: Sequence[Activity], interrupts: Interrupts
    ) -> ExitCode:
        with redirect_stdout(stderr):  # what activities print is not the result
            overview = await self._run_and_follow(submission, activities, interrupts)
        overview.write(json=self.json)
        return ExitCode.INTERRUPTED if interrupts.received else overview.exit_code

    async def _run_and_follow(
        self, submission: Submission, activities: Sequence[Activity], interrupts: Interrupts
    ) -> RunOverview:
        settings = find_worker_settings(self.file)
        queue = self.task_queue or f"stepfile-run-{uuid.uuid4().hex[:12]}"
        reach = connect_or_start_dev_server(self.connection, self.file, interrupts, self.launched)
        async with reach as temporal:
            worker = create_worker(
                temporal.client,
                activities,
                task_queue=queue,
                graceful_shutdown=timedelta(0),
                http=settings.http,
                secrets=settings.secrets,
                letters_database=settings.letters_database,
                build_id=BUILD_ID,
            )
            async with run_worker(worker, grace=0) as wait_for_worker_end:
                run = await RunHandle.start(
                    temporal.client, submission, workflow_id=self.workflow_id, task_queue=queue
                )
                interrupts.start_at_first_signal(lambda: _cancel(run))
                seen = _SeenRun(
                    SendHints(run.id, submission.definition, temporal.own_address),
                    None if temporal.own_address else queue,
                )
                interrupts.call_at_second_signal(seen.abandon)
                following = follow(run, self.file, watch=seen.note)
                return await wait_or_fail(following, wait_for_worker_end, *temporal.end_watchers)


@dataclass(slots=True, eq=False)
class _SeenRun:
    """The run as the user has seen it last."""

    hints: SendHints
    lasting_queue: str | None
    """Its task queue, if its server goes on when this command ends."""
    snapshot: RunSnapshot | None = None

    def note(self, snapshot: RunSnapshot, steps: list[StepView]) -> None:
        """Remember a snapshot, and show how to send what the run waits for."""
        self.snapshot = snapshot
        self.hints.show(steps)

    def abandon(self) -> None:
        """Say what is not undone if the command ends now."""
        for line in describe_abandoned_run(self.snapshot, self.lasting_queue):
            print_notice(line)


async def _cancel(run: RunHandle) -> None:
    print_notice(
        "cancelling: what the run has done is being undone; press Ctrl-C again to end this command at once"
    )
    try:
        await run.cancel()
    except RunProblem as problem:
        print_notice(str(problem))
