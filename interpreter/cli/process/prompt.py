"""A command asks before it acts on much. Ctrl-C or SIGTERM at the question ends the command at once.

The event loop stands still while somebody is asked, so the handlers of the command would not be called before Enter.
"""

from __future__ import annotations

import signal
import sys
from collections.abc import Generator
from contextlib import contextmanager

import click

from interpreter.cli.display.output import print_notice
from interpreter.cli.process.interrupts import SIGNALS


def confirm(question: str, *, nothing: str) -> bool:
    """Ask a question on the terminal. Without a terminal nobody can say yes.

    Args:
        question: What is asked: `start 3 runs?`.
        nothing: What is true if nobody says yes: `nothing was started`.

    Returns:
        Whether somebody has said yes.

    Raises:
        click.Abort: Ctrl-C, SIGTERM, or the end of the input.
    """
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        print_notice(f"{nothing}: add --yes to do what is planned")
        return False
    try:
        with _signals_interrupt_at_once():
            agreed = click.confirm(question, err=True)
    except click.Abort:
        print_notice(f"\n{nothing}")
        raise
    if not agreed:
        print_notice(nothing)
    return agreed


@contextmanager
def _signals_interrupt_at_once() -> Generator[None]:
    """Let a signal raise `KeyboardInterrupt` in the block, whatever it does to the command otherwise."""
    handlers = {number: signal.signal(number, signal.default_int_handler) for number in SIGNALS}
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
