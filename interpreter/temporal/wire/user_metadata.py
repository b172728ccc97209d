"""Texts that Temporal shows to people beside workflows, activities and timers: no longer than a server may allow.

Temporal documents 400 bytes for a summary and 20,000 for details as the limits of a server. A codec makes payloads
longer, so there is room left for that. What is cut off is no part of what a run does.
"""

from __future__ import annotations

from dsl.scalars.text import make_sendable

SUMMARY_BYTES = 280
DETAILS_BYTES = 14_000


def cut_summary(text: str) -> str:
    """Cut a summary, one line of text."""
    return _cut(text, SUMMARY_BYTES)


def cut_details(text: str) -> str:
    """Cut details, which are Markdown."""
    return _cut(text, DETAILS_BYTES)


def _cut(text: str, most: int) -> str:
    return make_sendable(text).encode()[:most].decode(errors="ignore")
