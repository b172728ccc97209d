"""The work of `stepfile retry` and `stepfile resume` is to find ended runs, say what will be done, and do it."""

from __future__ import annotations

import sys
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import click

from dsl.check import InvalidDefinition
from interpreter.cli.arguments.connection_options import ConnectionOptions
from interpreter.cli.arguments.document import read_document
from interpreter.cli.arguments.input import KeyValue
from interpreter.cli.arguments.repair_options import RepairOptions
from interpreter.cli.display.follow import follow_until_interrupted
from interpreter.cli.display.output import format_json, print_notice, print_result
from interpreter.cli.display.resume_plan import format_plan
from interpreter.cli.process.async_command import run_with_client
from interpreter.cli.process.exit import ExitCode
from interpreter.program.model import Bundle
from interpreter.state.patches import Patch
from interpreter.temporal.client.connection import Client
from interpreter.temporal.client.pace import Pace
from interpreter.temporal.client.run_handle import RunHandle
from interpreter.temporal.client.runs.search import find_runs
from interpreter.temporal.problem import TemporalProblem
from interpreter.temporal.repair.resume import Resumption, plan_resume
from interpreter.temporal.repair.retry import Retry, plan_retry

Planned = Retry | Resumption
"""What is to be done with one run. Nothing was started yet."""


@dataclass(frozen=True, slots=True)
class RepairJob(ABC):
    """A `RepairJob` starts runs where others have ended."""

    connection: ConnectionOptions
    options: RepairOptions

    def run(self) -> ExitCode:
        """Do what the command was asked to do.

        Raises:
            TemporalProblem: Temporal can't be reached, or the one run that is meant can't be run again.
        """
        return run_with_client(self.connection, self._repair, self._file)

    @property
    def _file(self) -> str | None:
        return None

    @abstractmethod
    async def plan(self, client: Client, workflow_id: str) -> Planned:
        """Say what is to be done with one run.

        Raises:
            TemporalProblem: nothing can be done.
        """

    @property
    @abstractmethod
    def asks(self) -> bool:
        """Whether the user is asked, unless `--yes` is given."""

    async def _repair(self, client: Client) -> ExitCode:
        if self.options.is_single:
            return await self._repair_one(client, self.options.ids[0])
        return await self._repair_many(client)

    async def _repair_one(self, client: Client, workflow_id: str) -> ExitCode:
        planned, options = await self.plan(client, workflow_id), self.options
        record: dict[str, Any] = {"workflow_id": workflow_id, **planned.to_json(), "run_id": None}
        if not options.json:
            self._show(planned)
        if options.dry_run or planned.refusal or not self._may_start(1):
            if options.json:
                print_result(format_json(record))
            return ExitCode.SUCCESS if options.dry_run and not planned.refusal else ExitCode.FAILED
        handle = await planned.start(reason=options.reason)
        run = RunHandle(client, handle)
        print_notice(f"started {run.id} again")
        if options.wait:
            overview = await follow_until_interrupted(run)
            overview.write(json=options.json)
            return overview.exit_code
        print_result(format_json({**record, "run_id": run.run_id}) if options.json else run.id)
        print_notice(f"`stepfile status {run.id} --follow` shows its progress")
        return ExitCode.SUCCESS

    def _show(self, planned: Planned) -> None:
        if isinstance(planned, Resumption):
            for line in format_plan(planned.plan):
                print_notice(line)

    async def _repair_many(self, client: Client) -> ExitCode:
        if not self.options.dry_run and not self.options.yes:
            seen = await self._go_through(client, start=False)
            if not seen.ready or not self._may_start(seen.ready):
                return ExitCode.FAILED if seen.ready or seen.refused else ExitCode.SUCCESS
        done = await self._go_through(client, start=not self.options.dry_run)
        if self.options.json:
            print_result(format_json(done.records))
        what = "could be started again" if self.options.dry_run else "were started again"
        print_notice(f"{done.ready} runs {what}, {done.refused} were refused")
        return ExitCode.FAILED if done.refused else ExitCode.SUCCESS

    async def _go_through(self, client: Client, *, start: bool) -> _Tally:
        tally, pace = _Tally(), Pace(self.options.rate)
        async for workflow_id in self._list_ids(client):
            record: dict[str, Any] = {"workflow_id": workflow_id, "run_id": None}
            try:
                planned = await self.plan(client, workflow_id)
                record |= planned.to_json()
                said, problem = planned.summary, planned.refusal
                if start and not problem:
                    await pace.wait()
                    record["run_id"] = RunHandle(
                        client, await planned.start(reason=self.options.reason)
                    ).run_id
            except TemporalProblem as error:
                said = problem = error.message
                record["refused"] = [problem]
            tally.add(record, refused=problem is not None)
            if not self.options.json:
                print_result(f"{workflow_id}  {said}")
        return tally

    async def _list_ids(self, client: Client) -> AsyncIterator[str]:
        for workflow_id in self.options.ids:
            yield workflow_id
        if self.options.query is None:
            return
        search = find_runs(client, self.options.query)
        ids = [run.workflow_id async for run in search]  # all of them first: what is started is found, too
        for each in search.undecided:
            print_notice(f"{each.run.workflow_id}  left out: {each.why}")
        if search.has_reached_limit:
            print_notice(f"not all runs were looked at: the limit is {self.options.query.limit}")
        for workflow_id in dict.fromkeys(ids):
            yield workflow_id

    def _may_start(self, number: int) -> bool:
        if self.options.yes or (self.options.is_single and not self.asks):
            return True
        if not (sys.stdin.isatty() and sys.stderr.isatty()):
            print_notice("nothing was started: add --yes to start what is planned")
            return False
        return click.confirm(f"start {'the run' if number == 1 else f'{number} runs'}?", err=True)


@dataclass(slots=True)
class _Tally:
    ready: int = 0
    refused: int = 0
    records: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])

    def add(self, record: dict[str, Any], *, refused: bool) -> None:
        """Count a run."""
        self.records.append(record)
        self.refused += refused
        self.ready += not refused


@dataclass(frozen=True, slots=True)
class RetryJob(RepairJob):
    """A `RetryJob` does what `stepfile retry` was asked to do."""

    async def plan(self, client: Client, workflow_id: str) -> Retry:
        """Look at one run."""
        return await plan_retry(client, workflow_id)

    @property
    def asks(self) -> bool:
        """A run that begins again has no plan that anybody would have to look at."""
        return False


@dataclass(frozen=True, slots=True)
class ResumeJob(RepairJob):
    """A `ResumeJob` does what `stepfile resume` was asked to do."""

    patches: tuple[KeyValue, ...]
    definition_file: str | None
    despite_cleanup: bool

    @property
    def _file(self) -> str | None:
        return self.definition_file

    async def plan(self, client: Client, workflow_id: str) -> Resumption:
        """Plan how one run goes on.

        Raises:
            InvalidDefinition: the newer definition has errors.
        """
        return await plan_resume(
            client,
            workflow_id,
            patches=[Patch(each.keys, each.value) for each in self.patches],
            bundle=None if self.definition_file is None else _read_bundle(self.definition_file),
            despite_cleanup=self.despite_cleanup,
        )

    @property
    def asks(self) -> bool:
        """Somebody has to look at the plan."""
        return True


def _read_bundle(file: str) -> Bundle:
    """
    Raises:
        InvalidDefinition: it has errors.
    """
    from dsl.check import check

    checked = check(read_document(file))
    if checked.definition is None:
        raise InvalidDefinition(checked)
    files = tuple(sorted((name, each.source.text) for name, each in checked.files.items()))
    return Bundle(checked.source.text, files)
