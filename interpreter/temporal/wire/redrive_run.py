"""How the run of a redrive is started, whoever does it: the entity of a letter, or a client for one in a database."""

from __future__ import annotations

from typing import Any

from interpreter.letters.letter import Redrive
from interpreter.temporal.wire.user_metadata import cut_summary


def build_redrive_options(redrive: Redrive) -> dict[str, Any]:
    """Build the options with which the run starts, beside its type, its memo and the rule for its id."""
    start = redrive.start
    return {
        "args": list(start.arguments),
        "id": redrive.workflow_id,
        "task_queue": start.task_queue,
        "static_summary": cut_summary(f"redrive, ordered by {redrive.by}"),
        "execution_timeout": start.timeouts.get("execution"),
        "run_timeout": start.timeouts.get("run"),
        "task_timeout": start.timeouts.get("task"),
    }


def explain_taken_id(redrive: Redrive) -> str:
    """Say why a whole run can't be started under the id of the run that has failed."""
    return (
        f"a run with the id {redrive.workflow_id} is running, or has completed since the letter was written"
    )
