"""Steps wait for messages, which have names."""

from __future__ import annotations

from collections.abc import Iterator

from dsl.definition.walk import walk
from dsl.model import Awaited, Definition, WaitForStep
from dsl.source.map import Path


def find_awaited_names(definition: Definition) -> frozenset[str]:
    """Find the signals and updates that some step waits for."""
    return frozenset(
        name
        for placed in walk(definition)
        if isinstance(placed.step, WaitForStep)
        for name, _ in list_names(placed.step.wait_for, ())
    )


def list_names(awaited: Awaited, path: Path) -> Iterator[tuple[str, Path]]:
    """List what a `wait_for` at `path` waits for, each name with its own path."""
    if awaited.signal is not None:
        yield awaited.signal, (*path, "signal")
    for key in ("any", "all"):
        for index, name in enumerate(getattr(awaited, key)):
            yield name, (*path, key, index)
