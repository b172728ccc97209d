"""The names of spans and of their attributes, in one table; docs/reference/traces.md is made of it.

What OpenTelemetry's semantic conventions name has their name. Temporal's ids have the names that Temporal's SDKs give
them in traces, so that one search finds them whoever has written the span. All else begins with `stepfile.`.
"""

from __future__ import annotations

from typing import NamedTuple


class Row(NamedTuple):
    """One row of a table of the reference."""

    name: str
    where: str
    """What a span is inside of, or which spans have an attribute."""
    meaning: str


SCOPE = "stepfile"
"""The instrumentation scope of all spans."""

WORKFLOW_ID = "temporalWorkflowID"
RUN_ID = "temporalRunID"
ACTIVITY_ID = "temporalActivityID"
ERROR_TYPE = "error.type"
DEFINITION = "stepfile.definition.name"
VERSION = "stepfile.definition.version"
STEP = "stepfile.step.path"
KIND = "stepfile.step.kind"
ACTIVITY = "stepfile.activity"
ATTEMPT = "stepfile.attempt"
ATTEMPTS = "stepfile.attempts"
OUTCOME = "stepfile.outcome"
EXCEPTION_TYPE, EXCEPTION_MESSAGE, EXCEPTION_STACK = (
    "exception.type",
    "exception.message",
    "exception.stacktrace",
)

SPANS = (
    Row("start NAME", "what the client was doing", "A client starts a run of this workflow type."),
    Row("signal NAME", "what the client was doing", "A client sends a signal."),
    Row(
        "update NAME",
        "what the client was doing",
        "A client sends an update, and waits until it is accepted.",
    ),
    Row(
        "run NAME",
        "`start`, or the step of the parent that has started it",
        "A run of this definition, from its beginning to its end, however often it has continued as new.",
    ),
    Row(
        "ID",
        "the step around it, or `run`",
        "A step; its name is the `id`, or the path of a step without one.",
    ),
    Row(
        "undo ID",
        "what undoes: `run`, or the step that undoes what is inside it",
        "The compensation of a step; the path of the step is an attribute.",
    ),
    Row(
        "attempt ACTIVITY",
        "the step, or the compensation, that calls it",
        "One attempt of an activity, on the worker that makes it.",
    ),
)

ATTRIBUTES = (
    Row(WORKFLOW_ID, "all", "The workflow id."),
    Row(
        RUN_ID,
        "all but `signal` and `update`",
        "The run id; of what spans several runs, that of the last one.",
    ),
    Row(ACTIVITY_ID, "`attempt`", "The id of the activity in the history of the run."),
    Row(DEFINITION, "all but `signal` and `update`", "The name of the definition."),
    Row(VERSION, "`start`, `run`, steps, `undo`", "The version of the definition, if it has one."),
    Row(
        STEP,
        "steps, `undo`, `attempt`",
        "The path of the step, with its iteration: `charge_all[3]/charge`. An attempt to undo it has "
        "`charge_all[3]/charge.compensate`.",
    ),
    Row(KIND, "steps", "The action of the step, such as `activity` or `parallel`."),
    Row(ACTIVITY, "`attempt`", "The name of the activity."),
    Row(ATTEMPT, "`attempt`", "The number of the attempt; the first one is 1."),
    Row(ATTEMPTS, "steps", "How many attempts it took, where that is known."),
    Row(
        OUTCOME,
        "`run`, steps, `undo`, `attempt`",
        "How it ended: `completed`, `failed` or `cancelled`; a step can also be `skipped`, `caught` or "
        "`dead_lettered`.",
    ),
    Row(ERROR_TYPE, "all", "The type of the error, if there was one."),
    Row(
        EXCEPTION_TYPE,
        "`attempt`, in its event `exception`",
        "The type of what the activity has raised.",
    ),
    Row(EXCEPTION_MESSAGE, "`attempt`, in its event `exception`", "Its message."),
    Row(EXCEPTION_STACK, "`attempt`, in its event `exception`", "Where it was raised."),
)
