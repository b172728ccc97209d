"""Snippets of editors become the text that they insert."""

from __future__ import annotations

import re

_STOP = re.compile(r"\$\{\d+:((?:\\.|[^}\\])*)\}|\$\{\d+\}|\$\d+")


def expand(snippet: str) -> str:
    """Put in place of each stop of the cursor what stands there from the beginning."""
    return _unescape(_STOP.sub(lambda stop: stop[1] or "", snippet))


def _unescape(text: str) -> str:
    return re.sub(r"\\([\\$}])", r"\1", text)
