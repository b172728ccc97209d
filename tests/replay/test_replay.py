"""Recorded histories replay with the code of today: a run that began yesterday goes on."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from temporalio.client import WorkflowHistory
from temporalio.worker import Replayer, UnsandboxedWorkflowRunner, WorkflowRunner
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions
from temporalio.workflow import NondeterminismError

from interpreter.temporal.workflow import StepfileWorkflow
from tests.replay.record import HISTORIES, history_file
from tests.support.cases import DEFINITIONS, run_cases

FILES = sorted(HISTORIES.glob("*.json"))
REHEARSALS = [case for case in run_cases() if case.file.parent == DEFINITIONS]
LOOKED_INTO = SandboxRestrictions.default.with_passthrough_modules("attr", "attrs")
"""No module of ours is passed through: the sandbox looks into every one of them. Only attrs, which jsonschema
imports, is: it asks the platform which Python this is, once, while it is imported."""
RUNNERS = {
    "unsandboxed": UnsandboxedWorkflowRunner(),
    "in the sandbox": SandboxedWorkflowRunner(restrictions=LOOKED_INTO),
}

COMMANDS = {
    "activityTaskScheduledEventAttributes": ("activityType", "activityId"),
    "startChildWorkflowExecutionInitiatedEventAttributes": ("workflowType", "workflowId"),
}
"""Events that a step leaves, and what in them names the code and the step."""

each_history = pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
each_twin = pytest.mark.parametrize(
    "file",
    [file for file in FILES if any(name in file.read_text() for name in COMMANDS)],
    ids=lambda file: file.stem,
)
"""A run that only fails asks the server for nothing, so no twin of it can differ."""
each_runner = pytest.mark.parametrize("runner", RUNNERS.values(), ids=RUNNERS)


def test_every_rehearsal_has_a_history_and_no_history_is_left_over() -> None:
    assert {history_file(case) for case in REHEARSALS} == set(FILES)


def test_every_definition_is_rehearsed() -> None:
    definitions = {file for file in DEFINITIONS.glob("*.yaml") if not file.name.endswith(".rehearsal.yaml")}
    assert {case.file for case in REHEARSALS} == definitions


@each_runner
@each_history
async def test_a_history_replays(file: Path, runner: WorkflowRunner) -> None:
    await _replay(file.stem, file.read_text(encoding="utf-8"), runner)


@each_twin
async def test_its_twin_with_another_activity_does_not(file: Path) -> None:
    with pytest.raises(NondeterminismError):
        await _replay(file.stem, _with_another(file, 0, {"name": "another"}), RUNNERS["unsandboxed"])


@each_twin
async def test_its_twin_with_another_step_does_not(file: Path) -> None:
    """The definition in the input says another order than the events that follow."""
    with pytest.raises(NondeterminismError):
        await _replay(file.stem, _with_another(file, 1, "another"), RUNNERS["unsandboxed"])


async def _replay(workflow_id: str, history: str, runner: WorkflowRunner) -> None:
    replayer = Replayer(workflows=[StepfileWorkflow], unsandboxed_workflow_runner=runner)
    await replayer.replay_workflow(WorkflowHistory.from_json(workflow_id, history))


def _with_another(file: Path, which: int, value: object) -> str:
    data = json.loads(file.read_text(encoding="utf-8"))
    name, event = next((name, event) for event in data["events"] for name in COMMANDS if name in event)
    event[name][COMMANDS[name][which]] = value
    return json.dumps(data)
