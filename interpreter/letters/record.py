"""The record of a dead letter: what every queue gets, whoever keeps it.

Its table is in docs/reference/wire-format.md. It is the same for every attempt to write it: `key` tells a second
delivery from a second letter, and `run_id` with `failed_at` tells it from another failure of the same effect.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from dsl.expressions import JsonValue
from dsl.scalars.time import format_time
from interpreter.failure.failure import Failure, Outcome
from interpreter.letters.large_records import Record, make_fit
from interpreter.letters.redrive import Redrive
from interpreter.program.model import DeadLetterSink, Node
from interpreter.state.hidden_input import hide_in_error
from interpreter.state.keys import step_key
from interpreter.state.run import Run

FORMAT = 1
"""The format of records that this release writes."""


@dataclass(frozen=True, slots=True)
class FailedEffect:
    """What a letter is about."""

    node: Node
    """What has failed: a step, an item of a loop, or a compensation."""
    failure: Failure
    given: JsonValue
    """What it was given."""
    key: str
    """Its idempotency key."""
    redrive: Redrive
    inside: tuple[str, ...] = ()
    """The blocks, branches and iterations around it."""


def build_record(run: Run, queue: DeadLetterSink, failed: FailedEffect) -> Record:
    """Build the record of a letter, so small that it can be sent."""
    return make_fit(_build_whole_record(run, queue, failed), run.effects.fits)


def _build_whole_record(run: Run, queue: DeadLetterSink, failed: FailedEffect) -> dict[str, Any]:
    definition, node, failure = run.program.definition, failed.node, failed.failure
    step, start = run.progress.of(node.path), run.effects.describe_start()
    return {
        "format": FORMAT,
        "key": run.hidden.redact_text(step_key(run, node)),
        "queue": queue.name,
        "definition": {
            "name": definition.name,
            "version": definition.version,
            "digest": run.program.digest,
        },
        "workflow_id": run.workflow_id,
        "run_id": run.run_id,
        "redrive_id": run.effects.workflow_id if run.only is not None else None,
        "task_queue": start["task_queue"],
        "step": node.path,
        "iteration": node.frame.rstrip("/") or None,
        "idempotency_key": run.hidden.redact_text(failed.key),
        "activity": node.activity,
        "input": run.hidden.redact_value(failed.given),
        "error": hide_in_error(run.hidden, failure.to_json()),
        "attempts": failure.attempts,
        "started_at": format_time(step.started_at) if step.started_at else None,
        "failed_at": format_time(run.effects.now()),
        "outcome": "unknown" if failure.outcome is Outcome.UNKNOWN else "failed",
        "compensated": "pending" if run.saga.is_due(node) else "none",
        "max_redrives": queue.max_redrives,
        "redrive_count": 0,
        "redrive": failed.redrive,
    }
