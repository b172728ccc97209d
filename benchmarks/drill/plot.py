"""Draw what has reached the service, second by second, as SVG."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from benchmarks.drill.result import Seconds

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
    height = len(drills) * (HEIGHT + GAP) + GAP
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{LEFT + WIDTH + 20}" height="{height}" '
        'font-family="sans-serif" font-size="12">',
        f'<rect width="{LEFT + WIDTH + 20}" height="{height}" fill="white"/>',
    ]
    for index, (name, drill) in enumerate(drills.items()):
        top = GAP + index * (HEIGHT + GAP)
        lines.extend(_draw_one(name, drill, rate, (first, last, most), top))
    return "\n".join([*lines, "</svg>", ""])


def _draw_one(name: str, drill: Seconds, rate: int, limits: tuple[int, int, int], top: int) -> Iterator[str]:
    first, last, most = limits
    step, bottom = WIDTH / (last - first + 1), top + HEIGHT
    down = LEFT - first * step, drill.down * step
    yield f'<rect x="{down[0]:.1f}" y="{top}" width="{down[1]:.1f}" height="{HEIGHT}" fill="#f7dcdc"/>'
    for second, number in sorted(drill.calls.items()):
        bar = HEIGHT * number / most
        x = LEFT + (second - first) * step
        size = f'width="{max(step - 0.5, 0.5):.1f}" height="{bar:.1f}"'
        yield f'<rect x="{x:.1f}" y="{bottom - bar:.1f}" {size} fill="#33638d"/>'
    normal = bottom - HEIGHT * rate / most
    across = f'x1="{LEFT}" x2="{LEFT + WIDTH}"'
    yield f'<line {across} y1="{normal:.1f}" y2="{normal:.1f}" stroke="#888" stroke-dasharray="4"/>'
    yield f'<line {across} y1="{bottom}" y2="{bottom}" stroke="black"/>'
    yield f'<text x="{LEFT}" y="{top - 6}">{TITLES[name]}: calls that reach the service in each second</text>'
    yield f'<text x="{LEFT - 6}" y="{top + 10}" text-anchor="end">{most}</text>'
    yield f'<text x="{LEFT - 6}" y="{normal + 4:.1f}" text-anchor="end">{rate}</text>'
    for second in range(0, last + 1, 30):
        x = LEFT + (second - first) * step
        yield f'<text x="{x:.1f}" y="{bottom + 14}" text-anchor="middle">{second} s</text>'
