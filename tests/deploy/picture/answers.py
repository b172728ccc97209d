"""What Prometheus answers to the panels of the dashboard about a story."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from tests.deploy.files import Panel
from tests.deploy.picture.story import Story


@dataclass(frozen=True)
class Curve:
    """One series of a panel."""

    name: str
    """As the legend has it."""
    values: Sequence[tuple[float, float]]
    """Unix time and value. There may be gaps."""


@dataclass(frozen=True)
class Shown:
    """A panel, and what it shows."""

    panel: Panel
    curves: Sequence[Curve]


def ask_panels(story: Story, panels: Iterable[Panel], step: float) -> list[Shown]:
    """Ask all queries of all panels about the time of a story.

    Args:
        story: What has happened.
        panels: Those of the dashboard.
        step: Seconds between two values.

    Raises:
        EmptyPanels: some queries yield nothing.
    """
    shown: list[Shown] = []
    silent: list[str] = []
    for panel in panels:
        curves: list[Curve] = []
        for legend, query in panel.queries.items():
            found = story.prometheus.ask_range(query, story.began, story.ended, step)
            told = [Curve(_fill_in(legend, each.labels), _drop_nan(each.values)) for each in found]
            told = [each for each in told if each.values]
            if not told:
                silent.append(f"{panel.title}: {query}")
            curves.extend(told)
        shown.append(Shown(panel, curves))
    if silent:
        raise EmptyPanels("these queries yield nothing:\n" + "\n".join(silent))
    return shown


class EmptyPanels(Exception):
    """The dashboard has queries that yield nothing."""


def _fill_in(legend: str, labels: Mapping[str, str]) -> str:
    return re.sub(r"\{\{(\w+)\}\}", lambda found: labels.get(found[1], ""), legend)


def _drop_nan(values: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """A quantile of nothing is NaN."""
    return [(at, value) for at, value in values if value == value]
