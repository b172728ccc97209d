"""Standard output is for what was asked for, standard error for what happens meanwhile.

That nobody reads any more must not change what a command does: a run that is being undone goes on.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

import click


def answer(text: str, *, end: str = "\n") -> bool:
    """Write what was asked for; whether somebody may still read it."""
    return _write(text + end, error=False)


def say(text: str, *, end: str = "\n") -> bool:
    """Write what happens; whether somebody may still read it."""
    return _write(text + end, error=True)


def as_json(value: Any, *, indent: int | None = 2) -> str:
    """The value as JSON; beyond ASCII only where the reader surely takes UTF-8."""
    unicode = (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
    return json.dumps(value, indent=indent, ensure_ascii=not unicode)


def colour(*, error: bool = True) -> bool:
    """Whether escape codes are welcome: on a terminal, unless NO_COLOR or TERM says otherwise."""
    stream = sys.stderr if error else sys.stdout
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def _write(text: str, *, error: bool) -> bool:
    try:
        click.echo(text, nl=False, err=error, color=True)
    except BrokenPipeError:
        return False
    return True
