"""An input that the schema calls `writeOnly` is not shown to people. Some values of a step are always shown."""

from __future__ import annotations

from collections.abc import Iterator

from dsl.definition.sites import Site, find_all_sites
from dsl.definition.walk import walk
from dsl.expressions import Reference, Template
from dsl.json_schema.write_only import is_write_only, name_place
from dsl.model import Definition, ForEachStep
from dsl.problems.problem import Problem
from dsl.rules.schemas import trust_schema
from dsl.source.map import Path

_MAPS = ("set", "vars", "headers", "query", "queries")
"""Keys with a map whose keys the writer has chosen. They mean nothing."""

_WHERE = {
    "key": "the key of an item is a part of names and idempotency keys",
    "workflow_id": "everybody sees the id of a workflow",
    "priority": "everybody sees the priority of a task",
    "task_queue": "everybody sees the name of a task queue",
    "raise": "the error of a run is a part of its history",
    "output": "the result of a run is a part of its history, and printed by commands",
}
"""Key → why people see its value."""


def check_write_only(definition: Definition) -> Iterator[Problem]:
    """Warn where a secret value of the input would be seen, as far as that is known."""
    schema = trust_schema(definition.input)
    if not isinstance(schema, dict):
        return
    items = dict(_find_items(definition))
    for site in find_all_sites(definition):
        why = _find_reason(site)
        if why is None:
            continue
        for reference in site.template.find_references():
            way = _find_way(reference, items.get(site.path[:-1]))
            if way is not None and is_write_only(schema, way):
                yield Problem(
                    "write-only",
                    f"{name_place(way)} is writeOnly, and it can be seen here",
                    (*site.path, *reference.path_inside),
                    hint=why,
                    severity="warning",
                    within=reference.span,
                )


def _find_reason(site: Site) -> str | None:
    """Say why people see the value of an expression; None if they do not."""
    if site.path[0] == "output":
        return _WHERE["output"]
    if site.path[-2] == "priority":
        return _WHERE["priority"]
    if site.path[-1] in _WHERE and site.path[-2] not in _MAPS:
        return _WHERE[str(site.path[-1])]
    return _WHERE["raise"] if "raise" in site.path[-3:-1] else None


def _find_items(definition: Definition) -> Iterator[tuple[Path, tuple[str, Path]]]:
    """Find the loops over a part of the input: for each, how it calls an item, and where the items are."""
    for placed in walk(definition):
        step = placed.step
        if isinstance(step, ForEachStep) and isinstance(step.for_each, Template):
            match tuple(step.for_each.find_references()):
                case (Reference(root="input", is_whole=True) as reference,):
                    yield placed.path, (step.as_, reference.fields)
                case _:
                    pass


def _find_way(reference: Reference, items: tuple[str, Path] | None) -> Path | None:
    """Find the way into the input that a reference goes, also by way of an item; None for another root."""
    if reference.root == "input":
        return reference.fields
    if items is not None and reference.root == items[0]:
        return (*items[1], 0, *reference.fields)
    return None
