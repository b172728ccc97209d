"""A run as people see it: the answer to the query `status`, and what was done about a failure."""

from __future__ import annotations

from typing import Any

from interpreter.state.hidden_input import hide_in_shown
from interpreter.state.only_step import OnlyStep, find_only_node
from interpreter.state.report import RecentEntries, RunReport
from interpreter.state.run import Run
from interpreter.state.saga import Undo


def take_snapshot(run: Run) -> dict[str, Any]:
    """What the query `status` answers, as plain data."""
    definition = run.program.definition
    shown = {
        "definition": {
            "name": definition.name,
            "version": definition.version,
            "digest": run.program.digest,
        },
        "status": run.status,
        "error": run.failure.to_json() if run.failure else None,
        **({"only": _show_only(run.only)} if run.only is not None else {}),
        "steps": _show_steps(run),
        "undoing": [run.progress.show(undo.compensation) for undo in _list_hidden(run)],
        "to_undo": _show_left(run),
        **({"breakers": _show_breakers(run)} if run.breakers else {}),
        **({"unobserved_breakers": run.unobserved_breakers} if run.unobserved_breakers else {}),
        **({"messages": _show_messages(run)} if definition.signals or definition.updates else {}),
        **_build_report(run),
    }
    return hide_in_shown(run.hidden, shown)


def build_report(run: Run) -> RunReport:
    """What was done about a failure, as plain data."""
    return hide_in_shown(run.hidden, _build_report(run))


def _build_report(run: Run) -> RunReport:
    lists: dict[str, RecentEntries[Any]] = {
        "compensations": run.compensations,
        "dead_letters": run.dead_letters,
        "further_errors": run.further_errors,
    }
    report: RunReport = {
        "compensations": list(run.compensations),
        "pivot": run.saga.pivot,
        "dead_letters": list(run.dead_letters),
        "further_errors": [further.to_json() for further in run.further_errors],
    }
    if left_out := {name: each.left_out for name, each in lists.items() if each.left_out}:
        report["left_out"] = left_out
    return report


def _show_only(only: OnlyStep) -> dict[str, Any]:
    """Say what a run is about that redrives a dead letter: which step of which run."""
    part = "" if only.item is None else f"[{only.item['number']}]"
    undo = "" if only.undo is None else ".compensate"
    return {"step": f"{only.step}{part}{undo}", "workflow_id": only.workflow_id, "run_id": only.run_id}


def _show_steps(run: Run) -> list[dict[str, Any]]:
    if run.only is None:
        return run.progress.tree(run.program)
    return [run.progress.show(find_only_node(run.program, run.only))]


SHOWN_STEPS = 10
"""How many steps that are not undone yet are named."""


def _list_hidden(run: Run) -> list[Undo]:
    """What is being undone and stands nowhere in the step tree, because its iteration is over."""
    running = (undo for undo in run.saga.under_way if undo.compensation.path in run.progress.steps)
    return [undo for undo in running if undo.node.path not in run.progress.steps]


def _show_left(run: Run) -> dict[str, Any]:
    left = run.saga.list_left()
    return {"count": len(left), "steps": [undo.node.key_path for undo in left[:SHOWN_STEPS]]}


def _show_breakers(run: Run) -> dict[str, Any]:
    return {name: queue.breaker.show() for name, queue in run.breakers.items()}


def _show_messages(run: Run) -> dict[str, Any]:
    return {"waiting": [each.name for each in run.inbox.messages], "refused": run.inbox.refused}
