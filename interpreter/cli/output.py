"""Standard output is for what was asked for, standard error for what happens meanwhile.

That nobody reads any more must not change what a command does: a run that is being undone goes on.
"""

from __future__ import annotations

import json
import os
import sys
from contextlib import suppress
from typing import Any, TextIO


def answer(text: str, *, end: str = "\n") -> None:
    """Write what was asked for."""
    _write(text + end, sys.stdout)


def say(text: str, *, end: str = "\n") -> None:
    """Write what happens."""
    _write(text + end, sys.stderr)


def as_json(value: Any) -> str:
    """The value as JSON; beyond ASCII only where the reader surely takes UTF-8."""
    unicode = (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
    return json.dumps(value, indent=2, ensure_ascii=not unicode)


def colour(stream: TextIO) -> bool:
    """Whether escape codes are welcome: on a terminal, unless NO_COLOR or TERM says otherwise."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def show_cursor() -> None:
    """Give the cursor back to a terminal where a picture may have hidden it."""
    if colour(sys.stderr):
        say("\x1b[?25h", end="")


def _write(text: str, stream: TextIO) -> None:
    with suppress(BrokenPipeError):
        print(text, end="", file=stream, flush=True)
