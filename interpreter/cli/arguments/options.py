"""Options that several commands share, each with one meaning."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

import click

from interpreter.cli.arguments.connection import Connection
from interpreter.cli.arguments.input import parse_input_part, parse_payload_part
from interpreter.temporal.wire.names import DEFAULT_TASK_QUEUE

Command = TypeVar("Command", bound=Callable[..., Any])

activities_option = click.option(
    "--activities",
    multiple=True,
    metavar="MODULE",
    help="Module with activities, instead of [tool.stepfile] activities in pyproject.toml; repeatable.",
)

json_option = click.option("--json", "as_json", is_flag=True, help="One JSON object instead of text.")

input_option = click.option(
    "--input",
    "parts",
    multiple=True,
    type=parse_input_part,
    metavar="KEY=VALUE|@FILE",
    help="The input: KEY=VALUE (repeatable; a.b=1 nests; VALUE is JSON if it is JSON, else text), "
    "@FILE a file of JSON, @- JSON from standard input. KEY=VALUE lies over the file.",
)

payload_argument = click.argument("parts", nargs=-1, type=parse_payload_part, metavar="[PAYLOAD]...")

id_option = click.option(
    "--id",
    "workflow_id",
    metavar="ID",
    help="Id of the run; without it the definition's name and a random part.",
)

run_id_option = click.option(
    "--run-id", metavar="RUN_ID", help="An earlier run of the same id; without it the latest."
)


def task_queue_option(text: str, *, default: str | None = DEFAULT_TASK_QUEUE) -> Callable[[Command], Command]:
    """`--task-queue`: its meaning depends on who takes the work."""
    return click.option("--task-queue", metavar="QUEUE", default=default, show_default=True, help=text)


def connection_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """`--address --namespace --profile`, handed to the command as one `connection`."""

    @click.option("--address", metavar="HOST:PORT", help="Temporal's address; over TEMPORAL_ADDRESS.")
    @click.option("--namespace", metavar="NAME", help="Temporal's namespace; over TEMPORAL_NAMESPACE.")
    @click.option("--profile", metavar="NAME", help="Profile of Temporal's configuration file.")
    @wraps(command)
    def call_with_connection(
        *args: Any, address: str | None, namespace: str | None, profile: str | None, **options: Any
    ) -> Any:
        return command(*args, connection=Connection(address, namespace, profile), **options)

    return call_with_connection
