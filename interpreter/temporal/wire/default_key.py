"""Most idempotency keys can be made of what Temporal tells every activity, so they need not be sent."""

from __future__ import annotations

from interpreter.program.paths import step_of_activity


def build_default_key(workflow_id: str, activity_id: str) -> str:
    """Make the key of a step outside of loops whose effect was never undone."""
    return f"{workflow_id}/{step_of_activity(activity_id)}"
