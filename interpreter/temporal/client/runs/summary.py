"""A run in short: what a server tells of it in a list, and what was found out beside that."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from temporalio.client import WorkflowExecution

from interpreter.effects import UndoneStatus
from interpreter.temporal.client.decoding import read_memo
from interpreter.temporal.client.ending import ENDED, read_status
from interpreter.temporal.wire.repair_record import REPAIR_KEY, read_parent
from interpreter.temporal.wire.search_attributes import FAILED_STEP, LETTERS, NOT_UNDONE
from interpreter.temporal.wire.undone_records import INCOMPLETE, decode_records

UNNAMED = "(more steps than its memo holds)"
"""Stands for steps that nothing tells the names of."""


@dataclass(frozen=True, slots=True)
class RunSummary:
    """A `RunSummary` is what is known of one run in a list."""

    workflow_id: str
    run_id: str
    status: str
    """`running`, `continued_as_new`, or how it has ended."""
    definition: Mapping[str, Any]
    """The `name`, `version` and `hash` of its definition. Only the name is known of a run that can't be decoded."""
    task_queue: str
    started_at: datetime
    ended_at: datetime | None
    undone: Mapping[str, str] = field(default_factory=dict[str, str])
    """Path in idempotency keys → `undoing`, `undone` or `not_undone`."""
    not_undone: tuple[str, ...] = ()
    """The steps whose effect was to be undone and is not, or may not be."""
    failed_at: str | None = None
    """The step that has failed it, if that is known."""
    error: Mapping[str, Any] | None = None
    """Why it has failed, as `error` in expressions, if the run was read for that."""
    letters: str | None = None
    """The queue of its first dead letter, if it is known that there is one."""
    stuck: tuple[str, ...] = ()
    """Why it does not get on, in words, if the run was read for that."""
    parent: str | None = None
    """The workflow id of the run whose child it is, or was before it was repaired by itself."""
    was_detached: bool = False
    """Whether it was repaired by itself, so that its parent does not hear of it."""
    undecodable: str | None = None
    """Why some of this can't be decoded here; None if all of it could."""

    @property
    def has_ended(self) -> bool:
        """Whether it is over, or goes on as another run."""
        return self.status in ENDED or self.status == "continued_as_new"


async def read_summary(listed: WorkflowExecution) -> RunSummary:
    """Read what a server tells of a run in its list."""
    memo, problem = await read_memo(listed, listed.workflow_type)
    status = read_status(listed.status)
    undone = {path: record.status.value for path, record in decode_records(memo).items()}
    found = {key.name: listed.typed_search_attributes.get(key) for key in (FAILED_STEP, NOT_UNDONE, LETTERS)}
    return RunSummary(
        workflow_id=listed.id,
        run_id=listed.run_id,
        status=status,
        definition={name: memo.get(name) for name in ("name", "version", "hash")},
        task_queue=listed.task_queue,
        started_at=listed.start_time,
        ended_at=listed.close_time,
        undone=undone,
        not_undone=_list_not_undone(status, undone, INCOMPLETE in memo, found[NOT_UNDONE.name]),
        failed_at=found[FAILED_STEP.name] if status == "failed" else None,
        letters=found[LETTERS.name],
        parent=read_parent(listed.parent_id, memo),
        was_detached=listed.parent_id is None and REPAIR_KEY in memo,
        undecodable=None if problem is None else str(problem),
    )


def _list_not_undone(
    status: str, undone: Mapping[str, str], incomplete: bool, indexed: str | None
) -> tuple[str, ...]:
    """List the steps that are not undone.

    Args:
        status: That of the run.
        undone: What its memo tells.
        incomplete: Whether there are more steps than the memo holds. Nobody knows what has become of those.
        indexed: What its search attribute tells.
    """
    words = {UndoneStatus.NOT_UNDONE.value}
    if status in ENDED:  # nobody goes on with what had begun
        words.add(UndoneStatus.UNDOING.value)
    found = tuple(path for path, word in undone.items() if word in words)
    if found or not (incomplete or (indexed and not undone)):
        return found
    return (indexed or UNNAMED,)
