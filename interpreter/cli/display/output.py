"""Standard output is for what was asked for, standard error for what happens meanwhile.

That nobody reads any more must not change what a command does: a run that is being undone goes on.
"""

from __future__ import annotations

import json
import os
import sys
from contextlib import suppress
from typing import Any, TextIO

import click


def answer(text: str, *, end: str = "\n") -> None:
    """Write what was asked for.

    Raises:
        click.ClickException: it can't be written (a full disk).
    """
    try:
        print(text, end=end, flush=True)
    except BrokenPipeError:
        pass
    except OSError as error:
        with suppress(OSError):
            sys.stdout.close()  # what is left in it can't be written either
        raise click.ClickException(f"can't write the output: {error.strerror}") from None


def say(text: str, *, end: str = "\n") -> None:
    """Write what happens."""
    with suppress(OSError):
        print(text, end=end, file=sys.stderr, flush=True)


def format_json(value: Any) -> str:
    """The value as JSON; beyond ASCII only where the reader surely takes UTF-8."""
    unicode = (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
    return json.dumps(value, indent=2, ensure_ascii=not unicode)


def allows_colour(stream: TextIO) -> bool:
    """Whether escape codes are welcome: on a terminal, unless NO_COLOR or TERM says otherwise."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def show_cursor() -> None:
    """Give the cursor back to a terminal where a picture may have hidden it."""
    if allows_colour(sys.stderr):
        say("\x1b[?25h", end="")
