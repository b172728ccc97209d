"""The work of `stepfile dlq` is to look at dead letters, and to give them orders."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime

from interpreter.cli.arguments.connection_options import ConnectionOptions
from interpreter.cli.arguments.document import read_document
from interpreter.cli.arguments.input import KeyValue
from interpreter.cli.arguments.letter_options import LetterChoice, OrderOptions
from interpreter.cli.arguments.letters_database import find_letters_database
from interpreter.cli.display.letter_metrics import format_letter_metrics
from interpreter.cli.display.letter_overview import (
    build_letter_record,
    build_plan_record,
    format_chance,
    format_details,
    format_letter,
)
from interpreter.cli.display.letter_stats import count_letters, format_groups
from interpreter.cli.display.order_report import OrderReport
from interpreter.cli.display.output import format_json, print_notice, print_result
from interpreter.cli.jobs.left_out_letters import tell_left_out
from interpreter.cli.jobs.letter_orders import OrderRound, choose_letters
from interpreter.cli.process.async_command import run_with_client
from interpreter.cli.process.exit import ExitCode
from interpreter.letters.orders import Command, Order
from interpreter.letters.status import LetterStatus
from interpreter.state.patches import Patch
from interpreter.temporal.client.connection import Client
from interpreter.temporal.client.letters.found import find_letters
from interpreter.temporal.client.letters.give import build_order
from interpreter.temporal.client.letters.misspelt import describe_no_letter
from interpreter.temporal.client.letters.newer_definition import NewerDefinition
from interpreter.temporal.client.letters.plan import RedriveChanges, RedrivePlan, plan_redrive
from interpreter.temporal.client.letters.problem import LetterProblem
from interpreter.temporal.client.letters.store import LetterFilter, LetterStore
from interpreter.temporal.client.letters.stores import open_letters
from interpreter.temporal.client.letters.waiting import explain_waiting
from interpreter.temporal.client.submission import prepare_definition


def show_letters(connection: ConnectionOptions, wanted: LetterFilter, limit: int, *, json: bool) -> ExitCode:
    """Write a list of letters to standard output.

    Raises:
        TemporalProblem: Temporal can't be reached, or the letters can't be read.
    """

    async def show(client: Client) -> ExitCode:
        found = await find_letters(open_store(client), wanted)
        letters = sorted(found.letters, key=lambda letter: letter.last_failed_at)
        shown = letters[-limit:]
        if json:
            print_result(format_json([letter.to_json() for letter in shown]))
            return tell_left_out(found)
        for letter in shown:
            print_result(format_letter(letter))
        if found.is_empty:
            print_notice(await describe_no_letter(open_store(client), wanted))
        if len(letters) > len(shown):
            print_notice(f"these are the last {len(shown)} of {len(letters)}; --limit shows more")
        return tell_left_out(found)

    return run_with_client(connection, show)


def show_letter(connection: ConnectionOptions, letter_id: str, *, json: bool) -> ExitCode:
    """Write all of a letter to standard output, and what a redrive would do.

    Raises:
        TemporalProblem: Temporal can't be reached, or there is no such letter.
    """

    async def show(client: Client) -> ExitCode:
        letter = await open_store(client).read_letter(letter_id)
        plan, waits_for = await plan_redrive(client, letter), await explain_waiting(client, letter)
        if json:
            print_result(format_json({**build_letter_record(letter), "redrive": build_plan_record(plan)}))
            return ExitCode.SUCCESS
        for line in format_details(letter):
            print_result(line)
        if waits_for is not None:
            print_result(f"  waits         {waits_for}")
        if not letter.summary.status.has_ended:
            print_result(f"  redrive       {format_chance(plan)}")
        return ExitCode.SUCCESS

    return run_with_client(connection, show)


def show_letter_stats(connection: ConnectionOptions, wanted: LetterFilter, *, json: bool) -> ExitCode:
    """Write the counts of letters to standard output.

    Raises:
        TemporalProblem: Temporal can't be reached, or the letters can't be read.
    """

    async def show(client: Client) -> ExitCode:
        found = await find_letters(open_store(client), wanted)
        groups = count_letters(found.letters)
        if json:
            print_result(format_json([group.to_json() for group in groups]))
        elif found.is_empty:
            print_notice(await describe_no_letter(open_store(client), wanted))
        elif groups:
            for line in format_groups(groups):
                print_result(line)
        return tell_left_out(found)

    return run_with_client(connection, show)


def show_letter_metrics(connection: ConnectionOptions, wanted: LetterFilter) -> ExitCode:
    """Write gauges of the letters to standard output, as Prometheus reads them.

    Raises:
        TemporalProblem: Temporal can't be reached, or the letters can't be read.
    """

    async def show(client: Client) -> ExitCode:
        found = await find_letters(open_store(client), wanted)
        for line in format_letter_metrics(found.letters, len(found.undecodable), datetime.now(UTC)):
            print_result(line)
        tell_left_out(
            found
        )  # a gauge has the number: other projects' letters are none of this one's failures
        return ExitCode.SUCCESS

    return run_with_client(connection, show)


def end_letters(
    connection: ConnectionOptions, choice: LetterChoice, options: OrderOptions, command: Command
) -> ExitCode:
    """Resolve or purge letters.

    Raises:
        TemporalProblem: Temporal can't be reached, or the letters can't be read.
    """

    async def end(client: Client) -> ExitCode:
        store = open_store(client)
        chosen = await choose_letters(store, choice, (LetterStatus.OPEN, LetterStatus.POISON))

        async def preview(report: OrderReport) -> None:
            for letter_id in chosen.ids:
                report.say(letter_id, command.value)

        async def build(_: OrderReport) -> AsyncIterator[tuple[str, Order]]:
            for letter_id in chosen.ids:
                yield letter_id, build_order(command, _identify(client), options.reason)

        return await OrderRound(client, store, choice, options, command, preview, build).run(chosen)

    return run_with_client(connection, end)


@dataclass(frozen=True, slots=True)
class RedriveJob:
    """A `RedriveJob` does what `stepfile dlq redrive` was asked to do."""

    connection: ConnectionOptions
    choice: LetterChoice
    options: OrderOptions
    patches: tuple[KeyValue, ...]
    definition_file: str | None
    poison: bool
    """Whether letters that are poison are redriven, too."""

    def run(self) -> ExitCode:
        """Plan the redrive of each letter, and order those that are possible.

        Raises:
            InvalidDefinition: the newer definition has errors.
            TemporalProblem: Temporal can't be reached, or the letters can't be read.
        """
        newer = None
        if self.definition_file is not None:
            newer = NewerDefinition(*prepare_definition(read_document(self.definition_file)))
        changes = RedriveChanges(
            patches=tuple(Patch(each.keys, each.value) for each in self.patches),
            definition=newer,
            despite_poison=self.poison,
        )
        return run_with_client(
            self.connection, lambda client: self._redrive(client, changes), self.definition_file
        )

    async def _redrive(self, client: Client, changes: RedriveChanges) -> ExitCode:
        store = open_store(client)
        states = (LetterStatus.OPEN, *((LetterStatus.POISON,) if self.poison else ()))
        chosen = await choose_letters(store, self.choice, states)

        async def preview(report: OrderReport) -> None:
            for letter_id in chosen.ids:
                plan = await _plan(client, store, letter_id, changes, report)
                if plan is not None:
                    report.plan(plan)

        async def build(report: OrderReport) -> AsyncIterator[tuple[str, Order]]:
            for letter_id in chosen.ids:
                plan = await _plan(client, store, letter_id, changes, report)
                if plan is None:
                    continue
                report.keep(plan)
                if plan.start is not None:
                    order = build_order(Command.REDRIVE, _identify(client), self.options.reason, plan)
                    yield plan.letter.summary.id, order

        about = (self.choice, self.options, Command.REDRIVE)
        return await OrderRound(client, store, *about, preview, build).run(chosen)


async def _plan(
    client: Client, store: LetterStore, letter_id: str, changes: RedriveChanges, report: OrderReport
) -> RedrivePlan | None:
    """Plan one redrive; None if the letter can't be read, which is shown."""
    try:
        letter = await store.read_letter(letter_id)
    except LetterProblem as problem:
        report.refuse(letter_id, problem.message)
        return None
    return await plan_redrive(client, letter, changes)


def open_store(client: Client) -> LetterStore:
    """Open the places where the letters are: Temporal, and the database that the project names."""
    return open_letters(client, find_letters_database())


def _identify(client: Client) -> str:
    return client.service_client.config.identity
