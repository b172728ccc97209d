"""Names that Temporal knows us by. They are part of every history: never change them."""

from __future__ import annotations

TYPE_PREFIX = "stepfile:"
"""What the workflow type of every run begins with; the name of its definition follows. No entity of ours has a type
that begins so, and no name of a definition contains a colon (docs/decisions/022-wire-format.md)."""

FORMER_TYPE = "stepfile"
"""The workflow type of all runs before format 1."""

DEFAULT_TASK_QUEUE = "stepfile"
STATUS_QUERY = "status"


def build_workflow_type(definition: str) -> str:
    """The workflow type of the runs of a definition: `stepfile:trip-booking`."""
    return TYPE_PREFIX + definition


def is_stepfile_type(workflow_type: str) -> bool:
    """Whether the runs of this workflow type are runs of definitions."""
    return workflow_type.startswith(TYPE_PREFIX)


def get_definition_name(workflow_type: str) -> str | None:
    """The name of the definition that runs of this workflow type are runs of; None if they are none of ours."""
    return workflow_type.removeprefix(TYPE_PREFIX) if is_stepfile_type(workflow_type) else None
