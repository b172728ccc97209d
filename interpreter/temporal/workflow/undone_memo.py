"""What was undone, kept in the memo of the run.

The memo can be read without a worker, in every listing, and after any ending: a run that was cancelled, terminated or
timed out has no other place to tell it. Each step has a key of its own, so that an upsert carries only what has
changed. A run in which nothing is undone writes nothing. When a run continues as new, the server gives the
next one the memo with which the first one was started, without what was written since. So that must be handed on.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from temporalio import workflow
from temporalio.common import RawValue

from interpreter.effects import UndoneRecord
from interpreter.temporal.wire.undone_records import INCOMPLETE, PREFIX, encode_record

MAXIMUM_RECORDS = 1000
"""Steps with a key of their own. Part of replay, as is the next: never change them."""

LONGEST_PATH = 500
"""Code points of a path that has a key of its own. The keys of items may be of any length."""


def carry_memo(info: workflow.Info) -> dict[str, Any] | None:
    """The memo for the next run; None if it tells of nothing that was undone: the server has the rest."""
    if not any(key.startswith(PREFIX) for key in info.raw_memo):
        return None
    return {key: RawValue(payload) for key, payload in info.raw_memo.items()}


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
