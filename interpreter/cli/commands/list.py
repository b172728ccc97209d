"""`stepfile list` shows runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from interpreter.cli.arguments.connection_options import ConnectionOptions, connection_options
from interpreter.cli.arguments.options import json_option
from interpreter.cli.arguments.run_filters import run_filters
from interpreter.cli.process.exit import ExitCode

if TYPE_CHECKING:
    from interpreter.temporal.client.runs.query import RunQuery


@click.command(
    epilog="""\b
Examples:
  stepfile list --status failed --since 24h
  stepfile list --definition trip-booking --failed-at book_flight
  stepfile list --not-undone
  stepfile list --stuck
  stepfile list --status failed --json | jq -r '.[].workflow_id'

\b
Exit codes: 0 also if no run fits; 1 Temporal can't be reached."""
)
@run_filters
@json_option
@connection_options
def command(query: RunQuery, as_json: bool, connection: ConnectionOptions) -> ExitCode:
    """Show runs: open ones first, then those that have ended last.

    Each run has one line: its id, its status, its definition, when it was started and how long it took, and what
    somebody should know of it. All filters must fit. The list needs no worker, and is a moment old.

    A run is stuck if its workers fail to continue it, one of its compensations fails and fails, somebody has paused
    one of its activities, or no worker takes what is due from its task queue.
    """
    from interpreter.cli.jobs.runs import show_runs

    return show_runs(connection, query, json=as_json)
