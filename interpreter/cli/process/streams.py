"""A command can always write, whatever its standard streams are."""

from __future__ import annotations

import io
import os
import sys


def make_streams_usable() -> None:
    """Replace each standard stream that is closed, and let standard output take any text.

    Whoever closes a stream (`stepfile list >&-`) wants nothing of it: what is written there is thrown away, and
    nothing is read. Text that the encoding of standard output does not have, such as half of a surrogate pair, is
    escaped as `\\ud800`, as on standard error. That is the spelling of JSON, too, so JSON stays JSON.
    """
    # In this order, each file that is opened has the number of the stream that it replaces.
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115 - it stays open
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(  # pyright: ignore[reportUnknownMemberType]
            errors="backslashreplace"
        )
