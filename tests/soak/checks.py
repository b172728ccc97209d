"""What must hold when all is over: in the ledger, and in the history of each run."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from temporalio.api.enums.v1 import EventType, WorkflowTaskFailedCause
from temporalio.client import WorkflowHistory
from temporalio.worker import Replayer, UnsandboxedWorkflowRunner

from dsl.reading.reader import read_file
from interpreter.failure.uncertain import UNCERTAIN
from interpreter.program.compiler import compile_program
from interpreter.program.model import Program
from interpreter.temporal.workflow.workflow import StepfileWorkflow
from tests.soak.ledger import BANK, Kind, Ledger, run_of
from tests.soak.sagas import Ended

EXPECTED_ERRORS = {
    "Declined",
    "ConnectionError",
    "DeadlineExceeded",
    "Timeout.StartToClose",
    "Timeout.Heartbeat",
    "WorkerShutdown",
}
"""What a run may fail with here."""

HARMLESS = {WorkflowTaskFailedCause.WORKFLOW_TASK_FAILED_CAUSE_UNHANDLED_COMMAND}
"""A request to cancel came while the run was ending: it looks again."""

_ENDS = {
    EventType.EVENT_TYPE_ACTIVITY_TASK_COMPLETED: "activity_task_completed_event_attributes",
    EventType.EVENT_TYPE_ACTIVITY_TASK_FAILED: "activity_task_failed_event_attributes",
    EventType.EVENT_TYPE_ACTIVITY_TASK_TIMED_OUT: "activity_task_timed_out_event_attributes",
    EventType.EVENT_TYPE_ACTIVITY_TASK_CANCELED: "activity_task_canceled_event_attributes",
}


Places = dict[tuple[str, Kind], int]
"""Key and kind of an effect → its place in the trail."""


@dataclass(slots=True)
class Called:
    """One activity in a history."""

    scheduled: int
    """Number of the event."""
    activity: str
    key: str
    ended: int | None = None
    error: str | None = None
    """Type, if it failed with an error of its own, which is definite."""

    @property
    def undoes(self) -> bool:
        return self.activity != "move"


def check_ledger(ledger: Ledger, ended: Iterable[Ended]) -> Iterator[str]:
    """What is wrong with the ledger."""
    runs = {each.saga.run: each for each in ended}
    effects, trail, accounts = ledger.effects(), ledger.trail(), ledger.accounts()

    sums: Counter[str] = Counter()
    for effect in effects:
        sums[run_of(effect.key)] += effect.amount
        sums[BANK] -= effect.amount
    if sum(accounts.values()) != 0:
        yield f"the accounts sum up to {sum(accounts.values())}"
    for name in sorted({*sums, *accounts}):
        if sums[name] != accounts.get(name, 0):
            yield f"{name}: {accounts.get(name, 0)} on the account, {sums[name]} in its entries"
        if name != BANK and name not in runs:
            yield f"{name}: no run of this name has ended"

    places: Places = {(effect.key, effect.kind): effect.id for effect in effects}
    for effect in effects:
        if effect.kind == "do" and (effect.key, "tombstone") in places:
            yield f"{effect.key}: done, and refused as undone"
        if effect.kind == "undo" and places.get((effect.key, "do"), effect.id) >= effect.id:
            yield f"{effect.key}: undone before it was done"
    first = {each.key: each.id for each in reversed(trail) if each.activity == "move"}
    all_lasting: set[str] = set()
    for run, end in runs.items():
        program = program_of(end)
        keys = {f"{run}/{path}" for path, node in program.nodes.items() if node.activity == "move"}
        keys |= {each.key for each in trail if run_of(each.key) == run}
        last = lasting(end, keys)
        all_lasting |= last
        yield from _kept(sorted(last), places)
        yield from _undone(sorted(keys - last), places)
        if not program.definition.saga.parallel and not tried_again(program):
            yield from _in_reverse(run, first, places)
        balance = accounts.get(run, 0)
        if not end.kept and balance:
            yield f"{run}: {end.status}, and {balance} left on its account"
    for attempt in trail:
        if attempt.word == "refused" and attempt.key in all_lasting:
            yield f"{attempt.key}: refused, and it shall last"


def _kept(keys: Sequence[str], places: Places) -> Iterator[str]:
    for key in keys:
        if (key, "do") not in places:
            yield f"{key}: never done, and the run has completed"
        if (key, "undo") in places or (key, "tombstone") in places:
            yield f"{key}: undone, and the run has completed"


def _undone(keys: Sequence[str], places: Places) -> Iterator[str]:
    for key in keys:
        if (key, "do") in places and (key, "undo") not in places:
            yield f"{key}: done and never undone"


def _in_reverse(run: str, begins: dict[str, int], places: Places) -> Iterator[str]:
    """What is undone is what began last of all that is undone at some time."""
    undone = {key: place for (key, kind), place in places.items() if kind != "do" and run_of(key) == run}
    began = [(begins[key], key) for key, place in undone.items() if begins.get(key, place) < place]
    moments = began + [(undone[key], key) for _, key in began]
    open_: list[str] = []
    for _, key in sorted(moments):
        if key not in open_:
            open_.append(key)
        elif open_.pop() != key:
            yield f"{run}: not undone in reverse order"
            return


def lasting(end: Ended, keys: Iterable[str]) -> set[str]:
    """The keys of what shall last: of a step that was undone and done again, the newest."""
    newest = {step_of(key): key for key in sorted(keys, key=_number)}
    return {key for step, key in newest.items() if end.kept and step not in end.given_up}


def step_of(key: str) -> str:
    """The path of the step that a key belongs to."""
    return key.partition("/")[2].partition("#")[0]


def _number(key: str) -> int:
    return int(key.partition("#")[2] or 1)


def tried_again(program: Program) -> bool:
    """Whether it has a block with a retry policy: what has failed in it, and was not undone, keeps its key."""
    return any(node.kind == "steps" and node.retry is not None for node in program.nodes.values())


def check_history(end: Ended) -> Iterator[str]:
    """What is wrong with a run as Temporal has recorded it."""
    run, program = end.saga.run, program_of(end)
    if end.status not in ("COMPLETED", "FAILED", "CANCELED"):
        yield f"{run}: ended as {end.status}: {end.message}"
    if end.status == "FAILED" and end.error not in EXPECTED_ERRORS:
        yield f"{run}: failed with {end.error}: {end.message}"
    if end.history is None:
        return
    for cause in task_failures(end.history):
        if cause not in HARMLESS:
            yield f"{run}: a workflow task has failed: {WorkflowTaskFailedCause.Name(cause)}"
    calls = called(end.history)
    again = tried_again(program)
    counted = Counter((call.key, call.undoes) for call in calls if not (again and call.error))
    for (key, undoes), count in counted.items():
        if count > 1:
            yield f"{key}: {'undone' if undoes else 'done'} by {count} activities"
    last = lasting(end, (call.key for call in calls))
    for call in calls:
        if call.undoes and call.key in last:
            yield f"{call.key}: undone, and it shall last"
    for before, after in pairwise(calls):
        together = program.definition.saga.parallel and before.undoes and after.undoes
        if not together and (before.ended is None or before.ended > after.scheduled):
            yield f"{after.key}: {after.activity} began before {before.key} had ended"
    yield from _asked(program, [call for call in calls if call.key not in last])
    yield from (f"{key}: undone, and never called" for key in never_called(end.history))


def _asked(program: Program, calls: Sequence[Called]) -> Iterator[str]:
    """Exactly what has, or may have, done something is undone."""
    undone = {call.key for call in calls if call.undoes}
    moves: dict[str, list[Called]] = {}
    for call in calls:
        if not call.undoes:
            moves.setdefault(call.key, []).append(call)
    for key, tries in moves.items():
        compensation = program.nodes[step_of(key)].compensation
        assert compensation is not None
        attempted = getattr(compensation.step, "after", None) == "attempted"
        due = attempted or any(call.error is None for call in tries)
        if due != (key in undone):
            error = tries[-1].error
            how = f"failed with {error}" if error else "completed, or nobody knows"
            yield f"{key}: {how}, and {'not ' if due else ''}undone"


def never_called(history: WorkflowHistory) -> list[str]:
    """The keys of steps that were undone, and are not in the history.

    Cancelled in the very workflow task that would have scheduled it, an activity never gets there; the run takes it
    for one of which nothing is known.
    """
    calls = called(history)
    moved = {call.key for call in calls if not call.undoes}
    return [call.key for call in calls if call.undoes and call.key not in moved]


async def check_replay(ended: Iterable[Ended]) -> list[str]:
    """Which histories the interpreter of today does not replay."""
    replayer = Replayer(workflows=[StepfileWorkflow], workflow_runner=UnsandboxedWorkflowRunner())
    wrong = []
    for end in ended:
        if end.history is not None:
            replayed = await replayer.replay_workflow(end.history, raise_on_replay_failure=False)
            if replayed.replay_failure is not None:
                wrong.append(f"{end.saga.run}: does not replay: {replayed.replay_failure}")
    return wrong


def program_of(end: Ended) -> Program:
    """The compiled definition."""
    return compile_program(read_file(end.saga.definition).source.text)


def task_failures(history: WorkflowHistory) -> list[WorkflowTaskFailedCause.ValueType]:
    """Why workflow tasks have failed; the loss of a worker is a timeout and not among them."""
    return [
        event.workflow_task_failed_event_attributes.cause
        for event in history.events
        if event.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED
    ]


def called(history: WorkflowHistory) -> list[Called]:
    """The activities, in the order in which they were scheduled."""
    calls: dict[int, Called] = {}
    for event in history.events:
        if event.event_type == EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED:
            scheduled = event.activity_task_scheduled_event_attributes
            key = json.loads(scheduled.input.payloads[0].data)
            calls[event.event_id] = Called(event.event_id, scheduled.activity_type.name, key)
        elif name := _ENDS.get(event.event_type):
            attributes = getattr(event, name)
            call = calls[attributes.scheduled_event_id]
            call.ended = event.event_id
            if event.event_type == EventType.EVENT_TYPE_ACTIVITY_TASK_FAILED:
                error = attributes.failure.application_failure_info.type
                call.error = None if error in UNCERTAIN else error
    return list(calls.values())
