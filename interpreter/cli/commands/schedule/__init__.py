"""`stepfile schedule` lets Temporal start runs; each of its commands is in the module of its name."""

from __future__ import annotations

import click

from interpreter.cli.lazy_group import LazyGroup

COMMANDS = ("create", "list", "show", "pause", "unpause", "trigger", "delete")
"""The commands in the order of their use."""


@click.group(
    cls=LazyGroup,
    package=__name__,
    names=COMMANDS,
    epilog="""\b
Examples:
  stepfile schedule create report.yaml --cron '0 9 * * 1-5' --time-zone Europe/Oslo
  stepfile schedule create sync.yaml --every 15m --input full=false
  stepfile schedule show report""",
)
def command() -> None:
    """Start runs again and again.

    These are Temporal's own schedules: its server keeps them, and its UI and other tools show them, too. A schedule
    has the definition and the input of the moment in which it was created; to change them, delete the schedule and
    create it again.
    """
