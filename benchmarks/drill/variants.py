"""The definitions of the drill: the same call without a breaker, and with one of either scope."""

from __future__ import annotations

THRESHOLD = 5
OPEN_FOR = 5
"""Seconds that the breaker stays open."""

_HEAD = """
dsl: "1"
name: drill
defaults:
  timeouts: {start_to_close: 10s}
  retry: {initial_interval: 1s, maximum_interval: 10s, maximum_attempts: 0}
"""
_BREAKER = f"""\
circuit_breakers:
  service: {{scope: %s, failure_threshold: {THRESHOLD}, wait_duration_in_open_state: {OPEN_FOR}s}}
"""
_GUARDED = "steps: [{id: call, activity: call, circuit_breaker: {name: service, on_open: wait}}]\n"

VARIANTS = {
    "none": _HEAD + "steps: [{id: call, activity: call}]\n",
    "workflow": _HEAD + _BREAKER % "workflow" + _GUARDED,
    "shared": _HEAD + _BREAKER % "shared" + _GUARDED,
}
"""Scope of the breaker → the definition."""
