"""A command reads the definition that its argument FILE names: a path, or `-` for standard input."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dsl.reading.reader import Document

STDIN = "-"


def read_document(file: str) -> Document:
    """Read a definition; what is wrong with the file is among the document's problems, never raised."""
    from dsl.reading.files import MAX_BYTES
    from dsl.reading.reader import read_bytes, read_file

    return read_bytes(sys.stdin.buffer.read(MAX_BYTES + 1)) if file == STDIN else read_file(file)
