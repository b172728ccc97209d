"""Recorded histories replay with the code of today: a run that began yesterday goes on."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import pytest
from temporalio.client import WorkflowHistory
from temporalio.worker import Replayer, UnsandboxedWorkflowRunner, WorkflowRunner
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions
from temporalio.workflow import NondeterminismError

from dsl.model import STEP_KINDS
from interpreter.temporal.wire.names import ORDER_UPDATES
from interpreter.temporal.workflow.workflow import StepfileWorkflow
from tests.interpreter.test_properties import SOAK
from tests.replay.record import HISTORIES, history_file
from tests.replay.record_resets import RESET_HISTORIES
from tests.replay.record_resumes import RESUMED_HISTORIES
from tests.support.cases import DEFINITIONS, run_cases

KEYS = {key for step in STEP_KINDS.values() for key in (step.kind, *step.model_fields)}
T = TypeVar("T")

FILES = sorted(HISTORIES.glob("*.json"))
"""Of the rehearsals of the shipped definitions."""
REPAIRED = sorted([*RESET_HISTORIES.glob("*.json"), *RESUMED_HISTORIES.glob("*.json")])
"""Of runs that were reset or resumed."""
REHEARSALS = [case for case in run_cases() if case.file.parent == DEFINITIONS]
FORBIDDEN = SandboxRestrictions.default.invalid_module_members
LOOKED_INTO = replace(
    SandboxRestrictions.default.with_passthrough_modules("attr", "attrs"),
    invalid_module_members=replace(
        FORBIDDEN,
        children={name: each for name, each in FORBIDDEN.children.items() if name != "concurrent"},
    ),
)
"""No module of ours is passed through: the sandbox looks into every one of them. Only attrs, which jsonschema
imports, is: it asks the platform which Python this is, once, while it is imported. Threads are allowed, because a
large definition is compiled on one; that nothing else uses them is a rule of the linter."""
UNSANDBOXED = UnsandboxedWorkflowRunner()
SANDBOXED = SandboxedWorkflowRunner(restrictions=LOOKED_INTO)

COMMANDS = {
    "activityTaskScheduledEventAttributes": ("activityType", "activityId"),
    "startChildWorkflowExecutionInitiatedEventAttributes": ("workflowType", "workflowId"),
}
"""Events that a step leaves, and what in them names the code and the step."""


def _of_all_kinds() -> Iterator[Path]:
    """Histories, long ones first, of definitions that say something which none before has said."""
    recorded = [case for case in REHEARSALS if history_file(case) in FILES]
    said: set[str] = set()
    for case in sorted(recorded, key=lambda case: history_file(case).stat().st_size, reverse=True):
        keys = set(re.findall(r"(\w+): ", case.file.read_text(encoding="utf-8"))) & KEYS
        if keys - said:
            said |= keys
            yield history_file(case)


each_history = pytest.mark.parametrize("file", [*FILES, *REPAIRED], ids=lambda file: file.stem)
each_twin = pytest.mark.parametrize(
    "file",
    [file for file in FILES if any(name in file.read_text() for name in COMMANDS)],
    ids=lambda file: file.stem,
)
"""A run that only fails asks the server for nothing, so no twin of it can differ."""
of_all_kinds = pytest.mark.parametrize(
    "file", [*(FILES if SOAK else _of_all_kinds()), *REPAIRED], ids=lambda file: file.stem
)
"""Not all there are, unless it is a soak: the sandbox imports everything anew for each, which takes nearly two
seconds."""


def test_every_rehearsal_has_a_history_and_no_history_is_left_over() -> None:
    assert {history_file(case) for case in REHEARSALS} == set(FILES)


def test_every_definition_is_rehearsed() -> None:
    definitions = {file for file in DEFINITIONS.glob("*.yaml") if not file.name.endswith(".rehearsal.yaml")}
    assert {case.file for case in REHEARSALS} == definitions


@each_history
async def test_a_history_replays(file: Path) -> None:
    await replay(file.stem, file.read_text(encoding="utf-8"), UNSANDBOXED)


@pytest.mark.slow
@of_all_kinds
async def test_it_does_nothing_that_the_sandbox_forbids(file: Path) -> None:
    await replay(file.stem, file.read_text(encoding="utf-8"), SANDBOXED)


@each_twin
async def test_its_twin_with_another_activity_does_not(file: Path) -> None:
    with pytest.raises(NondeterminismError):
        await replay(file.stem, _with_another(file, 0, {"name": "another"}), UNSANDBOXED)


@each_twin
async def test_its_twin_with_another_step_does_not(file: Path) -> None:
    """The definition in the input says another order than the events that follow."""
    with pytest.raises(NondeterminismError):
        await replay(file.stem, _with_another(file, 1, "another"), UNSANDBOXED)


async def test_a_skip_and_its_twin_that_tries_again() -> None:
    """The order of a person stands in the history, and decides what comes after it."""
    (file,) = HISTORIES.glob("trip-on-call-*-skipped-*.json")
    text = file.read_text(encoding="utf-8")
    skip, retry = (ORDER_UPDATES[kind] for kind in ("skip", "retry"))
    assert text.count(f'"{skip}"') == 1
    with pytest.raises(NondeterminismError):
        await replay(file.stem, text.replace(skip, retry), UNSANDBOXED)


class Patient(ThreadPoolExecutor):
    """Hands over what is done: temporalio breaks off a workflow task after 2 s, which the imports of the sandbox can
    take on a busy machine."""

    def submit(self, work: Callable[..., T], /, *args: Any, **named: Any) -> Future[T]:
        future = super().submit(work, *args, **named)
        wait([future])
        return future


async def replay(workflow_id: str, history: str, runner: WorkflowRunner) -> None:
    """Replay a history; raises what temporalio does if that is not possible."""
    replayer = Replayer(
        workflows=[StepfileWorkflow],
        unsandboxed_workflow_runner=runner,
        workflow_task_executor=Patient(),
    )
    await replayer.replay_workflow(WorkflowHistory.from_json(workflow_id, history))


def _with_another(file: Path, which: int, value: object) -> str:
    data = json.loads(file.read_text(encoding="utf-8"))
    name, event = next((name, event) for event in data["events"] for name in COMMANDS if name in event)
    event[name][COMMANDS[name][which]] = value
    return json.dumps(data)
