"""What the commands that run ended runs again have in common: which runs, how fast, and who says yes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import TYPE_CHECKING, Any

import click

from interpreter.cli.arguments.connection_options import connection_options
from interpreter.cli.arguments.options import json_option, yes_option
from interpreter.cli.arguments.rate import parse_rate_option
from interpreter.cli.arguments.run_filters import error_type_option
from interpreter.cli.arguments.since import parse_since_option

if TYPE_CHECKING:
    from interpreter.temporal.client.runs.query import RunQuery, RunStatus

ENDINGS = ("failed", "cancelled", "terminated", "timed_out")
"""How runs have ended that can be run again."""


@dataclass(frozen=True, slots=True)
class RepairOptions:
    """Which runs are meant, and how the command goes about it."""

    ids: tuple[str, ...]
    """Their workflow ids; empty if a query finds them."""
    query: RunQuery | None
    rate: float
    """How many runs a second are started."""
    yes: bool
    """Whether nobody is asked."""
    dry_run: bool
    wait: bool
    reason: str | None
    json: bool

    @property
    def is_single(self) -> bool:
        """Whether one run is meant, by its id."""
        return len(self.ids) == 1


def repair_arguments(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add them to a command, which gets them as `options`, and the connection."""

    @_choose_runs
    @click.option(
        "--rate",
        type=parse_rate_option,
        default=10.0,
        show_default=True,
        metavar="N",
        help="Start at most so many runs a second.",
    )
    @yes_option
    @click.option("--dry-run", is_flag=True, help="Only say what would be done.")
    @click.option("--wait", is_flag=True, help="Show the steps of the one run until it has ended.")
    @click.option("--reason", metavar="TEXT", help="Why; the new run keeps it in its memo, and who you are.")
    @json_option
    @connection_options
    @wraps(command)
    def call_with_options(
        *args: Any, ids: tuple[str, ...], query: RunQuery | None, as_json: bool, **options: Any
    ) -> Any:
        common = {name: options.pop(name) for name in ("rate", "yes", "dry_run", "wait", "reason")}
        chosen = RepairOptions(ids, query, json=as_json, **common)
        if chosen.wait and not chosen.is_single:
            raise click.UsageError("--wait follows one run, given by its ID")
        return command(*args, options=chosen, **options)

    return call_with_options


def _choose_runs(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add what says which runs are meant: `ids`, or filters that make a `query`."""

    @click.argument("ids", nargs=-1, metavar="[ID]...")
    @click.option("--definition", metavar="NAME", help="Runs of this definition, instead of IDs.")
    @click.option("--failed-at", metavar="STEP", help="Runs that this step has failed.")
    @error_type_option
    @click.option(
        "--status",
        "statuses",
        multiple=True,
        type=click.Choice(ENDINGS),
        help="Runs that have ended so; repeatable.  [default: failed]",
    )
    @click.option(
        "--since",
        type=parse_since_option,
        metavar="TIME",
        help="Runs that were started or have ended since then: 24h, or 2027-01-01T09:00:00Z.",
    )
    @click.option(
        "--limit",
        type=click.IntRange(min=1),
        default=1000,
        show_default=True,
        help="Look at no more runs than these, the latest first. If there are more, the exit code is 1.",
    )
    @wraps(command)
    def call_with_choice(*args: Any, ids: tuple[str, ...], **options: Any) -> Any:
        names = ("definition", "failed_at", "error_type", "statuses", "since", "limit")
        filters = {name: options.pop(name) for name in names}
        is_filtered = any(filters[name] for name in names[:-1])
        if bool(ids) == is_filtered:
            raise click.UsageError("give either the IDs of runs, or filters such as --definition and --since")
        query = _build_query(**filters) if is_filtered else None
        return command(*args, ids=ids, query=query, **options)

    return call_with_choice


def _build_query(*, statuses: tuple[str, ...], **filters: Any) -> RunQuery:
    """
    Raises:
        click.UsageError: no run can be meant.
    """
    from interpreter.temporal.client.runs.query import InvalidQuery, RunQuery, check_status

    wanted: list[RunStatus] = [check_status(each) for each in statuses or ("failed",)]
    try:
        return RunQuery(statuses=tuple(wanted), **filters)
    except InvalidQuery as error:
        raise click.UsageError(str(error)) from None
