"""`stepfile server`: a Temporal for development."""

from __future__ import annotations

from pathlib import Path
from signal import SIGINT
from typing import TYPE_CHECKING

import click

from interpreter.cli.display.output import answer
from interpreter.cli.process.exit import Exit

if TYPE_CHECKING:
    from interpreter.cli.process.interrupts import Interrupts


@click.command(
    epilog="""\b
Examples:
  stepfile server                     everything is forgotten at the end
  stepfile server --db temporal.db    runs survive

\b
Exit codes: 0 stopped by SIGTERM; 1 it did not start; 130 Ctrl-C."""
)
@click.option(
    "--db", type=click.Path(path_type=Path, dir_okay=False), help="SQLite file that keeps its state."
)
@click.option(
    "--port", type=click.IntRange(0, 65535), default=7233, show_default=True, help="0: any free one."
)
@click.option(
    "--ui-port", type=click.IntRange(0, 65535), default=8233, show_default=True, help="0: any free one."
)
@click.option(
    "--namespace", metavar="NAME", default="default", show_default=True, help="Made if it is missing."
)
def command(db: Path | None, port: int, ui_port: int, namespace: str) -> Exit:
    """Run a Temporal for development.

    This is Temporal's own development server with its UI, until Ctrl-C; not for production. On the default
    port the other commands find it without being told.
    """
    from interpreter.cli.process.session import run_session

    async def serve(interrupts: Interrupts) -> Exit:
        return await _serve(db, port, ui_port, namespace, interrupts)

    return run_session(serve)


async def _serve(db: Path | None, port: int, ui_port: int, namespace: str, interrupts: Interrupts) -> Exit:
    from interpreter.cli.display.follow import wait_or_fail
    from interpreter.temporal.dev_server.server import run_dev_server

    async with run_dev_server(
        db=db, port=port or None, ui=True, ui_port=ui_port or None, namespace=namespace
    ) as server:
        interrupts.call_at_second_signal(server.process.kill)
        answer(f"Temporal at {server.address} (namespace {server.namespace}), its UI at {server.ui_url}")
        answer(f"Elsewhere: export TEMPORAL_ADDRESS={server.address}")
        received = await wait_or_fail(interrupts.wait(), server.wait_for_end)
    return Exit.INTERRUPTED if received is SIGINT else Exit.FINE
