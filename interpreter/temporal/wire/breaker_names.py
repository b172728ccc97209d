"""Names by which Temporal knows circuit breakers that runs share. They are part of histories: never change them."""

from __future__ import annotations

from typing import Any

BREAKER_TYPE = "stepfile-breaker"
"""The workflow type of the entity of one breaker, or of all that have one name and a key each."""

ID_PREFIX = "stepfile-breaker:"
"""What the workflow id of an entity begins with; the name of the breaker follows."""

BREAKER_TASK_QUEUE = "stepfile-breakers"
"""Where the entities of a namespace get their workflow tasks. Each worker that makes calls behind a shared breaker
also works on this queue, whatever its own queue is."""

TELL_UPDATE, ASK_UPDATE, ORDER_UPDATE, SHOW_QUERY = "tell", "ask", "order", "show"

WAIT_SIGNAL = "wait"
"""The signal by which a worker tells an entity which steps wait."""

BASE_KEY = "breaker.base"
VIEW_PREFIX = "breaker:"
"""What begins the keys of the memo that hold the states of breakers, one for each key of a breaker."""

REJECTION = "BreakerRejects"
"""Type of the error of an `ask` that is refused before it is part of the history."""

WAKE_SIGNAL = "stepfile:breaker"
"""The signal that tells a run that a step need wait no more. No definition can declare a signal that begins so."""

FORMAT = 1
"""The format of what an entity is started with."""

REFUSED = "BreakerRefuses"
"""Type of the error of a message that an entity can't read."""


def build_entity_id(name: str) -> str:
    """The workflow id of the entity of a breaker."""
    return ID_PREFIX + name


def build_entity_input(name: str, state: Any = None) -> dict[str, Any]:
    """What an entity is started with.

    Args:
        name: Of the breaker.
        state: Where another run of the entity has stopped; None: it begins anew.
    """
    return {"format": FORMAT, "name": name, "state": state}
