"""The alerts of a definition, wherever they stand."""

from __future__ import annotations

from collections.abc import Iterator

from dsl.model import Alert, Definition
from dsl.source.map import Path


def find_alerts(definition: Definition) -> Iterator[tuple[Alert, Path]]:
    """Find all alerts, with their paths."""
    if definition.saga.on_not_undone is not None:
        yield definition.saga.on_not_undone, ("saga", "on_not_undone")
    for name, queue in definition.dead_letter_queues.items():
        if queue.on_dead_letter is not None:
            yield queue.on_dead_letter, ("dead_letter_queues", name, "on_dead_letter")
