"""The work of `stepfile submit` is to start a run, and to wait for an answer or the end if asked to."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from dsl.problems.snippet import make_printable
from interpreter.cli.arguments.connection_options import ConnectionOptions
from interpreter.cli.arguments.start_options import StartArguments
from interpreter.cli.display.follow import follow_until_interrupted
from interpreter.cli.display.output import format_json, print_notice, print_result
from interpreter.cli.process.async_command import run_with_client
from interpreter.cli.process.exit import ExitCode
from interpreter.state.inbox import Message
from interpreter.temporal.client.connection import Client
from interpreter.temporal.client.messages import start_and_update, wait_for_answer
from interpreter.temporal.client.run_handle import RunHandle
from interpreter.temporal.client.start import make_workflow_id
from interpreter.temporal.client.submission import Submission


@dataclass(frozen=True, slots=True)
class SubmitJob:
    """A `SubmitJob` does what `stepfile submit` was asked to do."""

    submission: Submission
    file: str
    workflow_id: str | None
    wait: bool
    """Whether to follow the run until it has ended."""
    start: StartArguments
    task_queue: str
    json: bool
    """Whether to write one JSON object instead of text."""
    connection: ConnectionOptions

    def run(self) -> ExitCode:
        """Start the run, and wait for what was asked for.

        Raises:
            MessageRefused: the definition does not accept the message of the start; nothing was started.
            TemporalProblem: Temporal can't be reached, or refuses the start.
        """
        return run_with_client(self.connection, self._submit, self.file)

    async def _submit(self, client: Client) -> ExitCode:
        if self.start.update is not None:
            return await self._start_and_update(client, self.start.update)
        run = await RunHandle.start(
            client,
            self.submission,
            workflow_id=self.workflow_id,
            task_queue=self.task_queue,
            options=self.start.options,
            signal=self.start.signal,
        )
        if self.wait:
            print_notice(f"submitted {make_printable(run.id)}")
            overview = await follow_until_interrupted(run, self.file)
            overview.write(json=self.json)
            return overview.exit_code
        print_result(
            format_json({"workflow_id": run.id, "run_id": run.run_id})
            if self.json
            else make_printable(run.id)
        )
        _print_status_command(run)
        return ExitCode.SUCCESS

    async def _start_and_update(self, client: Client, update: Message) -> ExitCode:
        workflow_id = self.workflow_id or make_workflow_id(self.submission)
        try:
            run, sent = await start_and_update(
                client,
                self.submission,
                update,
                workflow_id=workflow_id,
                task_queue=self.task_queue,
                options=self.start.options,
                waiting=print_notice,
            )
        except asyncio.CancelledError:
            print_notice(
                f"the run may have been started; `stepfile status {make_printable(workflow_id)}` shows whether it was"
            )
            raise
        print_notice(f"submitted {make_printable(run.id)}")
        _print_status_command(run)
        answer = await wait_for_answer(sent)
        record = {"workflow_id": run.id, "run_id": run.run_id, "answer": answer}
        print_result(format_json(record if self.json else answer))
        return ExitCode.SUCCESS


def _print_status_command(run: RunHandle) -> None:
    print_notice(f"`stepfile status {make_printable(run.id)} --follow` shows its progress")
