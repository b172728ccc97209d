"""What the expressions of a step, and of all that is inside it, read of a run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from dsl.definition.sites import find_clause_sites, find_sites
from dsl.expressions import Template
from dsl.model import PagingCall
from dsl.source.map import Path
from interpreter.program.model import Node


class Reads:
    """What some expressions read, as far as that is known before they are evaluated."""

    def __init__(self, templates: Iterable[Template]) -> None:
        self._places: dict[str, list[Path]] = {}
        for template in templates:
            for reference in template.find_references():
                self._places.setdefault(reference.root, []).append(reference.fields)

    @property
    def roots(self) -> tuple[str, ...]:
        """The roots that are read: `input`, `item`, ..."""
        return tuple(self._places)

    def select(self, root: str, data: Mapping[str, object]) -> dict[str, object]:
        """Select of the data of a root the fields that are read."""
        read = self._places.get(root, [])
        if any(not fields for fields in read):
            return dict(data)
        names = {fields[0] for fields in read}
        return {name: value for name, value in data.items() if name in names}

    def include(self, place: Path) -> bool:
        """Tell whether the value at a place, a part of it, or something around it is read."""
        root, *way = place
        return any(
            all(a == b for a, b in zip(fields, way, strict=False))
            for fields in self._places.get(str(root), [])
        )


def find_reads(nodes: Iterable[Node], *more: Template | None) -> Reads:
    """Find what some steps read, with what is inside them.

    Args:
        nodes: The steps.
        more: Further expressions.
    """
    inside = (template for node in nodes for each in node.walk() for template in list_templates(each))
    return Reads([*inside, *(each for each in more if each is not None)])


def list_templates(node: Node) -> Iterator[Template]:
    """List the expressions of one step; some of them it has from the defaults."""
    yield from (site.template for site in find_sites(node.step, ()))
    if not isinstance(node.step, PagingCall):
        for _, sites in find_clause_sites(node.step, ()):
            yield from (site.template for site in sites)
    if node.breaker is not None:
        yield from (site.template for site in find_sites(node.breaker, ()))
    if node.plan is not None and isinstance(node.plan.task_queue, Template):
        yield node.plan.task_queue
