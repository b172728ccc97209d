"""What was undone, kept in the memo of the run.

The memo can be read without a worker, in every listing, and after any ending: a run that was cancelled, terminated or
timed out has no other place to tell it. Each step has a key of its own, so that an upsert carries only what has
changed. A run in which nothing is undone writes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from temporalio import workflow

from interpreter.effects import UndoneRecord
from interpreter.temporal.wire.undone_records import INCOMPLETE, PREFIX, encode_record

MAXIMUM_RECORDS = 1000
"""Steps with a key of their own. Part of replay, as is the next: never change them."""

LONGEST_PATH = 500
"""Code points of a path that has a key of its own. The keys of items may be of any length."""


class UndoneMemo:
    """The part of the memo of one run that tells what was undone."""

    def __init__(self, info: workflow.Info) -> None:
        self._paths = {key for key in info.raw_memo if key.startswith(PREFIX)}

    def record(self, records: Mapping[str, UndoneRecord]) -> None:
        """Write what has changed."""
        changes: dict[str, Any] = {}
        for path, record in records.items():
            key = PREFIX + path
            if key not in self._paths and (len(self._paths) >= MAXIMUM_RECORDS or len(path) > LONGEST_PATH):
                key = INCOMPLETE
                if key in self._paths:
                    continue
                changes[key] = True
            else:
                changes[key] = encode_record(record)
            self._paths.add(key)
        if changes:
            workflow.upsert_memo(changes)
