"""These definitions are measured."""

from __future__ import annotations

from typing import Any

WINDOW = 50
PAGE = 1000
EVERY_FAILING = 100
"""One item in so many fails, which is as much as the definition tolerates."""
STEPS = 200

ITEMS = f"""
dsl: "1"
name: items
input: {{type: integer}}
defaults: {{timeouts: {{start_to_close: 1m}}, retry: {{maximum_attempts: 1}}}}
steps:
  - id: all
    for_each: {{pages: {{activity: page_of, args: ["${{ input }}"]}}}}
    concurrency: {WINDOW}
    tolerate_failures: {100 / EVERY_FAILING:g}%
    collect: none
    steps: [{{activity: work_on, args: ["${{ item }}"]}}]
output: ${{ steps.all.succeeded }}
"""


def write_small_steps(steps: int) -> str:
    """Write a definition of so many small steps, one after the other."""
    return f"""
dsl: "1"
name: small-steps
vars: {{n: 0}}
defaults: {{timeouts: {{start_to_close: 5s}}, retry: {{maximum_attempts: 1}}}}
steps:
  - id: all
    repeat: {{maximum_iterations: {steps}}}
    steps:
      - {{id: one, activity: add_one, args: ["${{ vars.n }}"], local: true}}
      - {{set: {{n: "${{ steps.one.result }}"}}}}
output: ${{ vars.n }}
"""


def count_successes(items: int) -> Any:
    """Return how many items succeed."""
    return items - items // EVERY_FAILING
