"""What the run has told the attempt that is being made. Importing this is cheap: every activity that asks for its key
does."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from interpreter.temporal.wire.activity_header import ActivityHeader

_current: ContextVar[ActivityHeader | None] = ContextVar("stepfile_followed", default=None)


@contextmanager
def use_header(instructions: ActivityHeader | None) -> Iterator[None]:
    """The attempt inside can ask for them."""
    token = _current.set(instructions)
    try:
        yield
    finally:
        _current.reset(token)


def current_header() -> ActivityHeader | None:
    """Those of the attempt that is being made."""
    return _current.get()
