"""The work of `stepfile submit`."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from interpreter.cli.arguments.connection import Connection
from interpreter.cli.arguments.start_options import Start
from interpreter.cli.display.follow import watch
from interpreter.cli.display.output import answer, format_json, say
from interpreter.cli.process.exit import Exit
from interpreter.state.inbox import Message
from interpreter.temporal.client.connection import Client
from interpreter.temporal.client.messages import start_and_update, wait_for_answer
from interpreter.temporal.client.run_handle import RunHandle
from interpreter.temporal.client.start import make_workflow_id
from interpreter.temporal.client.submission import Submission


@dataclass(frozen=True, slots=True)
class Job:
    """One run for the workers of a task queue."""

    submission: Submission
    file: str
    workflow_id: str | None
    wait: bool
    start: Start
    task_queue: str
    json: bool
    connection: Connection

    async def submit(self) -> Exit:
        """Start the run, and wait for what was asked for.

        Raises:
            MessageRefused: nothing was started: the definition does not take what was to come along.
            TemporalProblem: Temporal can't be reached, or refuses.
        """
        client = await self.connection.connect()
        if self.start.update is not None:
            return await self._update(client, self.start.update)
        run = await RunHandle.start(
            client,
            self.submission,
            workflow_id=self.workflow_id,
            task_queue=self.task_queue,
            options=self.start.options,
            signal=self.start.signal,
        )
        if self.wait:
            say(f"submitted {run.id}")
            report = await watch(run, self.file)
            report.write(json=self.json)
            return report.exit
        answer(format_json({"workflow_id": run.id, "run_id": run.run_id}) if self.json else run.id)
        _say_where(run)
        return Exit.FINE

    async def _update(self, client: Client, update: Message) -> Exit:
        workflow_id = self.workflow_id or make_workflow_id(self.submission)
        try:
            run, sent = await start_and_update(
                client,
                self.submission,
                update,
                workflow_id=workflow_id,
                task_queue=self.task_queue,
                options=self.start.options,
                waiting=say,
            )
        except asyncio.CancelledError:
            say(f"the run may have been started: stepfile status {workflow_id}")
            raise
        say(f"submitted {run.id}")
        _say_where(run)
        told = await wait_for_answer(sent)
        record = {"workflow_id": run.id, "run_id": run.run_id, "answer": told}
        answer(format_json(record if self.json else told))
        return Exit.FINE


def _say_where(run: RunHandle) -> None:
    say(f"stepfile status {run.id} --follow shows how it gets on")
