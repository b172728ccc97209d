"""The work of `stepfile submit --inputs` is to start many runs of one definition, no faster than somebody wants."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass

from dsl.model import Definition
from interpreter.cli.arguments.connection_options import ConnectionOptions
from interpreter.cli.arguments.inputs_file import InputLine, find_id
from interpreter.cli.display.output import print_notice, print_result
from interpreter.cli.process.async_command import run_with_client
from interpreter.cli.process.exit import ExitCode
from interpreter.program.model import Bundle
from interpreter.temporal.client.connection import Client
from interpreter.temporal.client.pace import Pace
from interpreter.temporal.client.run_handle import RunHandle
from interpreter.temporal.client.run_problem import RunProblem
from interpreter.temporal.client.start_options import StartOptions
from interpreter.temporal.client.submission import InvalidInput, Submission, prepare_input

AT_ONCE = 20
"""So many starts are on their way at the same time."""

MOST_PROBLEMS = 20
"""So many lines that are wrong are shown."""


@dataclass(frozen=True, slots=True)
class SubmitManyJob:
    """A `SubmitManyJob` does what `stepfile submit --inputs` was asked to do."""

    definition: Definition
    bundle: Bundle
    lines: Sequence[InputLine]
    id_from: str | None
    """Where in an input the id of its run stands; None: it is drawn by lot."""
    rate: float
    """Starts in a second."""
    options: StartOptions
    file: str
    task_queue: str
    as_json: bool
    """Whether to write JSON objects, one in each line, instead of ids."""
    connection: ConnectionOptions

    def run(self) -> ExitCode:
        """Check all inputs, then start the runs.

        Raises:
            click.UsageError: an input has no id where `id_from` says.
            TemporalProblem: Temporal can't be reached.
        """
        checked = self._check()
        if checked is None:
            return ExitCode.FAILED
        return run_with_client(self.connection, lambda client: self._submit(client, checked), self.file)

    def _check(self) -> list[tuple[InputLine, Submission, str | None]] | None:
        """Check all inputs before anything is started; None if there are problems, which are told."""
        checked: list[tuple[InputLine, Submission, str | None]] = []
        wrong = 0
        for line in self.lines:
            try:
                submission = prepare_input(self.definition, self.bundle, line.value)
            except InvalidInput as error:
                wrong += 1
                if wrong <= MOST_PROBLEMS:
                    print_notice(f"{line.place}: {error}")
                continue
            name = None if self.id_from is None else find_id(line, self.id_from)
            workflow_id = None if name is None else f"{self.definition.name}-{name}"
            checked.append((line, submission, workflow_id))
        if wrong:
            print_notice(
                f"{wrong} of {len(self.lines)} inputs do not fit the definition; nothing was started"
            )
            return None
        return checked

    async def _submit(
        self, client: Client, checked: Sequence[tuple[InputLine, Submission, str | None]]
    ) -> ExitCode:
        pace, places = Pace(self.rate), asyncio.Semaphore(AT_ONCE)
        tasks: list[asyncio.Task[bool]] = []
        async with asyncio.TaskGroup() as group:
            for each in checked:
                await pace.wait()
                await places.acquire()
                task = group.create_task(self._start(client, *each))
                task.add_done_callback(lambda _: places.release())
                tasks.append(task)
        started = sum(task.result() for task in tasks)
        print_notice(f"{started} of {len(tasks)} runs were started")
        return ExitCode.SUCCESS if started == len(tasks) else ExitCode.FAILED

    async def _start(
        self, client: Client, line: InputLine, submission: Submission, workflow_id: str | None
    ) -> bool:
        try:
            run = await RunHandle.start(
                client,
                submission,
                workflow_id=workflow_id,
                task_queue=self.task_queue,
                options=self.options,
            )
        except RunProblem as problem:
            print_notice(f"{line.place}: {problem.message}")
            return False
        about = {"line": line.place, "workflow_id": run.id, "run_id": run.run_id}
        print_result(json.dumps(about) if self.as_json else run.id)
        return True
