"""Generate a definition that is as long as one likes."""

from __future__ import annotations

_HEAD = """\
dsl: "1"
name: long
input:
  type: object
  required: [order_id, customer]
defaults:
  timeouts: {start_to_close: 30s}
  retry: {maximum_attempts: 3}
steps:
"""

_STEP = """\
  - id: step_{number}
    activity: process
    args:
      - {{order: "${{ input.order_id }}", amount: "${{ {before} + 1 }}", note: step {number}}}
"""


def generate_definition(steps: int) -> str:
    """Generate the text of a definition with so many activities, each of which uses the result of the one before."""
    results_before = ["1", *(f"steps.step_{number}.result.amount" for number in range(1, steps))]
    return _HEAD + "".join(
        _STEP.format(number=number, before=before) for number, before in enumerate(results_before, start=1)
    )
