"""These options are shared by several commands, and mean the same in each of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from interpreter.cli.arguments.connection_options import connection_options
from interpreter.cli.arguments.input import parse_input_part, parse_payload_part
from interpreter.temporal.wire.names import DEFAULT_TASK_QUEUE

Command = TypeVar("Command", bound=Callable[..., Any])

LONGEST_TASK_QUEUE = 1000
"""Bytes of the name of a task queue. A server that is not configured otherwise refuses longer ones; to a worker that
polls, temporalio does not say so."""

activities_option = click.option(
    "--activities",
    multiple=True,
    metavar="MODULE",
    help="Module with activities, instead of [tool.stepfile] activities in pyproject.toml; repeatable.",
)

json_option = click.option("--json", "as_json", is_flag=True, help="Write one JSON object instead of text.")

yes_option = click.option(
    "--yes",
    is_flag=True,
    help="Do not ask. Without it, what filters or several IDs mean is shown first, and nothing is done until "
    "somebody says yes on the terminal.",
)

input_option = click.option(
    "--input",
    "parts",
    multiple=True,
    type=parse_input_part,
    metavar="KEY=VALUE|@FILE",
    help="The input: KEY=VALUE (repeatable; a.b=1 nests; a VALUE that is not JSON is text), "
    "@FILE for a file of JSON, @- for JSON from standard input. KEY=VALUE replaces what the file says.",
)

id_option = click.option(
    "--id",
    "workflow_id",
    metavar="ID",
    help="Workflow id of the run.  [default: the definition's name and a random part]",
)

run_id_option = click.option(
    "--run-id", metavar="RUN_ID", help="An earlier run with the same workflow id.  [default: the latest run]"
)

note_option = click.option(
    "--note", metavar="TEXT", help="A note that says why.  [default: the note that the schedule already has]"
)


def task_queue_option(text: str, *, default: str | None = DEFAULT_TASK_QUEUE) -> Callable[[Command], Command]:
    """Make the option `--task-queue`; its help says whose task queue it is."""
    return click.option(
        "--task-queue",
        metavar="QUEUE",
        type=_parse_task_queue,
        default=default,
        show_default=True,
        help=text,
    )


def _parse_task_queue(text: str) -> str:
    if not text:
        raise click.BadParameter("a task queue has a name; this one is empty")
    if (size := len(text.encode(errors="replace"))) > LONGEST_TASK_QUEUE:
        raise click.BadParameter(
            f"the name of a task queue has at most {LONGEST_TASK_QUEUE:,} bytes; this one has {size:,}"
        )
    return text


def message_arguments(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add what every message to a run needs: ID, NAME, PAYLOAD, `--run-id` and the options of the connection."""
    for decorate in reversed(
        (
            click.argument("workflow_id", metavar="ID"),
            click.argument("name", metavar="NAME"),
            click.argument("parts", nargs=-1, type=parse_payload_part, metavar="[PAYLOAD]..."),
            run_id_option,
            connection_options,
        )
    ):
        command = decorate(command)
    return command
