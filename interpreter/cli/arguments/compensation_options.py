"""What the commands that give orders about compensations have in common."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from interpreter.cli.arguments.connection_options import connection_options
from interpreter.cli.arguments.options import run_id_option


def order_arguments(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add what every order needs: ID, STEP, `--reason`, `--run-id` and the options of the connection."""
    for decorate in reversed(
        (
            click.argument("workflow_id", metavar="ID"),
            click.argument("step", metavar="STEP"),
            click.option(
                "--reason",
                required=True,
                type=_parse_reason,
                metavar="TEXT",
                help="Why, in at most 500 characters; it is kept with the run, and so is who you are.",
            ),
            run_id_option,
            connection_options,
        )
    ):
        command = decorate(command)
    return command


def _parse_reason(text: str) -> str:
    if not text.strip():
        raise click.BadParameter("say why; this text is empty")
    return text
