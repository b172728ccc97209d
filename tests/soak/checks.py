"""When all runs have ended, the ledger and the history of each run are checked."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from temporalio.api.enums.v1 import EventType, RetryState, WorkflowTaskFailedCause
from temporalio.client import WorkflowHistory
from temporalio.worker import Replayer, UnsandboxedWorkflowRunner

from dsl.reading.reader import read_file
from interpreter.failure.error_types import UNCERTAIN
from interpreter.program.compiled import compile_program
from interpreter.program.model import Program
from interpreter.temporal.workflow.workflow import StepfileWorkflow
from tests.soak.ledger import BANK, Kind, Ledger, get_run
from tests.soak.sagas import EndedSaga

EXPECTED_ERRORS = {
    "Declined",
    "ConnectionError",
    "DeadlineExceeded",
    "Timeout.StartToClose",
    "Timeout.Heartbeat",
    "WorkerShutdown",
}
"""The types of errors that a run may fail with."""

HARMLESS = {WorkflowTaskFailedCause.WORKFLOW_TASK_FAILED_CAUSE_UNHANDLED_COMMAND}
"""The causes of failed workflow tasks that are no problem.

This one means that a cancellation came while the run was ending; the run takes notice in the next workflow task.
"""

_END_ATTRIBUTES = {
    EventType.EVENT_TYPE_ACTIVITY_TASK_COMPLETED: "activity_task_completed_event_attributes",
    EventType.EVENT_TYPE_ACTIVITY_TASK_FAILED: "activity_task_failed_event_attributes",
    EventType.EVENT_TYPE_ACTIVITY_TASK_TIMED_OUT: "activity_task_timed_out_event_attributes",
    EventType.EVENT_TYPE_ACTIVITY_TASK_CANCELED: "activity_task_canceled_event_attributes",
}


Places = dict[tuple[str, Kind], int]
"""The key and kind of an effect → its place in the trail."""


@dataclass(slots=True)
class CalledActivity:
    """A `CalledActivity` is one activity in a history."""

    scheduled: int
    """The number of the event that has scheduled it."""
    activity: str
    key: str
    ended: int | None = None
    """The number of the event that has ended it."""
    error: str | None = None
    """The type of its error, if it has failed with a definite error of its own. Nobody knows what was done by one
    that was asked to stop, whatever it raises then."""

    @property
    def undoes(self) -> bool:
        """Tell whether it undoes a step."""
        return self.activity != "move"


def check_ledger(ledger: Ledger, ended: Iterable[EndedSaga]) -> Iterator[str]:
    """Find everything that is wrong in the ledger."""
    runs = {each.saga.run: each for each in ended}
    effects, trail, accounts = ledger.effects(), ledger.trail(), ledger.accounts()

    sums: Counter[str] = Counter()
    for effect in effects:
        sums[get_run(effect.key)] += effect.amount
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
            yield f"{effect.key}: done, although it was to be refused as undone before"
        if effect.kind == "undo" and places.get((effect.key, "do"), effect.id) >= effect.id:
            yield f"{effect.key}: undone before it was done"
    first = {each.key: each.id for each in reversed(trail) if each.activity == "move"}
    all_lasting: set[str] = set()
    for run, end in runs.items():
        program = compile_definition(end)
        keys = {f"{run}/{path}" for path, node in program.nodes.items() if node.activity == "move"}
        keys |= {each.key for each in trail if get_run(each.key) == run}
        lasting = find_lasting_keys(end, keys)
        all_lasting |= lasting
        yield from _check_kept(sorted(lasting), places)
        yield from _check_undone(sorted(keys - lasting), places)
        if not program.definition.saga.parallel and not retries_blocks(program):
            yield from _check_order(run, first, places)
        balance = accounts.get(run, 0)
        if not end.kept and balance:
            yield f"{run}: {end.status}, but {balance} is left on its account"
    for attempt in trail:
        if attempt.word == "refused" and attempt.key in all_lasting:
            yield f"{attempt.key}: refused, but it should last"


def _check_kept(keys: Sequence[str], places: Places) -> Iterator[str]:
    for key in keys:
        if (key, "do") not in places:
            yield f"{key}: never done, but the run has completed"
        if (key, "undo") in places or (key, "tombstone") in places:
            yield f"{key}: undone, but the run has completed"


def _check_undone(keys: Sequence[str], places: Places) -> Iterator[str]:
    for key in keys:
        if (key, "do") in places and (key, "undo") not in places:
            yield f"{key}: done and never undone"


def _check_order(run: str, begins: dict[str, int], places: Places) -> Iterator[str]:
    """Check that steps are undone in the reverse order of their begin."""
    undone = {key: place for (key, kind), place in places.items() if kind != "do" and get_run(key) == run}
    began = [(begins[key], key) for key, place in undone.items() if begins.get(key, place) < place]
    moments = began + [(undone[key], key) for _, key in began]
    open_: list[str] = []
    for _, key in sorted(moments):
        if key not in open_:
            open_.append(key)
        elif open_.pop() != key:
            yield f"{run}: not undone in reverse order"
            return


def find_lasting_keys(end: EndedSaga, keys: Iterable[str]) -> set[str]:
    """Find the keys whose effects should last; of a step that was undone and done again, that is the newest key."""
    newest = {get_step(key): key for key in sorted(keys, key=_get_generation)}
    return {key for step, key in newest.items() if end.kept and step not in end.given_up}


def get_step(key: str) -> str:
    """Return the path of the step that a key belongs to."""
    return key.partition("/")[2].partition("#")[0]


def _get_generation(key: str) -> int:
    return int(key.partition("#")[2] or 1)


def retries_blocks(program: Program) -> bool:
    """Tell whether a block has a retry policy; a step that has failed in it, and was not undone, keeps its key."""
    return any(node.kind == "steps" and node.retry is not None for node in program.nodes.values())


def check_history(end: EndedSaga) -> Iterator[str]:
    """Find everything that is wrong in the history of a run."""
    run, program = end.saga.run, compile_definition(end)
    if end.status not in ("COMPLETED", "FAILED", "CANCELED"):
        yield f"{run}: ended as {end.status}: {end.message}"
    if end.status == "FAILED" and end.error not in EXPECTED_ERRORS:
        yield f"{run}: failed with {end.error}: {end.message}"
    if end.history is None:
        return
    for cause in list_task_failures(end.history):
        if cause not in HARMLESS:
            yield f"{run}: a workflow task has failed: {WorkflowTaskFailedCause.Name(cause)}"
    calls = list_activities(end.history)
    retried = retries_blocks(program)
    counted = Counter((call.key, call.undoes) for call in calls if not (retried and call.error))
    for (key, undoes), count in counted.items():
        if count > 1:
            yield f"{key}: {'undone' if undoes else 'done'} by {count} activities"
    lasting = find_lasting_keys(end, (call.key for call in calls))
    for call in calls:
        if call.undoes and call.key in lasting:
            yield f"{call.key}: undone, but it should last"
    for before, after in pairwise(calls):
        together = program.definition.saga.parallel and before.undoes and after.undoes
        if not together and (before.ended is None or before.ended > after.scheduled):
            yield f"{after.key}: {after.activity} began before {before.key} had ended"
    yield from _check_undoing(program, [call for call in calls if call.key not in lasting])
    yield from (f"{key}: undone, but never called" for key in find_keys_never_called(end.history))


def _check_undoing(program: Program, calls: Sequence[CalledActivity]) -> Iterator[str]:
    """Check that exactly those steps are undone that have, or may have, done something."""
    undone = {call.key for call in calls if call.undoes}
    moves: dict[str, list[CalledActivity]] = {}
    for call in calls:
        if not call.undoes:
            moves.setdefault(call.key, []).append(call)
    for key, tries in moves.items():
        compensation = program.nodes[get_step(key)].compensation
        assert compensation is not None
        attempted = getattr(compensation.step, "after", None) == "attempted"
        due = attempted or any(call.error is None for call in tries)
        if due != (key in undone):
            error = tries[-1].error
            how = f"failed with {error}" if error else "completed, or its outcome is not known"
            yield f"{key}: {how}, and {'not ' if due else ''}undone"


def find_keys_never_called(history: WorkflowHistory) -> list[str]:
    """Find the keys of steps that were undone, although their activity is not in the history.

    An activity that is cancelled in the very workflow task that would have scheduled it does not get into the
    history, and its outcome is not known to the run.
    """
    calls = list_activities(history)
    moved = {call.key for call in calls if not call.undoes}
    return [call.key for call in calls if call.undoes and call.key not in moved]


async def check_replay(ended: Iterable[EndedSaga]) -> list[str]:
    """Find the histories that the interpreter can't replay."""
    replayer = Replayer(workflows=[StepfileWorkflow], workflow_runner=UnsandboxedWorkflowRunner())
    wrong = []
    for end in ended:
        if end.history is not None:
            replayed = await replayer.replay_workflow(end.history, raise_on_replay_failure=False)
            if replayed.replay_failure is not None:
                wrong.append(f"{end.saga.run}: does not replay: {replayed.replay_failure}")
    return wrong


def compile_definition(end: EndedSaga) -> Program:
    """Compile the definition of a run."""
    return compile_program(read_file(end.saga.definition).source.text)


def list_task_failures(history: WorkflowHistory) -> list[WorkflowTaskFailedCause.ValueType]:
    """List why workflow tasks have failed; the loss of a worker is a timeout, and not among them."""
    return [
        event.workflow_task_failed_event_attributes.cause
        for event in history.events
        if event.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED
    ]


def list_activities(history: WorkflowHistory) -> list[CalledActivity]:
    """List the activities of a run in the order in which they were scheduled."""
    calls: dict[int, CalledActivity] = {}
    for event in history.events:
        if event.event_type == EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED:
            scheduled = event.activity_task_scheduled_event_attributes
            key = json.loads(scheduled.input.payloads[0].data)
            calls[event.event_id] = CalledActivity(event.event_id, scheduled.activity_type.name, key)
        elif name := _END_ATTRIBUTES.get(event.event_type):
            attributes = getattr(event, name)
            call = calls[attributes.scheduled_event_id]
            call.ended = event.event_id
            if event.event_type == EventType.EVENT_TYPE_ACTIVITY_TASK_FAILED:
                error = attributes.failure.application_failure_info.type
                asked_to_stop = attributes.retry_state == RetryState.RETRY_STATE_CANCEL_REQUESTED
                call.error = None if asked_to_stop or error in UNCERTAIN else error
    return list(calls.values())
