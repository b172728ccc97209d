"""The definitions of the story."""

from __future__ import annotations

_HEAD = """
dsl: "1"
input: {type: object, required: [number], properties: {number: {type: integer}}}
circuit_breakers:
  bank: {failure_threshold: 5, wait_duration_in_open_state: 4s}
defaults: {timeouts: {start_to_close: 30s}}
"""

ORDER = f"""{_HEAD}
name: order
saga: {{retry: {{maximum_attempts: 3}}}}
steps:
  - id: reserve
    activity: reserve
    args: ["${{ input.number }}"]
    compensate: {{activity: release, args: ["${{ input.number }}"]}}
  - id: charge
    activity: charge
    args: ["${{ input.number }}"]
    circuit_breaker: {{name: bank, on_open: wait}}
    retry: {{initial_interval: 500ms, maximum_attempts: 5}}
"""
"""It waits for the bank, and is undone if there is no money."""

INVOICE = f"""{_HEAD}
name: invoice
dead_letter_queues: {{unpaid: {{}}}}
steps:
  - id: bill
    activity: charge
    args: ["${{ input.number }}"]
    circuit_breaker: bank
    retry: {{initial_interval: 500ms, maximum_attempts: 2}}
    dead_letter: unpaid
"""
"""It does not wait for the bank: what can't be billed is a dead letter."""

TRIP = """
dsl: "1"
name: trip
defaults: {timeouts: {start_to_close: 30s}}
saga: {retry: {initial_interval: 1s, maximum_interval: 2s}}
steps:
  - {id: hotel, activity: reserve, args: [0], compensate: {activity: cancel}}
  - {raise: {type: Strike, message: no flight today}}
"""
"""It can't be undone, and tries for ever."""
