"""What becomes of orders to dead letters is shown as text at once, or as one JSON list at the end.

A line says either what would be done (`step`, `run`, `resolve`, `purge`), or what was done (`ordered`, and what came
of it). Nothing is shown as done before it is.
"""

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
    format_reason,
)
from interpreter.cli.display.output import format_json, print_notice, print_result
from interpreter.cli.display.wording import count, say_past
from interpreter.cli.process.exit import ExitCode

if TYPE_CHECKING:
    from interpreter.temporal.client.letters.give import Given
    from interpreter.temporal.client.letters.plan import RedrivePlan


@dataclass(slots=True)
class OrderReport:
    """An `OrderReport` shows what orders would do, or have done, and counts those that were in vain."""

    options: OrderOptions
    number: int
    """How many letters there are."""
    in_vain: int = 0
    ready: int = 0
    """Letters that an order would do something with."""
    ordered: int = 0
    """Orders that were given."""
    refused: int = 0
    giving: str | None = None
    """The letter that is being given an order now."""
    records: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    """What is written at the end as JSON."""
    _open: dict[str, Given] = field(default_factory=dict[str, "Given"])
    """Orders that were given, and of which nothing was told yet, by their letters."""
    _plans: dict[str, RedrivePlan] = field(default_factory=dict[str, "RedrivePlan"])

    def say(self, letter_id: str, action: str) -> None:
        """Show what an order would do."""
        self.ready += 1
        self._write(f"{action:<9}  {make_printable(letter_id)}", {"id": letter_id, "action": action})

    def refuse(self, letter_id: str, why: str) -> None:
        """Show that nothing can be done with a letter."""
        self._refuse()
        line = f"refused    {make_printable(letter_id)}: {make_printable(why)}"
        self._write(line, {"id": letter_id, "action": "refused", "why": why})

    def plan(self, plan: RedrivePlan) -> None:
        """Show what a redrive would do."""
        if plan.start is None:
            self._refuse()
        else:
            self.ready += 1
        self._write(format_plan(plan), build_plan_record(plan))

    def keep(self, plan: RedrivePlan) -> None:
        """Keep what is to be redriven until it was ordered; show only that a redrive is refused."""
        if plan.start is None:
            self.plan(plan)
        else:
            self._plans[plan.letter.summary.id] = plan

    def begin(self, letter_id: str) -> None:
        """Note that an order is on its way to a letter."""
        self.giving = letter_id

    def order(self, given: Given) -> None:
        """Show that an order was given."""
        self.giving = None
        self.ordered += 1
        self._open[given.letter_id] = given
        plan = self._plans.get(given.letter_id)
        why = given.order.command.value if plan is None else format_reason(plan)
        if not self.options.json:  # in JSON there is one record of each order: what came of it
            print_result(f"ordered    {make_printable(given.letter_id)}: {why}")

    def tell(self, given: Given) -> None:
        """Show what has become of an order."""
        if self.giving == given.letter_id:  # it could not be given
            self.giving = None
            self.refused += 1
        self._open.pop(given.letter_id, None)
        is_unasked = not given.is_settled and not self.options.wait
        self.in_vain += not (given.is_done or is_unasked)
        self._write(format_given(given), build_given_record(given))

    def end(self) -> ExitCode:
        """Show what is left to be shown; the exit code of the command."""
        self._write_json()
        return ExitCode.FAILED if self.in_vain else ExitCode.SUCCESS

    def interrupt(self) -> None:
        """Show what was done until the command was interrupted, and how to see what becomes of it."""
        self.records += map(build_given_record, self._open.values())
        self._write_json()
        left = self.number - self.ordered - self.refused - (self.giving is not None)
        print_notice(
            f"interrupted: of {count(self.number, 'letter')} {say_past(self.ordered, 'given the order')}, "
            f"{say_past(self.refused, 'refused')}, {say_past(left, 'not given it')}"
        )
        if self.giving is not None:
            letter = make_printable(self.giving)
            print_notice(
                f"it is not known whether {letter} was given the order: `stepfile dlq show` shows it"
            )
        if self._open:
            print_notice(
                f"{say_past(len(self._open), 'not seen to its end')}: orders that were given are kept, and "
                "workers carry them out; `stepfile dlq show ID` shows what has become of one"
            )

    def _refuse(self) -> None:
        self.refused += 1
        self.in_vain += 1

    def _write(self, line: str, record: dict[str, Any]) -> None:
        if self.options.json:
            self.records.append(record)
        else:
            print_result(line)

    def _write_json(self) -> None:
        if self.options.json:
            print_result(format_json(self.records))
