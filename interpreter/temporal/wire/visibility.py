"""What all queries of Temporal's visibility share."""

from __future__ import annotations

from interpreter.temporal.wire.names import TYPE_PREFIX


def quote(text: str) -> str:
    """Write a text in a query."""
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


OUR_RUNS = f"WorkflowType STARTS_WITH {quote(TYPE_PREFIX)}"
"""Matches all runs of definitions."""
