"""Results go to standard output, and notices of what happens meanwhile go to standard error.

If nobody reads them any more, that must not change what a command does: a run that is being undone is undone.
"""

from __future__ import annotations

import json
import os
import sys
from contextlib import suppress
from typing import Any, TextIO

import click


def print_result(text: str, *, end: str = "\n") -> None:
    """Write what the user has asked for to standard output.

    Raises:
        click.ClickException: the text can't be written, for example because a disk is full.
    """
    try:
        print(text, end=end, flush=True)
    except BrokenPipeError:
        pass
    except OSError as error:
        with suppress(OSError):
            sys.stdout.close()  # what is left in its buffer can't be written either
        raise click.ClickException(f"can't write the output: {error.strerror}") from None


def print_notice(text: str, *, end: str = "\n") -> None:
    """Write what happens to standard error; if that is not possible, do nothing."""
    with suppress(OSError):
        print(text, end=end, file=sys.stderr, flush=True)


def format_json(value: Any) -> str:
    """Format a value as JSON; letters beyond ASCII are escaped unless standard output surely takes UTF-8."""
    unicode = (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
    return json.dumps(value, indent=2, ensure_ascii=not unicode)


def allows_colour(stream: TextIO) -> bool:
    """Tell whether escape codes may be written: to a terminal, unless NO_COLOR or TERM says otherwise."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def show_cursor() -> None:
    """Show the cursor of the terminal again, which a live display may have hidden."""
    if allows_colour(sys.stderr):
        print_notice("\x1b[?25h", end="")
