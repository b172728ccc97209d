"""What a line of the log is about: which run, which step, which attempt.

A record may come from Stepfile, from temporalio, or from any code inside an activity. So this looks at what the
record has, and then at the activity that is being run. It must be asked in the thread that logs.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from temporalio import activity

from interpreter.program.paths import step_of_activity
from interpreter.temporal.observing.versions import find_version
from interpreter.temporal.wire.names import TYPE_PREFIX, is_stepfile_type

Context: TypeAlias = dict[str, Any]

CONTEXT = ("definition", "version", "workflow_id", "run_id", "step", "attempt")
"""The fields that every line has, in this order. One that is not known is null."""

FIELDS = "stepfile"
"""Attribute of records of ours: a dictionary with these fields and others."""


def read_context(record: logging.LogRecord) -> Context:
    """Find out what a record is about; without fields that are not known."""
    for attribute, read in _READERS.items():
        if attribute in vars(record):
            return read(getattr(record, attribute))
    return describe_activity(activity.info()) if activity.in_activity() else {}


def describe_activity(info: activity.Info) -> Context:
    """Say what a line about the attempt of an activity is about."""
    return _build(
        info.workflow_type,
        info.workflow_id,
        info.workflow_run_id,
        step=info.activity_id,
        attempt=info.attempt,
    )


def _read_activity(details: Mapping[str, Any]) -> Context:
    return _build(
        details.get("workflow_type"),
        details.get("workflow_id"),
        details.get("workflow_run_id"),
        step=details.get("activity_id"),
        attempt=details.get("attempt"),
    )


def _read_workflow(details: Mapping[str, Any]) -> Context:
    return _build(details.get("workflow_type"), details.get("workflow_id"), details.get("run_id"))


def _read_core(entry: Any) -> Context:
    """Read what temporalio's core says; it writes most values as they are shown to people."""
    fields: Mapping[str, Any] = entry.fields
    return _build(
        fields.get("workflow_type"),
        fields.get("workflow_id"),
        fields.get("run_id"),
        step=fields.get("activity_id"),
    )


_READERS: Mapping[str, Callable[[Any], Context]] = {
    FIELDS: dict[str, Any],
    "temporal_activity": _read_activity,
    "temporal_workflow": _read_workflow,
    "temporal_log": _read_core,
}


def _build(
    workflow_type: str | None,
    workflow_id: str | None,
    run_id: str | None,
    *,
    step: str | None = None,
    attempt: int | None = None,
) -> Context:
    ours = workflow_type is not None and is_stepfile_type(workflow_type)
    return {
        "definition": workflow_type.removeprefix(TYPE_PREFIX) if ours and workflow_type else None,
        "version": find_version(run_id) if run_id else None,
        "workflow_id": workflow_id,
        "run_id": run_id,
        "step": step_of_activity(step) if step else None,
        "attempt": attempt,
    }
