"""The log of a worker tells what happens in its runs."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from interpreter.events import Event
from interpreter.temporal.observing.context import FIELDS
from interpreter.temporal.observing.wording import describe_event
from interpreter.temporal.wire.listening import ObservedRun

RUNS = logging.getLogger("stepfile.run")
"""What happens in runs."""


def log_event(run: ObservedRun, event: Event) -> None:
    """Write the line of an event, if its level is wanted."""
    line = describe_event(event)
    if RUNS.isEnabledFor(line.level):
        about = {**_describe_run(run), "event": line.name, **line.fields}
        RUNS.log(line.level, "%s", line.text, extra={FIELDS: about})


def _describe_run(run: ObservedRun) -> Mapping[str, Any]:
    return {
        "definition": run.definition,
        "version": run.version,
        "workflow_id": run.workflow_id,
        "run_id": run.run_id,
    }
