"""A terminal has fewer lines than a run may have steps: those are shown that go on, and what is near them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from interpreter.cli.display.step_views import StepView

_ACTIVE, _AROUND, _FAILED, _OTHERS = range(4)
"""How important a line is, the most important first. Around an active step are the blocks that it is in."""

_BAD = ("failed", "not undone", "dead letter")


@dataclass(frozen=True, slots=True)
class HiddenSteps:
    """`HiddenSteps` are neighbouring lines in whose place there is one."""

    steps: tuple[StepView, ...]

    @property
    def title(self) -> str:
        """Return such as `17 more`."""
        return f"{len(self.steps)} more"

    @property
    def detail(self) -> str:
        """Return such as `15 completed, 2 skipped`."""
        states = Counter(step.state for step in self.steps)
        return ", ".join(f"{count} {state}" for state, count in states.items())


def choose_visible(steps: Sequence[StepView], height: int) -> list[StepView | HiddenSteps]:
    """Choose what is shown of all steps, in their order.

    Args:
        steps: All lines.
        height: How many lines there is room for.
    """
    if len(steps) <= height:
        return list(steps)
    ranks, distances = _rank(steps), _measure_distances(steps)
    hidden = [True] * len(steps)
    lines = 1
    for number in sorted(range(len(steps)), key=lambda each: (ranks[each], distances[each])):
        # A shown line may stand at the end of what is hidden, fill it, or divide it in two.
        gaps_beside = sum(hidden[each] for each in (number - 1, number + 1) if 0 <= each < len(steps))
        if lines + gaps_beside > height:
            continue
        lines += gaps_beside
        hidden[number] = False
    return _collapse(steps, hidden)


def _rank(steps: Sequence[StepView]) -> list[int]:
    ranks = [_ACTIVE if step.is_active else _FAILED if step.state in _BAD else _OTHERS for step in steps]
    inner = -1
    for number in range(len(steps) - 1, -1, -1):
        depth = steps[number].depth
        if depth < inner:  # it is a block around an active step
            ranks[number] = _ACTIVE if ranks[number] == _ACTIVE else _AROUND
        if ranks[number] <= _AROUND:
            inner = depth
    return _demote_blocks(steps, ranks)


def _demote_blocks(steps: Sequence[StepView], ranks: list[int]) -> list[int]:
    """Let blocks that go on come after what goes on inside them."""
    following = [*steps[1:], None]
    return [
        _AROUND if rank == _ACTIVE and after is not None and after.depth > step.depth else rank
        for step, after, rank in zip(steps, following, ranks, strict=True)
    ]


def _measure_distances(steps: Sequence[StepView]) -> list[int]:
    """Measure how far each line is from the next one that goes on; if none does, from where the run has come to."""
    active = [step.is_active for step in steps]
    if not any(active):
        begun = [number for number, step in enumerate(steps) if step.state != "pending"]
        active[begun[-1] if begun else 0] = True
    distances = [len(steps)] * len(steps)
    for order in (range(len(steps)), range(len(steps) - 1, -1, -1)):
        nearest = len(steps)
        for number in order:
            nearest = 0 if active[number] else nearest + 1
            distances[number] = min(distances[number], nearest)
    return distances


def _collapse(steps: Sequence[StepView], hidden: Sequence[bool]) -> list[StepView | HiddenSteps]:
    rows: list[StepView | HiddenSteps] = []
    for is_hidden, group in groupby(zip(steps, hidden, strict=True), key=lambda each: each[1]):
        members = tuple(step for step, _ in group)
        rows += [HiddenSteps(members)] if is_hidden else members
    return rows
