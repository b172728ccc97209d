"""A shared circuit breaker tells a step of a run that it need wait no more."""

from __future__ import annotations

from interpreter.state.run import Run

MOST_WAKES = 1_000
"""So many are kept for steps that have not heard of their rejection yet. Part of replay: never change it."""


def wake_step(run: Run, step: str, generation: int) -> None:
    """Wake a step whose call was rejected; it may not know of that yet.

    Args:
        run: The run.
        step: The name that the step has given.
        generation: What the breaker tells of its state. The worker that makes the next call must know as much.
    """
    if len(run.woken) < MOST_WAKES:
        run.woken[step] = generation
    run.wakes.notify_all()
