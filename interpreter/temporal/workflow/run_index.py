"""A run that needs somebody can be found by search attributes, where the namespace has them.

A run writes each of them at most once, and only when it has something to say: a healthy run has not one event more.
Which of them there are stands in the request, since to write another one would block the run.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import NamedTuple

from temporalio import workflow
from temporalio.common import SearchAttributeKey

from interpreter.effects import UndoneRecord, UndoneStatus
from interpreter.failure.failure import Failure
from interpreter.program.model import Program
from interpreter.program.paths import find_defined, list_step_names
from interpreter.temporal.wire.search_attributes import FAILED_STEP, LETTERS, NOT_UNDONE, cut_keyword


class RunIndex(NamedTuple):
    """Writes the search attributes of the run."""

    names: Collection[str]
    """Those that the namespace has."""

    def note_failure(self, program: Program, failure: Failure) -> None:
        """Note which step has failed the run; nothing if it was none."""
        node = find_defined(program, failure.step) if failure.step is not None else None
        if node is not None:
            # An attempt of the whole workflow may have it from the attempt before.
            self._write(FAILED_STEP, node.path, replace=True)

    def note_undone(self, records: Mapping[str, UndoneRecord]) -> None:
        """Note the first step that could not be undone."""
        for path, record in records.items():
            if record.status is UndoneStatus.NOT_UNDONE:
                # The keys of items may be anything, and search attributes are never encrypted.
                self._write(NOT_UNDONE, list_step_names(path)[0])

    def note_letter(self, queue: str) -> None:
        """Note the queue of the first dead letter."""
        self._write(LETTERS, queue)

    def _write(self, key: SearchAttributeKey[str], text: str, *, replace: bool = False) -> None:
        if key.name not in self.names:
            return
        value, written = cut_keyword(text), workflow.info().typed_search_attributes.get(key)
        if written is None or (replace and written != value):
            # temporalio leaves open of which type the values are
            workflow.upsert_search_attributes([key.value_set(value)])  # pyright: ignore[reportUnknownMemberType]
