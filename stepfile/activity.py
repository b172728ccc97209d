"""Authors of activities import what they need from here.

    from stepfile.activity import idempotency_key, last_heartbeat

Both functions work in plain and in async activities, on a Stepfile worker and on any other.
"""

try:
    from interpreter.temporal.worker.activity_api import idempotency_key, last_heartbeat
except ImportError:
    from stepfile._own_packages import require_own_packages

    require_own_packages()
    raise

__all__ = ["idempotency_key", "last_heartbeat"]
