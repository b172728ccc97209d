"""What becomes of orders to dead letters is shown as text at once, or as one JSON list at the end."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from dsl.problems.snippet import make_printable
from interpreter.cli.arguments.letter_options import OrderOptions
from interpreter.cli.display.letter_overview import (
    build_given_record,
    build_plan_record,
    format_given,
    format_plan,
)
from interpreter.cli.display.output import format_json, print_result
from interpreter.cli.process.exit import ExitCode

if TYPE_CHECKING:
    from interpreter.temporal.client.letters.give import Given
    from interpreter.temporal.client.letters.plan import RedrivePlan


@dataclass(slots=True)
class OrderReport:
    """An `OrderReport` shows orders, and counts those that were in vain."""

    options: OrderOptions
    in_vain: int = 0
    records: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    """What is written at the end as JSON."""

    def say(self, letter_id: str, action: str) -> None:
        """Show what an order would do."""
        self._write(f"{action:<8}  {make_printable(letter_id)}", {"id": letter_id, "action": action})

    def refuse(self, letter_id: str, why: str) -> None:
        """Show that nothing can be done with a letter."""
        self.in_vain += 1
        line = f"refused   {make_printable(letter_id)}: {make_printable(why)}"
        self._write(line, {"id": letter_id, "action": "refused", "why": why})

    def plan(self, plan: RedrivePlan) -> None:
        """Show what a redrive would do. In JSON its outcome takes the place of the plan, if it is carried out."""
        self.in_vain += plan.start is None
        if not self.options.json or self.options.dry_run or plan.start is None:
            self._write(format_plan(plan), build_plan_record(plan))

    def tell(self, given: Given) -> None:
        """Show what has become of an order."""
        is_unasked = not given.is_settled and not self.options.wait
        self.in_vain += not (given.is_done or is_unasked)
        self._write(format_given(given), build_given_record(given))

    def end(self) -> ExitCode:
        """Show what is left to be shown; the exit code of the command."""
        if self.options.json:
            print_result(format_json(self.records))
        return ExitCode.FAILED if self.in_vain else ExitCode.SUCCESS

    def _write(self, line: str, record: dict[str, Any]) -> None:
        if self.options.json:
            self.records.append(record)
        else:
            print_result(line)
