"""A condition whose value is known when it is written is no condition."""

from __future__ import annotations

from collections.abc import Iterator

from dsl.definition.sites import Site, find_all_sites
from dsl.definition.walk import walk
from dsl.expressions import CONDITION, ExprError, Template
from dsl.model import Definition, RepeatStep, ReturnStep
from dsl.problems.problem import Problem
from dsl.source.map import Path

_HINTS = {
    ("when", True): "leave it out",
    ("when", False): "what depends on this condition never happens: remove it",
    ("match", True): "leave it out",
    ("match", False): "no message ever fits: write a condition that fits some",
    (
        "while",
        True,
    ): "the step can only fail; without this condition it is repeated maximum_iterations times",
    (
        "until",
        False,
    ): "the step can only fail; without this condition it is repeated maximum_iterations times",
    ("while", False): "the steps never run",
    ("until", True): "leave it out; a repeat with it ends after one iteration",
}
_HINTS_OF_UPDATES = {
    ("when", True): "leave it out",
    ("when", False): "every update is refused: write a condition that accepts some",
    ("until", True): "leave it out: the answer comes at once",
    ("until", False): "the update is never answered: write a condition that becomes true",
}


def check_conditions(definition: Definition) -> Iterator[Problem]:
    """Warn of conditions that are always true, or always false."""
    left = set(_find_left_by_return(definition))
    for site in find_all_sites(definition):
        value = _evaluate_constant(site)
        if value is None or site.path[:-1] in left:
            continue
        yield Problem(
            "constant-condition",
            f"this condition is always {str(value).lower()}",
            site.path,
            hint=(_HINTS_OF_UPDATES if site.path[0] == "updates" else _HINTS)[str(site.path[-1]), value],
            severity="warning",
        )


def _find_left_by_return(definition: Definition) -> Iterator[Path]:
    """Find each `repeat` that goes on for ever unless a `return` inside leaves it."""
    steps = list(walk(definition))
    around = {id(each) for placed in steps if isinstance(placed.step, ReturnStep) for each in placed.around}
    for placed in steps:
        if isinstance(placed.step, RepeatStep) and id(placed.step) in around:
            yield (*placed.path, "repeat")


def _evaluate_constant(site: Site) -> bool | None:
    template: Template = site.template
    if site.expected is not CONDITION or template.roots or template.problems:
        return None
    try:
        value, _ = template.evaluate({})
    except ExprError:
        return None
    return value if isinstance(value, bool) else None
