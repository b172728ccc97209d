"""Resume a run: plan how another run goes on from where it has failed, and start that run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from temporalio.client import Client, WorkflowHandle

from interpreter.effects import UndoneStatus
from interpreter.predecessor import Predecessor
from interpreter.program.compiled import compile_program
from interpreter.program.model import Bundle
from interpreter.resume.children import list_open_children
from interpreter.resume.plan import Plan
from interpreter.resume.planning import build_plan
from interpreter.resume.remains import Remains
from interpreter.state.patches import InvalidPatch, Patch
from interpreter.temporal.client.decoding import Undecodable, translate_decoding_errors
from interpreter.temporal.client.run_problem import translate_errors
from interpreter.temporal.client.undone_by_letters import StillRedriving, find_undone_by_letters
from interpreter.temporal.lineage.lineage import knows_what_was_undone
from interpreter.temporal.lineage.undone_run import read_undone_run
from interpreter.temporal.repair.children import look_at_children, note_parent
from interpreter.temporal.repair.ended_run import EndedRun
from interpreter.temporal.repair.problem import RepairProblem
from interpreter.temporal.repair.replaying import replay_remains
from interpreter.temporal.wire.repair_record import RepairRecord
from interpreter.temporal.wire.request import build_memo, resume_arguments
from interpreter.temporal.wire.undone_records import INCOMPLETE, decode_records, encode_record


@dataclass(frozen=True, slots=True)
class Resumption:
    """A run that has ended, and the plan of how another one goes on from there. Nothing was started yet."""

    ended: EndedRun
    plan: Plan
    bundle: Bundle | None
    """Another definition to go on with; None for that of the run."""
    before: Predecessor
    """What was undone in the runs and attempts before it, and in the children of all."""

    @property
    def refusal(self) -> str | None:
        """Why the run can't be resumed; None if it can."""
        return "; ".join(self.plan.refused) or None

    @property
    def summary(self) -> str:
        """Say in one line what is done."""
        return self.plan.summary

    def to_json(self) -> dict[str, Any]:
        """Write it as plain data."""
        return {"was": self.ended.status, **self.plan.to_json()}

    async def start(self, *, reason: str | None = None) -> WorkflowHandle[Any, Any]:
        """Start the run that goes on.

        Args:
            reason: Why; it is kept in the memo of the new run, with the identity of the client.

        Raises:
            RepairProblem: the plan is refused, or the id was used again since the plan was made.
        """
        ended, plan = self.ended, self.plan
        if plan.state is None:
            raise RepairProblem(
                f'the run "{ended.info.id}" can\'t be resumed: {self.refusal}',
                f"`stepfile retry {ended.info.id}` runs it again from its beginning",
            )
        arguments = resume_arguments(ended.arguments, plan.input, plan.state, self.before, self.bundle)
        memo = _build_undone_memo(ended.memo)
        if self.bundle is not None:
            memo |= build_memo(compile_program(self.bundle).definition, self.bundle)
        record = RepairRecord("resume", ended.info.run_id, ended.client.identity, reason, ended.parent)
        return await ended.start_again(arguments, memo, record)


async def plan_resume(
    client: Client,
    workflow_id: str,
    *,
    patches: Sequence[Patch] = (),
    bundle: Bundle | None = None,
    despite_cleanup: bool = False,
) -> Resumption:
    """Plan how a run is resumed.

    The history of the run is replayed here, so this takes the data converter of its workers, but no worker.

    Args:
        client: A connection, as from `connect`.
        workflow_id: The id. Its last run has failed, was cancelled or terminated, or has timed out.
        patches: What is changed of the input and the variables.
        bundle: A newer definition to go on with.
        despite_cleanup: Whether to go on although `finally` or `on_failure` may have taken back what is kept.

    Raises:
        TemporalProblem: there is no such run, or it can't be replayed; the message says why.
    """
    ended = await EndedRun.find(client, workflow_id)
    with translate_errors(workflow_id):
        history = await ended.handle.fetch_history()
    remains = await replay_remains(client.data_converter, history, ended.request)
    remains = _correct_by_memo(remains, ended.memo)
    found = await look_at_children(client, list_open_children(remains), workflow_id)
    program = None if bundle is None else compile_program(bundle)
    if program is not None and program.definition.name != remains.run.program.definition.name:
        raise RepairProblem(
            f'the run "{workflow_id}" is one of the definition "{remains.run.program.definition.name}", and the file '
            f'has the definition "{program.definition.name}"'
        )
    try:
        plan = build_plan(
            remains,
            patches=patches,
            program=program,
            hindrances=found.hindrances,
            despite_cleanup=despite_cleanup,
        )
    except InvalidPatch as error:
        raise RepairProblem(f'the run "{workflow_id}" can\'t be resumed with these values: {error}') from None
    plan.notes.extend(await note_parent(ended))
    plan = await _refuse_undone_by_letters(ended, plan)
    if not knows_what_was_undone(history.events, ended.info.run_id):
        plan = _refuse(plan, [_describe_unknown(workflow_id)])
    if ended.started.cron_schedule:
        plan.notes.append("the new run has no cron expression: it is the rest of one round")
    before = (
        remains.run.predecessor
    )  # what it was started with does not have what a failed attempt has told it
    before = replace(before, started_with=before.generation).meet_children(found.known)
    return Resumption(ended, plan, bundle, before)


async def _refuse_undone_by_letters(ended: EndedRun, plan: Plan) -> Plan:
    """Refuse to run steps again with keys whose effects a redrive has undone: the run was told nothing of that."""
    try:
        with translate_errors(ended.info.id), translate_decoding_errors():
            told = await read_undone_run(ended.client, ended.info)
            undone = await find_undone_by_letters(ended.client, ended.info, told)
    except StillRedriving as letter:
        why = [f"what an earlier run could not undo is being undone now, by the redrive of {letter}"]
    except Undecodable as error:
        why = [f"what redrives have undone since can't be decoded here: {error}"]
    else:
        why = [
            f"{path}: the redrive of a dead letter has undone its effect since; `stepfile retry {ended.info.id}` "
            "gives it a new key"
            for path in undone
            if path not in told.records  # or else it is refused already
        ]
    return _refuse(plan, why)


def _refuse(plan: Plan, why: Sequence[str]) -> Plan:
    return replace(plan, refused=[*plan.refused, *why], state=None) if why else plan


def _describe_unknown(workflow_id: str) -> str:
    return (
        "the run was reset, and has ended before it knew what was undone since; "
        f"`stepfile retry {workflow_id}` begins at the beginning and finds it out"
    )


def _correct_by_memo(remains: Remains, memo: Mapping[str, Any]) -> Remains:
    """Correct what was being undone when the run was ended. The memo of the run has what is true.

    A replay also does what would have followed the last events of a run that was ended meanwhile. So what has not
    begun by the memo is left out, unless there was more than it holds. And a run that was reset has in its memo what
    other runs were undoing, of which its own history tells nothing.
    """
    records, being_undone = decode_records(memo), dict(remains.being_undone)
    if INCOMPLETE not in memo:
        begun = {path for path, record in records.items() if record.status is not UndoneStatus.UNDONE}
        being_undone = {path: key for path, key in being_undone.items() if key in begun}
    of_others = {path for path, record in records.items() if record.status is UndoneStatus.UNDOING}
    of_others -= {*being_undone.values()}
    return replace(remains, being_undone={**being_undone, **{path: path for path in sorted(of_others)}})


def _build_undone_memo(memo: Mapping[str, Any]) -> dict[str, Any]:
    """What the next run under the id must know of effects: how often each was undone.

    What could not be undone is there still, and is kept.
    """
    records = {path: record for path, record in decode_records(memo).items() if record.times}
    incomplete = {INCOMPLETE: True} if INCOMPLETE in memo else {}
    return {**{INCOMPLETE + path: encode_record(each) for path, each in records.items()}, **incomplete}
