"""`stepfile log` tells what happened in a run."""

from __future__ import annotations

import click

from interpreter.cli.arguments.connection_options import ConnectionOptions, connection_options
from interpreter.cli.arguments.options import run_id_option
from interpreter.cli.process.exit import ExitCode


@click.command(
    epilog="""\b
Examples:
  stepfile log trip-17
  stepfile log trip-17 --all-runs
  stepfile log trip-17 --json | jq 'select(.event == "step_ended" and .outcome == "failed")'

\b
Exit codes: 0 there is such a run; 1 there is none."""
)
@click.argument("workflow_id", metavar="ID")
@run_id_option
@click.option(
    "--all-runs",
    is_flag=True,
    help="Begin with the first run that has had this id: a run that continues as new, is tried again or is reset "
    "goes on as another one.",
)
@click.option("--json", "as_json", is_flag=True, help="Write one JSON object for each line.")
@connection_options
def command(
    workflow_id: str, run_id: str | None, all_runs: bool, as_json: bool, connection: ConnectionOptions
) -> ExitCode:
    """Tell what happened in a run, step by step.

    Each line has the time (UTC) and what happened: steps with their attempts and errors, timers, messages and who
    has sent them, what was undone, dead letters, and what was done to the run from outside. It is read from the
    history of the run, as far as that has come. At the end stands why what is being tried again has failed the last
    time. No worker is needed.
    """
    if all_runs and run_id is not None:
        raise click.UsageError("either --run-id or --all-runs")

    from interpreter.cli.jobs.run_log import show_log

    return show_log(connection, workflow_id, run_id, all_runs=all_runs, json=as_json)
