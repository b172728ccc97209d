"""Draw what has reached the service, second by second, as SVG."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from benchmarks.drill.result import Seconds
from benchmarks.svg import line, rect, text, wrap

WIDTH, HEIGHT, GAP, LEFT = 800, 130, 46, 50
"""Pixels: of one diagram, between two, and left of them."""

TITLES = {"none": "without a breaker", "workflow": "scope: workflow", "shared": "scope: shared"}


def draw(drills: Mapping[str, Seconds], rate: int) -> str:
    """Draw one diagram for each drill, all with the same axes.

    Args:
        drills: Scope of the breaker → what came in each second.
        rate: How many runs began in a second.
    """
    counts = [drill.calls for drill in drills.values()]
    first, last = min(map(min, counts)), max(map(max, counts))
    most = max(max(count.values()) for count in counts)
    shapes = (
        shape
        for index, (name, drill) in enumerate(drills.items())
        for shape in _draw_one(name, drill, rate, (first, last, most), GAP + index * (HEIGHT + GAP))
    )
    return wrap(shapes, LEFT + WIDTH + 20, len(drills) * (HEIGHT + GAP) + GAP)


def _draw_one(name: str, drill: Seconds, rate: int, limits: tuple[int, int, int], top: int) -> Iterator[str]:
    first, last, most = limits
    step, bottom, right = WIDTH / (last - first + 1), top + HEIGHT, LEFT + WIDTH
    yield rect(LEFT - first * step, top, drill.down * step, HEIGHT, "#f7dcdc")
    for second, number in sorted(drill.calls.items()):
        bar = HEIGHT * number / most
        yield rect(LEFT + (second - first) * step, bottom - bar, max(step - 0.5, 0.5), bar, "#33638d")
    normal = bottom - HEIGHT * rate / most
    yield line((LEFT, normal), (right, normal), "#888", dashed=True)
    yield line((LEFT, bottom), (right, bottom), "black")
    yield text(LEFT, top - 6, f"{TITLES[name]}: calls that reach the service in each second")
    yield text(LEFT - 6, top + 10, str(most), anchor="end")
    yield text(LEFT - 6, normal + 4, str(rate), anchor="end")
    for second in range(0, last + 1, 30):
        yield text(LEFT + (second - first) * step, bottom + 14, f"{second} s", anchor="middle")
