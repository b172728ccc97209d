"""The work of `stepfile submit --inputs` is to start many runs of one definition, no faster than somebody wants."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dsl.model import Definition
from dsl.problems.snippet import make_printable
from interpreter.cli.arguments.connection_options import ConnectionOptions
from interpreter.cli.arguments.inputs_file import MOST_PROBLEMS, InputLine, NoId, find_id
from interpreter.cli.display.output import print_notice
from interpreter.cli.jobs.many_starts import CheckedLine, ManyStarts
from interpreter.cli.process.async_command import run_with_client
from interpreter.cli.process.exit import ExitCode
from interpreter.program.model import Bundle
from interpreter.temporal.client.connection import Client
from interpreter.temporal.client.start import find_excess_of_start
from interpreter.temporal.client.start_options import StartOptions
from interpreter.temporal.client.submission import InvalidInput, prepare_input


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
            TemporalProblem: Temporal can't be reached.
        """
        checked = self._check()
        if checked is None:
            return ExitCode.FAILED
        return run_with_client(self.connection, lambda client: self._submit(client, checked), self.file)

    async def _submit(self, client: Client, checked: Sequence[CheckedLine]) -> ExitCode:
        too_large = [
            f"{each.line.place}: {excess}"
            for each in checked
            if (excess := find_excess_of_start(client, each.submission))
        ]
        if too_large:
            self._tell_problems(too_large)
            return ExitCode.FAILED
        starts = ManyStarts(client, checked, self.task_queue, self.options, self.as_json)
        return await starts.run(self.rate)

    def _check(self) -> list[CheckedLine] | None:
        """Check all inputs before anything is started; None if there are problems, which are told."""
        checked: list[CheckedLine] = []
        problems: list[str] = []
        places: dict[str, str] = {}
        """Id of a run → where the line stands that has it."""
        for line in self.lines:
            try:
                submission = prepare_input(self.definition, self.bundle, line.value)
                workflow_id = self._find_id(line, places)
            except (InvalidInput, NoId) as error:
                problems.append(f"{line.place}: {error}")
            else:
                checked.append(CheckedLine(line, submission, workflow_id))
        if problems:
            self._tell_problems(problems)
            return None
        return checked

    def _find_id(self, line: InputLine, places: dict[str, str]) -> str | None:
        """
        Raises:
            NoId: the line gives none, or one that another line has.
        """
        if self.id_from is None:
            return None
        workflow_id = f"{self.definition.name}-{find_id(line, self.id_from)}"
        if (first := places.setdefault(workflow_id, line.place)) != line.place:
            raise NoId(f'the id "{make_printable(workflow_id)}" is that of {first}, too (--id-from)')
        return workflow_id

    def _tell_problems(self, problems: Sequence[str]) -> None:
        for problem in problems[:MOST_PROBLEMS]:
            print_notice(problem)
        print_notice(f"{len(problems)} of {len(self.lines)} inputs can't be started; nothing was started")
