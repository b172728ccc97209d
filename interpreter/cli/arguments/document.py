"""The FILE of a command: a path, or `-` for standard input."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dsl.reading.reader import Document

STDIN = "-"


def read(file: str) -> Document:
    """Read a definition. Never raises for what it is or holds."""
    from dsl.reading.files import MAX_BYTES
    from dsl.reading.reader import read_bytes, read_file

    return read_bytes(sys.stdin.buffer.read(MAX_BYTES + 1)) if file == STDIN else read_file(file)
