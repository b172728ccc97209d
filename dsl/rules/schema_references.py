"""References in a JSON Schema lead to a part of the same schema, and never around in a circle.

A validator fetches nothing. So a reference begins with `#`. No part of a schema is a document of its own, because
`#` would mean something else in it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from referencing.exceptions import Unresolvable
from referencing.jsonschema import DRAFT202012, EMPTY_REGISTRY

from dsl.json_schema.keywords import list_in_place, list_references, walk_schemas
from dsl.problems.names import report_unknown
from dsl.problems.problem import Problem
from dsl.source.map import Path

_CODE: Final = "bad-reference"
_PLACES: Final = ("$defs", "definitions")
"""Where the parts of a schema stand that references lead to."""
_REMEDY: Final = 'put the other schema under "$defs", and write for example "#/$defs/address"'

_Target = dict[str, Any] | bool


class _Edge(NamedTuple):
    """One schema asks another one about the same value."""

    target: int
    """What `id` says of the other schema."""
    reference: Path | None
    """The path of the reference, if it is one."""


def find_bad_references(schema: dict[str, Any], place: Path) -> Iterator[Problem]:
    """Find the references in a schema that lead out of it, nowhere, or back to themselves.

    Args:
        schema: A schema in which nothing has a wrong form.
        place: Its path.
    """
    schemas = list(walk_schemas(schema, place))
    own = [(*path, "$id") for inner, path in schemas if "$id" in inner and path != place]
    for path in own:
        message = '"$id" makes a document of its own of this part, in which "#" means the part'
        yield Problem(_CODE, message, path, hint=f"leave it out: {_REMEDY}", at="key")
    try:
        resolve = None if own else _build_resolver(schema, [inner for inner, _ in schemas])
    except ValueError as error:
        yield Problem(
            _CODE, f'"$id" is not a URI: {error}', (*place, "$id"), hint="leave it out: nothing needs it"
        )
        return
    known = [f"#/{word}/{name}" for word in _PLACES for name in schema.get(word, {})]
    edges: dict[int, list[_Edge]] = {}
    for inner, path in schemas:
        same = edges[id(inner)] = [_Edge(id(each), None) for each in list_in_place(inner)]
        for keyword, reference in list_references(inner):
            where = (*path, keyword)
            if not reference.startswith("#"):
                message = "the reference leads out of the schema, and nothing is fetched"
                yield Problem(_CODE, message, where, hint=_REMEDY)
            elif resolve is not None:
                target = resolve(reference)
                same.append(_Edge(id(target), where))
                if target is None:
                    yield _report_unknown(reference, known, where)
    yield from (_report_circle(path) for path in _find_circles(edges))


def _report_unknown(reference: str, known: Sequence[str], path: Path) -> Problem:
    return report_unknown(
        _CODE,
        "the reference leads to no schema inside this one",
        reference,
        known,
        path,
        hint="the parts under $defs: {known}",
        neighbours={},
    )


def _report_circle(path: Path) -> Problem:
    return Problem(
        _CODE,
        "the reference leads back to itself, so that a check of the value would never end",
        path,
        hint="a schema may refer to itself where it says something of a part of the value: a property, or an item",
    )


def _build_resolver(
    schema: dict[str, Any], schemas: Sequence[dict[str, Any]]
) -> Callable[[str], _Target | None]:
    """Build what finds the schema to which a reference leads; None where it leads to no schema."""
    resource = DRAFT202012.create_resource(schema)
    uri = resource.id() or ""
    resolver = EMPTY_REGISTRY.with_resource(uri, resource).crawl().resolver(uri)
    parts = {id(each) for each in schemas}

    def resolve(reference: str) -> _Target | None:
        try:
            found: Any = resolver.lookup(reference).contents
        except (Unresolvable, LookupError, TypeError, ValueError):  # steps into a number raise the last ones
            return None
        return found if isinstance(found, bool) or id(found) in parts else None

    return resolve


def _find_circles(edges: Mapping[int, Sequence[_Edge]]) -> Iterator[Path]:
    """Find where schemas ask each other about the same value in a circle: the path of the last reference in each."""
    done: set[int] = set()
    for start in edges:
        way, places = [_Edge(start, None)], {start: 0}
        left = [] if start in done else [iter(edges[start])]
        while left:
            edge = next(left[-1], None)
            if edge is None:
                left.pop()
                node = way.pop().target
                del places[node]
                done.add(node)
            elif edge.target in places:
                circle = [*way[places[edge.target] + 1 :], edge]
                yield from [each.reference for each in circle if each.reference is not None][-1:]
            elif edge.target not in done:
                places[edge.target] = len(way)
                way.append(edge)
                left.append(iter(edges.get(edge.target, ())))
