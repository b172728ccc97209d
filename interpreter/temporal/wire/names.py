"""Names that Temporal knows us by. They are part of every history: never change them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from interpreter.state.compensation_orders import OrderKind

TYPE_PREFIX = "stepfile:"
"""What the workflow type of every run begins with; the name of its definition follows. No entity of ours has a type
that begins so, and no name of a definition contains a colon (docs/decisions/022-wire-format.md)."""

FORMER_TYPE = "stepfile"
"""The workflow type of all runs before format 1."""

DEFAULT_TASK_QUEUE = "stepfile"
STATUS_QUERY = "status"

ORDER_UPDATES: Final[Mapping[OrderKind, str]] = MappingProxyType(
    {"retry": "stepfile:retry_compensation", "skip": "stepfile:skip_compensation"}
)
"""The updates by which people order what is to be done about a compensation. No definition can declare a message
whose name begins so (dsl.rules.messages)."""


def get_order(update: str) -> OrderKind | None:
    """What is ordered by an update of this name; None if it is one that the definition declares."""
    return next((kind for kind, name in ORDER_UPDATES.items() if name == update), None)


def build_workflow_type(definition: str) -> str:
    """The workflow type of the runs of a definition: `stepfile:trip-booking`."""
    return TYPE_PREFIX + definition


def is_stepfile_type(workflow_type: str) -> bool:
    """Whether the runs of this workflow type are runs of definitions."""
    return workflow_type.startswith(TYPE_PREFIX)


def get_definition_name(workflow_type: str) -> str | None:
    """The name of the definition that runs of this workflow type are runs of; None if they are none of ours."""
    return workflow_type.removeprefix(TYPE_PREFIX) if is_stepfile_type(workflow_type) else None
