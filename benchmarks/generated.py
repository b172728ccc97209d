"""A definition as long as one likes."""

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


def definition_of(steps: int) -> str:
    """The text of a definition of so many activities, each with the order's id and the result before it."""
    befores = ["1", *(f"steps.step_{number}.result.amount" for number in range(1, steps))]
    return _HEAD + "".join(
        _STEP.format(number=number, before=before) for number, before in enumerate(befores, start=1)
    )
