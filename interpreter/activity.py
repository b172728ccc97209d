"""For authors of activities.

    from interpreter.activity import idempotency_key, last_heartbeat

Both work in plain and in async activities, on a Stepfile worker and on any other.
"""

from interpreter.temporal.worker.activity_api import idempotency_key, last_heartbeat

__all__ = ["idempotency_key", "last_heartbeat"]
