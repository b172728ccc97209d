"""What becomes of runs that are started again is shown as text at once, or as one JSON list at the end."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from dsl.problems.snippet import make_printable
from interpreter.cli.display.output import format_json, print_notice, print_result
from interpreter.cli.display.wording import count, say_past

if TYPE_CHECKING:
    from interpreter.temporal.repair.resume import Resumption
    from interpreter.temporal.repair.retry import Retry


@dataclass(slots=True)
class RepairReport:
    """A `RepairReport` shows what becomes of each of many runs, or would become of it, and counts them."""

    number: int
    """How many runs there are."""
    starts: bool
    """Whether they are started; else it is only said what would be done."""
    json: bool
    ready: int = 0
    """Runs that were started, or could be."""
    refused: int = 0
    unknown: int = 0
    """Runs of which it is not known whether they were started: Temporal has not answered."""
    starting: str | None = None
    """The run that is being started now."""
    planned: dict[str, str] = field(default_factory=dict[str, str])
    """Workflow id → run id, of the runs of which a plan was shown."""
    records: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])

    def tell(self, workflow_id: str, planned: Retry | Resumption, run_id: str | None) -> None:
        """Show one run: what was planned, and the new run if there is one."""
        refusal = planned.refusal
        self._count(refusal)
        self.planned[workflow_id] = planned.ended.info.run_id
        done = "started again: " if run_id is not None else ""
        self._write(
            f"{workflow_id}  {done}{planned.summary}",
            {"workflow_id": workflow_id, "run_id": run_id, **planned.to_json()},
        )

    def refuse(self, workflow_id: str, why: str) -> None:
        """Show that a run can't be started."""
        self._count(why)
        self._write(
            f"{workflow_id}  refused: {why}", {"workflow_id": workflow_id, "run_id": None, "refused": [why]}
        )

    def lose(self, workflow_id: str, why: str) -> None:
        """Show that it is not known whether a run was started."""
        self.starting = None
        self.unknown += 1
        unknown = f"it is not known whether it was started: {why}"
        self._write(
            f"{workflow_id}  {unknown}", {"workflow_id": workflow_id, "run_id": None, "unknown": unknown}
        )

    def end(self) -> None:
        """Show how many there were."""
        self._write_json()
        what = (
            f"{say_past(self.ready, 'started again')}"
            if self.starts
            else f"{self.ready} could be started again"
        )
        print_notice(
            f"of {count(self.number, 'run')} {what}, {say_past(self.refused, 'refused')}{self._say_unknown()}"
        )

    def interrupt(self) -> None:
        """Show what was done until the command was interrupted, and how to see what becomes of it."""
        if not self.starts:
            print_notice("interrupted: nothing was started")
            return
        self._write_json()
        left = self.number - self.ready - self.refused - self.unknown - (self.starting is not None)
        print_notice(
            f"interrupted: of {count(self.number, 'run')} {say_past(self.ready, 'started again')}, "
            f"{say_past(self.refused, 'refused')}, {say_past(left, 'not started')}{self._say_unknown()}"
        )
        if self.starting is not None:
            print_notice(
                f"it is not known whether {make_printable(self.starting)} was started: "
                f"`stepfile status {make_printable(self.starting)}` shows it"
            )
        if self.ready:
            print_notice("runs that were started go on: `stepfile status ID` shows what becomes of one")

    def _say_unknown(self) -> str:
        return f"; of {self.unknown} it is not known" if self.unknown else ""

    def _count(self, refusal: str | None) -> None:
        self.starting = None
        self.refused += refusal is not None
        self.ready += refusal is None

    def _write(self, line: str, record: dict[str, Any]) -> None:
        if self.json:
            self.records.append(record)
        else:
            print_result(make_printable(line))

    def _write_json(self) -> None:
        if self.json:
            print_result(format_json(self.records))
