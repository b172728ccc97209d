"""What the commands that look at dead letters, or give orders to them, have in common."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import wraps
from typing import Any

import click

from interpreter.cli.arguments.connection_options import connection_options
from interpreter.cli.arguments.duration import parse_duration_option
from interpreter.cli.arguments.options import json_option, yes_option
from interpreter.cli.arguments.rate import parse_rate_option
from interpreter.cli.arguments.since import parse_since_option
from interpreter.letters.status import LetterStatus
from interpreter.temporal.client.letters.store import LetterFilter

DEFAULT_RATE = 20.0
"""Letters a second: slow enough that a service that has just come back is not overrun."""


@dataclass(frozen=True, slots=True)
class LetterChoice:
    """Which letters a command is about: single ones, or those that a filter finds."""

    ids: tuple[str, ...]
    wanted: LetterFilter
    limit: int | None = None
    """How many of those that the filter finds are meant, those that have failed first; None: all."""

    @property
    def is_single(self) -> bool:
        """Whether one letter is meant, by its id."""
        return len(self.ids) == 1


@dataclass(frozen=True, slots=True)
class OrderOptions:
    """How orders are given."""

    reason: str
    rate: float
    """Letters a second."""
    wait: timedelta
    """How long the command waits for the outcomes."""
    yes: bool
    """Whether nobody is asked."""
    dry_run: bool
    json: bool


def filter_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the filters to a command, which gets them as one argument, `wanted`."""

    @click.option("--queue", metavar="NAME", help="Only letters of this dead letter queue.")
    @click.option("--definition", metavar="NAME", help="Only letters of runs of this definition.")
    @click.option(
        "--step", metavar="PATH", help="Only letters of this step, as `stepfile dlq list` shows it."
    )
    @click.option("--error-type", metavar="TYPE", help="Only letters whose last error has this type.")
    @click.option(
        "--since",
        type=parse_since_option,
        metavar="TIME",
        help="Only letters whose last failure was then or later: a time, or a duration such as 2h.",
    )
    @click.option(
        "--state",
        "states",
        multiple=True,
        type=click.Choice([each.value for each in LetterStatus]),
        help="Only letters in this state; repeatable.  [default: those that have not ended]",
    )
    @wraps(command)
    def call_with_filter(
        *args: Any,
        queue: str | None,
        definition: str | None,
        step: str | None,
        error_type: str | None,
        since: datetime | None,
        states: tuple[str, ...],
        **options: Any,
    ) -> Any:
        wanted = LetterFilter(
            queue=queue, definition=definition, step=step, error_type=error_type, since=since
        )
        if states:
            wanted = wanted.in_states(*map(LetterStatus, states))
        return command(*args, wanted=wanted, **options)

    return call_with_filter


def order_arguments(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add what every order needs: ids or filters (`choice`), how it is given (`options`), and the connection."""

    @click.argument("ids", nargs=-1, metavar="[ID]...")
    @filter_options
    @click.option(
        "--all", "everything", is_flag=True, help="All letters; needed if there is no ID and no filter."
    )
    @click.option("--reason", default="", metavar="TEXT", help="Why; the letter keeps it, and who you are.")
    @click.option(
        "--rate",
        type=parse_rate_option,
        default=DEFAULT_RATE,
        show_default=True,
        metavar="N",
        help="At most so many letters a second.",
    )
    @click.option(
        "--wait",
        type=parse_duration_option,
        default="30s",
        show_default=True,
        metavar="DURATION",
        help="How long to wait for the outcomes after the last order; 0s does not wait.",
    )
    @click.option(
        "--limit",
        type=click.IntRange(min=1),
        metavar="N",
        help="Only so many of the letters that a filter or --all means, those that have failed first. If there are "
        "more, the exit code is 1.  [default: all]",
    )
    @yes_option
    @click.option("--dry-run", is_flag=True, help="Only say what would be done.")
    @json_option
    @connection_options
    @wraps(command)
    def call_with_order(
        *args: Any,
        ids: tuple[str, ...],
        wanted: LetterFilter,
        limit: int | None,
        everything: bool,
        as_json: bool,
        **options: Any,
    ) -> Any:
        choice = LetterChoice(ids, wanted, limit)
        _check(choice, everything=everything)
        how = {name: options.pop(name) for name in ("reason", "rate", "wait", "yes", "dry_run")}
        return command(*args, choice=choice, options=OrderOptions(**how, json=as_json), **options)

    return call_with_order


def _check(choice: LetterChoice, *, everything: bool) -> None:
    """
    Raises:
        click.UsageError: it is not plain which letters are meant.
    """
    is_filtered = not choice.wanted.is_unfiltered
    if sum((bool(choice.ids), is_filtered, everything)) > 1:
        raise click.UsageError("give either IDs, or filters, or --all")
    if not choice.ids and not is_filtered and not everything:
        raise click.UsageError("which letters? Give their IDs, a filter such as --queue, or --all")
    if choice.ids and choice.limit is not None:
        raise click.UsageError("--limit goes with filters or --all: IDs say already how many are meant")
