"""A command asks before it acts on much. Ctrl-C or SIGTERM at the question ends the command at once.

The event loop stands still while somebody is asked, so the handlers of the command would not be called before Enter.
"""

from __future__ import annotations

import os
import select
import signal
import socket
import sys
from collections.abc import Generator
from contextlib import contextmanager

import click

from interpreter.cli.display.output import print_notice
from interpreter.cli.process.interrupts import SIGNALS

_ANSWERS = {"y": True, "yes": True, "n": False, "no": False, "": False}


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
        agreed = _ask(question)
    except (KeyboardInterrupt, EOFError):
        print_notice(f"\n{nothing}")
        raise click.Abort from None
    if not agreed:
        print_notice(nothing)
    return agreed


def _ask(question: str) -> bool:
    """
    Raises:
        KeyboardInterrupt: Ctrl-C or SIGTERM.
        EOFError: the input has ended.
    """
    with _signals_interrupt_at_once() as woken:
        while True:
            click.echo(f"{question} [y/N]: ", nl=False, err=True)
            # A signal that comes just before `readline` waits for the terminal would not end this wait.
            if os.name == "posix":
                select.select([sys.stdin, woken], [], [])
            line = sys.stdin.readline()
            if not line:
                raise EOFError
            agreed = _ANSWERS.get(line.strip().lower())
            if agreed is not None:
                return agreed
            print_notice("answer y or n")


@contextmanager
def _signals_interrupt_at_once() -> Generator[socket.socket]:
    """Let a signal raise `KeyboardInterrupt` in the block, whatever it does to the command otherwise.

    Yields:
        A socket that can be read from when there was a signal.
    """
    woken, wake = socket.socketpair()
    wake.setblocking(False)
    woke_before = signal.set_wakeup_fd(wake.fileno(), warn_on_full_buffer=False)
    handlers = {number: signal.signal(number, signal.default_int_handler) for number in SIGNALS}
    try:
        yield woken
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(woke_before)
        wake.close()
        woken.close()
