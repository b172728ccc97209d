"""Keep what the run has told the attempt that is being made.

Importing this is cheap, because every activity that asks for its key does it: it needs nothing of the language.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from interpreter.temporal.wire.activity_header import ActivityHeader

_current: ContextVar[ActivityHeader | None] = ContextVar("stepfile_current_header", default=None)


@contextmanager
def use_header(header: ActivityHeader | None) -> Generator[None]:
    """Let the attempt that is made inside ask for this header."""
    token = _current.set(header)
    try:
        yield
    finally:
        _current.reset(token)


def current_header() -> ActivityHeader | None:
    """Return the header of the attempt that is being made; None if it has none, or no Stepfile worker makes it."""
    return _current.get()
