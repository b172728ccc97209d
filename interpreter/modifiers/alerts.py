"""Alerts: an activity tells somebody what the run can't mend by itself.

An alert holds nothing up: it is sent beside what the run does, and only the end of the run, and continue-as-new, wait
until it was. A request to stop the run does not reach it. If nobody could be told, that is reported with the run, and
changes nothing of how the run ends.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from dsl.expressions import JsonValue, Template
from dsl.scalars.time import format_time
from interpreter.effects import ActivityCall, Cancellation
from interpreter.failure.failure import Failure, StepFailed
from interpreter.program.model import AlertPlan, Node
from interpreter.state.hidden_input import hide_in_shown
from interpreter.state.keys import idempotency_key, next_activity_id
from interpreter.state.observation import observe_alert
from interpreter.state.position import Position, current_position
from interpreter.state.report import CompensationReport
from interpreter.state.run import Run

MOST_STEPS = 20
"""Steps that are named to whoever is told that they are not undone. Part of replay: never change it."""


def tell_not_undone(run: Run, steps: Sequence[tuple[Node, CompensationReport]]) -> None:
    """Tell somebody that steps could not be undone, if the definition says whom."""
    plan = run.program.on_not_undone
    if plan is not None:
        alert(run, plan, _build_record(run, steps))


def alert(run: Run, plan: AlertPlan, record: dict[str, JsonValue]) -> None:
    """Begin to call the activity of an alert."""
    run.suspension.add_tasks(2)  # the run must not continue as new meanwhile
    run.alerts.append(asyncio.ensure_future(_send(run, plan, record)))


async def wait_for_alerts(run: Run) -> None:
    """Wait until all alerts were sent, or could not be."""
    while run.alerts:
        await run.alerts[0]


async def _send(run: Run, plan: AlertPlan, record: dict[str, JsonValue]) -> None:
    assert not isinstance(plan.plan.task_queue, Template)  # dsl.model.alerts
    current_position.set(Position("", run.started_at or run.effects.now(), None))
    activity_id = next_activity_id(run, plan.name)
    call = ActivityCall(
        id=activity_id,
        key=f"{run.effects.run_id}/{activity_id}",
        name=plan.activity,
        args=(record,),
        summary=f"alert: {plan.name}",
        task_queue=plan.plan.task_queue,
        timeouts=plan.plan.timeouts,
        retry=plan.plan.retry,
        cancellation=Cancellation.WAIT,
    )
    lost: Failure | None = None
    try:
        await run.effects.call_activity(call)
    except StepFailed as failed:
        lost = failed.failure.at_step(plan.name)
        run.further_errors.add(lost)
    observe_alert(run, plan.name, lost)
    run.alerts = [each for each in run.alerts if each is not asyncio.current_task()]
    run.suspension.remove_tasks()


def _build_record(run: Run, steps: Sequence[tuple[Node, CompensationReport]]) -> dict[str, Any]:
    definition = run.program.definition
    record: dict[str, Any] = {
        "definition": {
            "name": definition.name,
            "version": definition.version,
            "digest": run.program.digest,
        },
        "workflow_id": run.effects.workflow_id,
        "run_id": run.effects.run_id,
        "status": run.status,
        "error": _shorten(run.failure.to_json()) if run.failure is not None else None,
        "count": len(steps),
        "steps": [_describe(run, node, report) for node, report in steps[:MOST_STEPS]],
        "at": format_time(run.effects.now()),
    }
    return hide_in_shown(run.hidden, record)


def _describe(run: Run, node: Node, report: CompensationReport) -> dict[str, Any]:
    error = report["error"]
    return {
        "step": node.path,
        "key_path": node.key_path,
        "idempotency_key": run.hidden.redact_text(idempotency_key(run, node)),
        "status": report["status"],
        "error": _shorten(error) if error is not None else None,
        "orders": report.get("orders", []),
    }


def _shorten(error: dict[str, Any]) -> dict[str, Any]:
    """An error without what may be large: its details and its causes stand in the report of the run."""
    return {name: error[name] for name in ("type", "message", "step", "attempts")}
