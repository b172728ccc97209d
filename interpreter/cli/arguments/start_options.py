"""These options say how a run is started: when, what about other runs with its id, and with which message."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import wraps
from typing import TYPE_CHECKING, Any

import click

from interpreter.cli.arguments.duration import parse_duration_option
from interpreter.cli.arguments.input import assemble, parse_payload_part
from interpreter.temporal.client.start_options import ID_CONFLICT, ID_REUSE, InvalidOptions, StartOptions

if TYPE_CHECKING:
    from dsl.model import Definition
    from interpreter.state.inbox import Message


@dataclass(frozen=True, slots=True)
class StartArguments:
    """These are the values of the options; Temporal accepts them together."""

    options: StartOptions
    signal: Message | None
    """The signal that is sent with the start."""
    update: Message | None
    """The update that is sent with the start; there is never a signal and an update."""

    def check_message(self, definition: Definition) -> None:
        """Check the message that is sent with the start against what the definition declares.

        Raises:
            MessageRefused: runs of the definition do not accept the message.
        """
        from interpreter.messages.declared import check_message

        if self.signal:
            check_message(definition, "signal", self.signal.name, self.signal.payload)
        if self.update:
            check_message(definition, "update", self.update.name, self.update.payload)


def parse_message(text: str) -> Message:
    """Read `NAME` or `NAME=PAYLOAD`.

    Raises:
        click.BadParameter: the payload can't be read.
    """
    from interpreter.state.inbox import Message

    name, equals, payload = text.partition("=")
    return Message(name, assemble([parse_payload_part(payload)], what="PAYLOAD") if equals else None)


_priority_key_option = click.option(
    "--priority-key",
    metavar="N",
    type=int,
    help="Tasks of runs with a smaller number are handed out first.  [default: as the definition says]",
)
_fairness_key_option = click.option(
    "--fairness-key",
    metavar="TEXT",
    help="Tasks share the workers by this text, for example the name of a tenant.  "
    "[default: as the definition says]",
)
_fairness_weight_option = click.option(
    "--fairness-weight",
    metavar="X",
    type=float,
    help="The share of the fairness key.  [default: as the definition says]",
)


def _priority_options(command: Callable[..., Any]) -> Callable[..., Any]:
    return _priority_key_option(_fairness_key_option(_fairness_weight_option(command)))


def start_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options of a start to a command, which gets them as one argument, `start`.

    They are `--start-delay`, `--cron`, `--id-reuse`, `--id-conflict`, `--priority-key`, `--fairness-key`,
    `--fairness-weight`, `--signal` and `--update`.
    """

    @click.option(
        "--start-delay",
        metavar="DURATION",
        type=parse_duration_option,
        help="How long the first step is delayed.",
    )
    @click.option(
        "--cron",
        metavar="EXPR",
        help="Start the run again and again with the same id, at these times in UTC, until it is cancelled. "
        "`stepfile schedule` can do more: pause, trigger, overlap.",
    )
    @click.option(
        "--id-reuse",
        type=click.Choice(ID_REUSE),
        default="allow-duplicate",
        show_default=True,
        help="Whether the id of a run that has ended may be used again.",
    )
    @click.option(
        "--id-conflict",
        type=click.Choice(ID_CONFLICT),
        help="What to do if a run with this id is running. terminate-existing undoes nothing.  "
        "[default: fail; with --signal or --update use-existing]",
    )
    @_priority_options
    @click.option(
        "--signal",
        metavar="NAME[=PAYLOAD]",
        type=parse_message,
        help="Send a signal with the start, or to the running run with this id. "
        "PAYLOAD is written as for `stepfile signal`.",
    )
    @click.option(
        "--update",
        metavar="NAME[=PAYLOAD]",
        type=parse_message,
        help="Send an update in the same way, and write its answer to standard output instead of the id.",
    )
    @wraps(command)
    def call_with_start(*args: Any, signal: Message | None, update: Message | None, **options: Any) -> Any:
        chosen = {field.name: options.pop(field.name) for field in fields(StartOptions)}
        if signal and update:
            raise click.UsageError("either --signal or --update: only one message can be sent with the start")
        start = StartOptions(**chosen)
        try:
            start.check("signal" if signal else "update" if update else None)
        except InvalidOptions as error:
            raise click.UsageError(str(error)) from None
        return command(*args, start=StartArguments(start, signal, update), **options)

    return call_with_start
