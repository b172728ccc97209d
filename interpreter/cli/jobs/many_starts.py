"""Many runs are started one after the other, and at the end it is told what became of each line, however it ends."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum

from dsl.problems.snippet import make_printable
from interpreter.cli.arguments.inputs_file import InputLine
from interpreter.cli.display.output import print_notice, print_result
from interpreter.cli.process.exit import ExitCode
from interpreter.temporal.client.connection import Client
from interpreter.temporal.client.pace import Pace
from interpreter.temporal.client.run_handle import RunHandle
from interpreter.temporal.client.run_problem import AnswerLost, RunProblem
from interpreter.temporal.client.start_options import StartOptions
from interpreter.temporal.client.submission import Submission

AT_ONCE = 20
"""So many starts are on their way at the same time."""

MOST_LOST = 3
"""After so many starts in a row without an answer, no other one is tried. Each has been tried for about 10 s."""

LAST_ANSWERS = 5.0
"""Seconds that starts which are on their way have for their answers after Ctrl-C."""


@dataclass(frozen=True, slots=True)
class CheckedLine:
    """A `CheckedLine` can be started."""

    line: InputLine
    submission: Submission
    workflow_id: str | None
    """None if the id is drawn by lot."""


class Outcome(Enum):
    """What became of a start that was tried."""

    STARTED = "started"
    REFUSED = "refused"
    NOT_KNOWN = "not known"


@dataclass(slots=True)
class ManyStarts:
    """Starts the runs of checked lines, in their order."""

    client: Client
    checked: Sequence[CheckedLine]
    task_queue: str
    options: StartOptions
    as_json: bool
    """Whether to write JSON objects, one in each line, instead of ids."""
    _tasks: list[asyncio.Task[Outcome]] = field(default_factory=list[asyncio.Task[Outcome]])
    _lost: int = 0
    """So many starts in a row had no answer."""

    async def run(self, rate: float) -> ExitCode:
        """Start the runs, no more than `rate` in a second, and tell what became of them.

        Ctrl-C, and a server that does not answer any more, end it early.
        """
        interrupted = False
        try:
            await self._start_all(Pace(rate))
        except asyncio.CancelledError:
            interrupted = True
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=LAST_ANSWERS if interrupted else None)
        outcomes = Counter(_read_outcome(task) for task in self._tasks)
        for line in self._describe(outcomes, interrupted=interrupted):
            print_notice(line)
        if outcomes[Outcome.STARTED] == len(self.checked):
            return ExitCode.SUCCESS
        return ExitCode.INTERRUPTED if interrupted else ExitCode.FAILED

    async def _start_all(self, pace: Pace) -> None:
        places = asyncio.Semaphore(AT_ONCE)
        for each in self.checked:
            await pace.wait()
            await places.acquire()
            if self._lost >= MOST_LOST:
                return
            task = asyncio.create_task(self._start(each))
            task.add_done_callback(lambda _: places.release())
            self._tasks.append(task)
        await asyncio.wait(self._tasks)

    async def _start(self, checked: CheckedLine) -> Outcome:
        place = checked.line.place
        try:
            run = await RunHandle.start(
                self.client,
                checked.submission,
                workflow_id=checked.workflow_id,
                task_queue=self.task_queue,
                options=self.options,
            )
        except AnswerLost as problem:
            self._lost += 1
            print_notice(f"{place}: {problem.message}")
            return Outcome.NOT_KNOWN
        except RunProblem as problem:
            self._lost = 0
            print_notice(f"{place}: {problem.message}")
            return Outcome.REFUSED
        self._lost = 0
        about = {"line": place, "workflow_id": run.id, "run_id": run.run_id}
        print_result(json.dumps(about) if self.as_json else make_printable(run.id))
        return Outcome.STARTED

    def _describe(self, outcomes: Counter[Outcome], *, interrupted: bool) -> Iterator[str]:
        ahead = "interrupted: " if interrupted else ""
        yield f"{ahead}{outcomes[Outcome.STARTED]} of {len(self.checked)} runs were started"
        if refused := outcomes[Outcome.REFUSED]:
            yield f"{refused} were refused"
        if unknown := outcomes[Outcome.NOT_KNOWN]:
            yield f"of {unknown} it is not known whether they were started; {self._say_how_to_find_out()}"
        if left := self.checked[len(self._tasks) :]:
            why = "" if interrupted else ", because Temporal does not answer"
            yield f"{len(left)} were not tried{why}: go on from {left[0].line.place}"

    def _say_how_to_find_out(self) -> str:
        first = self.checked[0]
        if first.workflow_id is None:
            return (
                f"`stepfile list --definition {first.submission.definition.name}` shows those that were. "
                "With --id-from, the same lines could be submitted again"
            )
        return (
            "submit these lines again with --id-reuse reject-duplicate: --id-from gives them the same ids, "
            "so none is started twice"
        )


def _read_outcome(task: asyncio.Task[Outcome]) -> Outcome:
    """Read what became of a start; what has no answer yet is not known, and its task is given up."""
    if task.done():
        return task.result()
    task.cancel()
    return Outcome.NOT_KNOWN
