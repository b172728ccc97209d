"""The options of a start: when it is, what becomes of others with its id, and what is sent along."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
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
class Start:
    """What the options say, and that Temporal takes it."""

    options: StartOptions
    signal: Message | None
    update: Message | None

    def check(self, definition: Definition) -> None:
        """Whether runs of the definition take what is sent along.

        Raises:
            MessageRefused: they don't.
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


def start_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """`--start-delay --cron --id-reuse --id-conflict --signal --update`, handed to the command as one `start`."""

    @click.option(
        "--start-delay", metavar="DURATION", type=parse_duration_option, help="How long the first step waits."
    )
    @click.option(
        "--cron",
        metavar="EXPR",
        help="Start it again and again, in UTC, as the next run of the same id; until it is cancelled. "
        "`stepfile schedule` can do more: pause, trigger, overlap.",
    )
    @click.option(
        "--id-reuse",
        type=click.Choice(ID_REUSE),
        default="allow-duplicate",
        show_default=True,
        help="Whether the id may be that of a run that has ended.",
    )
    @click.option(
        "--id-conflict",
        type=click.Choice(ID_CONFLICT),
        help="What to do if a run with this id goes on. terminate-existing undoes nothing.  "
        "[default: fail; with --signal or --update use-existing]",
    )
    @click.option(
        "--signal",
        metavar="NAME[=PAYLOAD]",
        type=parse_message,
        help="Send a signal along; to the run with this id, if one goes on. PAYLOAD: as of `stepfile signal`.",
    )
    @click.option(
        "--update",
        metavar="NAME[=PAYLOAD]",
        type=parse_message,
        help="Send an update along, the same way, and write its answer to standard output instead of the id.",
    )
    @wraps(command)
    def call_with_start(*args: Any, signal: Message | None, update: Message | None, **options: Any) -> Any:
        chosen = {name: options.pop(name) for name in ("start_delay", "cron", "id_reuse", "id_conflict")}
        if signal and update:
            raise click.UsageError("either --signal or --update: one message comes along with the start")
        start = StartOptions(**chosen)
        try:
            start.check("signal" if signal else "update" if update else None)
        except InvalidOptions as error:
            raise click.UsageError(str(error)) from None
        return command(*args, start=Start(start, signal, update), **options)

    return call_with_start
