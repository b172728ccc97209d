"""A run is looked at again and again, and nobody waits for a worker that does not answer."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from datetime import timedelta

from temporalio.client import WorkflowExecutionDescription

from interpreter.temporal.client.run_handle import Answer, RunHandle, RunSnapshot, build_snapshot

PATIENCE = 1.0
"""How many seconds a snapshot waits for the worker. The question goes on, and a later snapshot has the answer."""


@dataclass(slots=True, eq=False)
class RunWatch:
    """A `RunWatch` takes snapshots of a run; while its worker is silent, they have the steps of its last answer."""

    run: RunHandle
    silent_for: timedelta = timedelta()
    """How long the worker has not answered."""
    _question: asyncio.Task[Answer] | None = None
    _answer: Answer = field(default_factory=Answer)
    """The last answer, and why there has been none since."""
    _silent_since: float | None = None
    """The time of the event loop at which the first question was asked that has no answer."""

    async def take_snapshot(self) -> RunSnapshot:
        """Look what server and worker know of the run now.

        Raises:
            RunProblem: there is no such run, or it is not a run of Stepfile.
        """
        info = await self.run.describe()
        question = self._ask(info)
        await asyncio.wait({question}, timeout=PATIENCE)
        if question.done():
            self._question = None
            self._note_answer(question.result())
        self.silent_for = timedelta()
        if self._answer.silence is not None and self._silent_since is not None:
            self.silent_for = timedelta(seconds=asyncio.get_running_loop().time() - self._silent_since)
        return await build_snapshot(info, self._answer, self.run.client.data_converter)

    def close(self) -> None:
        """Ask no more."""
        if self._question is not None:
            self._question.cancel()

    def _ask(self, info: WorkflowExecutionDescription) -> asyncio.Task[Answer]:
        if self._question is None:
            self._question = asyncio.ensure_future(self.run.ask_for_progress(info))
            if self._silent_since is None:
                self._silent_since = asyncio.get_running_loop().time()
        return self._question

    def _note_answer(self, answer: Answer) -> None:
        if answer.silence is None:
            self._answer, self._silent_since = answer, None
        else:
            self._answer = replace(self._answer, silence=answer.silence)
