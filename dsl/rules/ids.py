"""The id of a step is unique in a definition, so `steps.<id>` means one step."""

from __future__ import annotations

from collections.abc import Iterator

from dsl.definition.walk import walk
from dsl.model import Common, Definition
from dsl.problems.problem import Problem, Related
from dsl.source.map import Path


def check_ids(definition: Definition) -> Iterator[Problem]:
    """Report ids that are given twice."""
    taken: dict[str, Path] = {}
    for placed in walk(definition):
        step = placed.step
        if not isinstance(step, Common) or step.id is None:
            continue
        if step.id in taken:
            yield Problem(
                "duplicate-id",
                f'the id "{step.id}" is taken by an earlier step',
                (*placed.path, "id"),
                hint="ids are unique in the whole definition",
                related=Related("the earlier step", taken[step.id]),
            )
        taken.setdefault(step.id, (*placed.path, "id"))
