"""These options say which runs are meant, by what is known of them."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import click

from interpreter.cli.arguments.since import parse_since_option
from interpreter.temporal.client.runs.query import (
    MOST_RUNS,
    STATUSES,
    InvalidQuery,
    RunQuery,
    RunStatus,
    check_status,
)


def parse_status(text: str) -> RunStatus:
    """Read the status of a run.

    Raises:
        click.BadParameter: there is no such status.
    """
    try:
        return check_status(text)
    except InvalidQuery as error:
        raise click.BadParameter(str(error)) from None


error_type_option = click.option(
    "--error-type", metavar="TYPE", help="Only runs that have failed with an error of this type."
)


def run_filters(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options to a command, which gets them as one argument, `query`: a `RunQuery`."""

    @click.option("--definition", metavar="NAME", help="Only runs of this definition.")
    @click.option(
        "--status",
        "statuses",
        multiple=True,
        type=parse_status,
        metavar="STATUS",
        help=f"Only runs with this status, repeatable: {', '.join(STATUSES)}.  [default: any but the last]",
    )
    @click.option("--version", metavar="VERSION", help="Only runs of this version of the definition.")
    @click.option(
        "--since",
        type=parse_since_option,
        metavar="TIME",
        help="Only runs that were started or have ended since then: 24h, or 2027-01-01T09:00:00Z.",
    )
    @click.option("--failed-at", metavar="STEP", help="Only runs that this step has failed.")
    @error_type_option
    @click.option(
        "--not-undone", is_flag=True, help="Only runs of which something was to be undone and is not."
    )
    @click.option("--has-letters", is_flag=True, help="Only runs that have written a dead letter.")
    @click.option("--stuck", is_flag=True, help="Only runs that are open and do not get on.")
    @click.option(
        "--all-runs",
        "superseded",
        is_flag=True,
        help="Runs, too, that another run with the same id has followed.",
    )
    @click.option(
        "--unindexed",
        is_flag=True,
        help="Read each run, even where search attributes could tell: it finds runs, too, that were started "
        "before there were any.",
    )
    @click.option(
        "--limit",
        type=click.IntRange(min=1),
        default=MOST_RUNS,
        show_default=True,
        help="Look at no more runs than these, the latest first.",
    )
    @wraps(command)
    def call_with_query(*args: Any, **options: Any) -> Any:
        chosen = {name: options.pop(name) for name in RunQuery.__dataclass_fields__}
        try:
            query = RunQuery(**chosen)
        except InvalidQuery as error:
            raise click.UsageError(str(error)) from None
        return command(*args, query=query, **options)

    return call_with_query
