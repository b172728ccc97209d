"""The work of `stepfile retry` and `stepfile resume` is to find ended runs, say what will be done, and do it."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dsl.check import InvalidDefinition
from dsl.problems.snippet import make_printable
from interpreter.cli.arguments.connection_options import ConnectionOptions
from interpreter.cli.arguments.document import read_document
from interpreter.cli.arguments.input import KeyValue
from interpreter.cli.arguments.repair_options import RepairOptions
from interpreter.cli.display.follow import follow_until_interrupted
from interpreter.cli.display.output import format_json, print_notice, print_result
from interpreter.cli.display.repair_report import RepairReport
from interpreter.cli.display.resume_plan import format_plan
from interpreter.cli.display.wording import count
from interpreter.cli.process.async_command import run_with_client
from interpreter.cli.process.exit import ExitCode
from interpreter.cli.process.prompt import confirm
from interpreter.program.model import Bundle
from interpreter.state.patches import Patch
from interpreter.temporal.client.connection import Client
from interpreter.temporal.client.pace import Pace
from interpreter.temporal.client.run_handle import RunHandle
from interpreter.temporal.client.run_problem import AnswerLost
from interpreter.temporal.client.runs.misspelt import describe_nothing
from interpreter.temporal.client.runs.query import RunQuery
from interpreter.temporal.client.runs.search import find_runs
from interpreter.temporal.client.runs.summary import RunSummary
from interpreter.temporal.problem import TemporalProblem
from interpreter.temporal.repair.children import leave_out_children, look_at_runs
from interpreter.temporal.repair.resume import Resumption, plan_resume
from interpreter.temporal.repair.retry import Retry, plan_retry
from interpreter.temporal.wire.letters import is_redrive_id

Planned = Retry | Resumption
"""What is to be done with one run. Nothing was started yet."""

_REDRIVE = "it is the redrive of a dead letter; `stepfile dlq redrive` tries it again"


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
            self._show(workflow_id, planned)
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

    def _show(self, workflow_id: str, planned: Planned) -> None:
        """Show the plan of one run. It is the result of a dry run, and of any other a notice."""
        write = print_result if self.options.dry_run else print_notice
        if isinstance(planned, Resumption):
            for line in format_plan(planned.plan):
                write(line)
            return
        if self.options.dry_run:
            write(make_printable(f"{workflow_id}  {planned.summary}"))
        for note in planned.notes:
            write(make_printable(f"note: {note}"))

    async def _repair_many(self, client: Client) -> ExitCode:
        ids, is_complete = await self._choose(client)
        shown: Mapping[str, str] = {}
        if not ids:
            return ExitCode.FAILED
        if not self.options.dry_run and not self.options.yes:
            seen = await self._go_through(client, ids, shown, start=False)
            if not seen.ready:
                seen.end()
                return ExitCode.FAILED
            if not self._may_start(seen.ready):
                return ExitCode.FAILED
            shown = seen.planned
        done = await self._go_through(client, ids, shown, start=not self.options.dry_run)
        done.end()
        is_done = is_complete and not done.refused and not done.unknown
        return ExitCode.SUCCESS if is_done else ExitCode.FAILED

    async def _go_through(
        self, client: Client, ids: Sequence[str], shown: Mapping[str, str], *, start: bool
    ) -> RepairReport:
        report, pace = RepairReport(len(ids), start, self.options.json), Pace(self.options.rate)
        try:
            for workflow_id in ids:
                refused = report.refused
                try:
                    if start:  # it is planned after that, so that no plan is old when it is started
                        await pace.wait()
                    planned, run_id = await self.plan(client, workflow_id), None
                    _check_shown(planned, shown.get(workflow_id))
                    if start and planned.refusal is None:
                        report.starting = workflow_id
                        handle = await planned.start(reason=self.options.reason)
                        run_id = RunHandle(client, handle).run_id
                except AnswerLost as lost:
                    if report.starting is None:  # it was only looked at
                        report.refuse(workflow_id, lost.message)
                    else:
                        report.lose(workflow_id, lost.message)
                except TemporalProblem as error:
                    report.refuse(workflow_id, error.message)
                else:
                    report.tell(workflow_id, planned, run_id)
                if report.refused > refused:
                    pace.give_back()
        except asyncio.CancelledError:
            report.interrupt()
            raise
        return report

    async def _choose(self, client: Client) -> tuple[Sequence[str], bool]:
        """Choose the ids of the runs that are meant, and tell what is left out.

        The second value is whether nothing was left out that somebody has to look at.
        """
        if self.options.query is None:
            is_complete, ids = True, self.options.ids
            runs: Sequence[RunSummary] = await look_at_runs(client, ids)
        else:
            runs, is_complete = await self._search(client, self.options.query)
            ids = tuple(run.workflow_id for run in runs)
        left = {each.workflow_id: each for each in await leave_out_children(client, runs)}
        for each in left.values():
            print_notice(make_printable(f"{each.workflow_id}  left out: {each.why}"))
        meant = [each for each in dict.fromkeys(ids) if each not in left]
        if left and not meant:
            print_notice("nothing was started: each of these runs is the child of another one")
        return meant, is_complete and all(each.is_settled for each in left.values())

    async def _search(self, client: Client, query: RunQuery) -> tuple[Sequence[RunSummary], bool]:
        search = find_runs(client, query)
        found = [run async for run in search]  # all of them first: what is started is found, too
        redrives = [run.workflow_id for run in found if is_redrive_id(run.workflow_id)]
        runs = [run for run in found if run.workflow_id not in redrives]
        for each in search.undecided:
            print_notice(f"{make_printable(each.run.workflow_id)}  left out: {each.why}")
        if search.has_reached_limit:
            print_notice(f"there are more runs, which are left out: the limit is {query.limit}")
        for workflow_id in redrives:
            print_notice(f"{make_printable(workflow_id)}  left out: {_REDRIVE}")
        if found and not runs:
            print_notice("nothing was started: each of these runs is the redrive of a dead letter")
        if not found:
            print_notice(f"{await describe_nothing(client, query)}; nothing was started")
        return runs, not (search.has_reached_limit or search.undecided)

    def _may_start(self, number: int) -> bool:
        if self.options.yes or (self.options.is_single and not self.asks):
            return True
        what = "the run" if self.options.is_single else count(number, "run")
        return confirm(f"start {what}?", nothing="nothing was started")


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


def _check_shown(planned: Planned, run_id: str | None) -> None:
    """
    Raises:
        RepairProblem: somebody was shown the plan of another run.
    """
    if run_id is not None and planned.ended.info.run_id != run_id:
        raise planned.ended.say_used_again()


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
