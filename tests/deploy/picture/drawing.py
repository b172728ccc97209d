"""Draw the panels of a dashboard, two in each row, with the troubles of the story behind them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

from benchmarks.svg import curve, line, rect, text, wrap
from tests.deploy.picture.answers import Curve, Shown
from tests.deploy.picture.story import Story, Trouble

IN_A_ROW = 2
WIDTH, HEIGHT = 330, 90
"""Pixels of the plot of a panel."""
LEFT, TOP, BELOW = 54, 36, 30
"""Pixels beside a plot for its axis, above it for its title, and below it for the times."""
LEGEND = 14
"""Pixels of a line of the legend."""
LONG_NAME = 26
"""Longer names do not stand two in a line."""
MOST = 8
"""So many series are drawn in a panel: the greatest ones."""
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#5d3a9b", "#7a7a00")
BEHIND = ("#f7dcdc", "#e4e4e4")
"""The colours of the troubles."""


def draw_dashboard(story: Story, dashboard: Sequence[Shown], step: float) -> str:
    """Draw all panels.

    Args:
        story: What has happened.
        dashboard: The panels, and what they show.
        step: Seconds between two values: where there is more between them, a line is interrupted.
    """
    plots = [_Plot(story, shown, step) for shown in dashboard]
    shapes: list[str] = []
    for index, (trouble, colour) in enumerate(zip(story.troubles, BEHIND, strict=True)):
        shapes.extend(_explain(LEFT + index * WIDTH / 2, 16, trouble.name, colour))
    bottom = 16.0
    for begin in range(0, len(plots), IN_A_ROW):
        row = plots[begin : begin + IN_A_ROW]
        for index, plot in enumerate(row):
            shapes.extend(plot.draw(LEFT + index * (LEFT + WIDTH), bottom + TOP))
        bottom += max(plot.height for plot in row)
    return wrap(shapes, IN_A_ROW * (LEFT + WIDTH) + 20, bottom)


def _explain(left: float, top: float, words: str, colour: str) -> Iterator[str]:
    yield rect(left, top - 8, 9, 9, colour)
    yield text(left + 13, top, words, size=11)


class _Plot:
    """One panel."""

    def __init__(self, story: Story, shown: Shown, step: float) -> None:
        self._story, self._panel, self._step = story, shown.panel, step
        self._curves = sorted(shown.curves, key=lambda each: -max(value for _, value in each.values))[:MOST]
        self._curves.sort(key=lambda each: each.name)
        self._most = _round_up(max(value for each in self._curves for _, value in each.values))
        self._in_a_line = 1 if any(len(each.name) > LONG_NAME for each in self._curves) else 2

    @property
    def height(self) -> float:
        """How many pixels it takes, from above its title."""
        return TOP + HEIGHT + BELOW + LEGEND * math.ceil(len(self._curves) / self._in_a_line)

    def draw(self, left: float, top: float) -> Iterator[str]:
        """Draw it, with the upper left corner of its plot there."""
        bottom = top + HEIGHT
        yield text(left, top - 8, self._panel.title)
        for trouble, colour in zip(self._story.troubles, BEHIND, strict=True):
            yield self._shade(trouble, colour, left, top)
        for share in (0.0, 0.5, 1.0):
            y = bottom - share * HEIGHT
            yield line((left, y), (left + WIDTH, y), "black" if share == 0 else "#ccc")
            label = _format(share * self._most, self._panel.unit)
            yield text(left - 4, y + 4, label, anchor="end", size=10)
        for minute in range(1, int(self._story.ended - self._story.began) // 60 + 1):
            x = left + self._across(self._story.began + 60 * minute)
            yield text(x, bottom + 12, f"{minute} min", anchor="middle", size=10)
        for index, each in enumerate(self._curves):
            yield from self._draw_curve(each, COLOURS[index], left, bottom)
            across = left + index % self._in_a_line * WIDTH / 2
            down = bottom + BELOW + index // self._in_a_line * LEGEND
            yield from _explain(across, down, each.name, COLOURS[index])

    def _shade(self, trouble: Trouble, colour: str, left: float, top: float) -> str:
        begin, end = self._across(trouble.began), self._across(trouble.ended)
        return rect(left + begin, top, end - begin, HEIGHT, colour)

    def _draw_curve(self, drawn: Curve, colour: str, left: float, bottom: float) -> Iterator[str]:
        for part in _split(drawn.values, 1.5 * self._step):
            points = [
                (left + self._across(at), bottom - HEIGHT * min(value / self._most, 1)) for at, value in part
            ]
            yield curve(points, colour)

    def _across(self, at: float) -> float:
        story = self._story
        return WIDTH * (at - story.began) / (story.ended - story.began)


def _split(values: Sequence[tuple[float, float]], longest: float) -> Iterable[Sequence[tuple[float, float]]]:
    """Split a series where it was interrupted."""
    cuts = [
        index for index, (one, next_one) in enumerate(pairwise(values), 1) if next_one[0] - one[0] > longest
    ]
    return [values[begin:end] for begin, end in pairwise([0, *cuts, len(values)])]


def _round_up(value: float) -> float:
    """The next number of which the half is short, too."""
    if value <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(value))
    return next(each * power for each in (1, 2, 4, 6, 8, 10) if each * power >= value)


def _format(value: float, unit: str) -> str:
    match unit:
        case "percentunit":
            return f"{100 * value:.3g} %"
        case "s":
            return f"{1000 * value:.3g} ms" if 0 < value < 0.1 else f"{value:.3g} s"
        case "reqps":
            return f"{value:.3g} /s"
        case _:
            return f"{value:.3g}"
