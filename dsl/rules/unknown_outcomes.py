"""A compensation may run after an outcome that is not known. Then the step has no result, and `result` is null."""

from __future__ import annotations

from collections.abc import Iterator

from dsl.definition.sites import find_sites
from dsl.definition.walk import walk
from dsl.expressions import Reference
from dsl.model import BLOCKS, CompensationCommon, Definition
from dsl.problems.problem import Problem


def check_unknown_outcomes(definition: Definition) -> Iterator[Problem]:
    """Warn of compensations that take the result of their step for granted."""
    for placed in walk(definition):
        undoing = [each for each in (*placed.around, placed.step) if isinstance(each, CompensationCommon)]
        if not undoing or undoing[-1].after == "completed" or isinstance(placed.undoes, BLOCKS):
            continue
        for site in find_sites(placed.step, placed.path):
            for reference in site.template.find_references():
                if _needs_result(reference):
                    yield Problem(
                        "null-result",
                        "result is null after an unknown outcome: a timeout, a cancellation or the loss of a worker",
                        (*site.path, *reference.path_inside),
                        hint="write result ?? step.key, result?.field ?? ..., or after: completed",
                        severity="warning",
                        within=(reference.root_span[0], (*reference.field_spans, reference.root_span)[0][1]),
                    )


def _needs_result(reference: Reference) -> bool:
    """Tell whether null is handed on as it is, or a field is taken of it."""
    if reference.root != "result":
        return False
    return not reference.optional[0] if reference.fields else reference.is_whole
