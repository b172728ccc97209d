"""Which runs there were beside a run that was reset: those that may have undone what it takes for done.

**By the history, which is exact.** A reset leaves an event that names its *base run*: the one whose history was
copied. A base run may have been reset itself, before or after that point. One that has continued as new, or was
retried, has run on in others.

**By visibility, which may be late.** A run may be reset twice, or have been started again under its id since. Nothing
in a history leads to those runs, so all runs of the id are listed. One that has ended before the base run began is no
matter: that one has known what it had undone.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from temporalio.api.enums.v1 import EventType, WorkflowTaskFailedCause
from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import Client, WorkflowExecutionStatus, WorkflowHistoryEventFilterType
from temporalio.service import RPCError, RPCStatusCode

from interpreter.temporal.lineage.undone_run import Handle, UndoneRun, read_undone_run
from interpreter.temporal.wire.names import is_stepfile_type
from interpreter.temporal.wire.request import InvalidRequest
from interpreter.temporal.wire.undone_sums import FIND_UNDONE
from interpreter.temporal.wire.visibility import quote

_ALL = WorkflowHistoryEventFilterType.ALL_EVENT
_RESET = WorkflowTaskFailedCause.WORKFLOW_TASK_FAILED_CAUSE_RESET_WORKFLOW


class RunGone(Exception):
    """A run that must be asked is no more, because its retention has ended. The message names it."""


def knows_what_was_undone(events: Sequence[HistoryEvent], run_id: str) -> bool:
    """Whether a run was told what other runs have undone: it was never reset, or has asked since.

    Args:
        events: The history of the run.
        run_id: Its id.
    """
    history = _History()
    for event in events:
        history.note(event)
    started = events[0].workflow_execution_started_event_attributes
    was_reset = started.original_execution_run_id != run_id  # a reset to the first task leaves no other trace
    return not history.bases and (history.has_answer or not was_reset)


async def find_runs_beside(
    client: Client, workflow_id: str, run_id: str, beat: Callable[[], None] = lambda: None
) -> list[UndoneRun]:
    """Find the runs that may have undone what a run that was reset takes for done.

    Args:
        client: A connection to the namespace.
        workflow_id: The workflow id of all of them.
        run_id: The run that was reset.
        beat: Called again and again meanwhile.

    Raises:
        RunGone: the record of a base run is gone.
        Exception: as of `read_undone_run`.
    """
    scan = _Scan(client, workflow_id, beat)
    began = await scan.follow_bases(run_id)
    async for each in client.list_workflows(f"WorkflowId = {quote(workflow_id)}"):
        beat()
        is_over_before = each.close_time is not None and each.close_time < began
        has_gone_on = each.status is WorkflowExecutionStatus.CONTINUED_AS_NEW
        if is_stepfile_type(each.workflow_type) and not (is_over_before or has_gone_on):
            scan.found.setdefault(each.run_id, False)
    scan.found.pop(run_id, None)
    return [run async for run in scan.read_found()]


@dataclass(frozen=True, slots=True)
class BegunChildren:
    """The children of which histories tell, by their workflow ids."""

    ids: frozenset[str]
    """The children that a run that was reset has begun, or a run whose history it has."""
    pending: frozenset[str]
    """The children that the run itself waits for."""


async def find_begun_children(
    client: Client, workflow_id: str, run_id: str, beat: Callable[[], None]
) -> BegunChildren:
    """Find the children that a run that was reset and its base runs have begun.

    Args:
        client, workflow_id, run_id, beat: As for `find_runs_beside`.

    Raises:
        RunGone: the record of a base run is gone.
        RPCError: the server can't be asked.
    """
    scan = _Scan(client, workflow_id, beat, all_events=True)
    await scan.follow_bases(run_id)
    return BegunChildren(frozenset(scan.children), frozenset(scan.pending[run_id]))


@dataclass(slots=True)
class _Scan:
    client: Client
    workflow_id: str
    beat: Callable[[], None]
    all_events: bool = False
    """Whether the whole histories are read of runs in which a base run has run on."""
    children: set[str] = field(default_factory=set[str])
    """The workflow ids of children that were begun."""
    pending: dict[str, frozenset[str]] = field(default_factory=dict[str, frozenset[str]])
    """Run id → the workflow ids of children that have not ended by its history."""
    found: dict[str, bool] = field(default_factory=dict[str, bool])
    """The ids of the runs to be read, and whether each must be there still. A run that has continued as new is not
    read: the next one has its memo."""
    _seen: set[str] = field(default_factory=set[str])

    async def follow_bases(self, run_id: str) -> datetime:
        """Find the base runs of a run, theirs in turn, and the runs in which these have run on.

        Returns:
            When the first of them began, in UTC.
        """
        began = datetime.max.replace(tzinfo=UTC)
        waiting = [run_id]
        while waiting:
            each = waiting.pop()
            if each in self._seen:
                continue
            history = await self._read_history(each)
            began = min(began, history.began)
            waiting += history.bases
            if each != run_id:
                await self._follow(history.next_run)
        return began

    async def read_found(self) -> AsyncIterator[UndoneRun]:
        """Read what the runs tell that were found."""
        for run_id, needed in self.found.items():
            self.beat()
            try:
                yield await read_undone_run(self.client, await self._get_handle(run_id).describe())
            except InvalidRequest:
                continue  # every worker has refused to begin it, so it has done and undone nothing
            except RPCError as error:
                if error.status is not RPCStatusCode.NOT_FOUND:
                    raise
                if needed:
                    raise RunGone(run_id) from None

    async def _follow(self, run_id: str) -> None:
        while run_id and run_id not in self._seen:
            self.beat()
            which = _ALL if self.all_events else WorkflowHistoryEventFilterType.CLOSE_EVENT
            run_id = (await self._read_history(run_id, which)).next_run

    async def _read_history(self, run_id: str, which: WorkflowHistoryEventFilterType = _ALL) -> _History:
        history = _History()
        try:
            async for event in self._get_handle(run_id).fetch_history_events(event_filter_type=which):
                self.beat()
                history.note(event)
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                raise RunGone(run_id) from None
            raise
        self._seen.add(run_id)
        self.children |= history.begun_children
        self.pending[run_id] = frozenset(history.pending_children.values())
        if not history.has_gone_on:
            self.found[run_id] = True
        return history

    def _get_handle(self, run_id: str) -> Handle:
        return self.client.get_workflow_handle(self.workflow_id, run_id=run_id)


@dataclass(slots=True)
class _History:
    """What a history tells of other runs."""

    began: datetime = field(default_factory=lambda: datetime.max.replace(tzinfo=UTC))
    bases: list[str] = field(default_factory=list[str])
    """The base runs of resets whose answer the run does not have."""
    next_run: str = ""
    """The run in which it has run on."""
    has_answer: bool = False
    """Whether it was told what was undone before its last reset, or after it."""
    has_gone_on: bool = False
    """Whether it has continued as new."""
    begun_children: set[str] = field(default_factory=set[str])
    pending_children: dict[int, str] = field(default_factory=dict[int, str])
    """The event that has begun a child → its workflow id; without those that have ended."""
    _questions: set[int] = field(default_factory=set[int])

    def note(self, event: HistoryEvent) -> None:
        """Note what an event tells."""
        began = event.event_time.ToDatetime(UTC)
        self.began = min(self.began, began)
        if event.HasField("workflow_task_failed_event_attributes"):
            failed = event.workflow_task_failed_event_attributes
            if failed.cause == _RESET:
                self.bases.append(failed.base_run_id)
        elif event.HasField("activity_task_scheduled_event_attributes"):
            if event.activity_task_scheduled_event_attributes.activity_type.name == FIND_UNDONE:
                self._questions.add(event.event_id)
        elif event.HasField("activity_task_completed_event_attributes"):
            if event.activity_task_completed_event_attributes.scheduled_event_id in self._questions:
                self.bases.clear()
                self.has_answer = True
        elif event.HasField("start_child_workflow_execution_initiated_event_attributes"):
            child = event.start_child_workflow_execution_initiated_event_attributes.workflow_id
            self.begun_children.add(child)
            self.pending_children[event.event_id] = child
        else:
            self.pending_children.pop(_find_ended_child(event), None)
            self.has_gone_on |= event.HasField("workflow_execution_continued_as_new_event_attributes")
            self.next_run = _find_next_run(event) or self.next_run


def _find_ended_child(event: HistoryEvent) -> int:
    """Find the event that has begun the child whose end an event tells; 0 if it tells of none."""
    attributes = event.WhichOneof("attributes")
    if attributes is None or event.event_type == EventType.EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_STARTED:
        return 0
    number: int = getattr(getattr(event, attributes), "initiated_event_id", 0)
    return number


def _find_next_run(event: HistoryEvent) -> str:
    """Find the run that goes on where an event has ended one; "" if the event says of none."""
    attributes = event.WhichOneof("attributes")
    next_run: str = getattr(getattr(event, attributes), "new_execution_run_id", "") if attributes else ""
    return next_run
