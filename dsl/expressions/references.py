"""An expression reads references: every chain that begins at a root, as far as it is known beforehand."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from dsl.expressions import syntax
from dsl.expressions.errors import Span
from dsl.expressions.syntax import Node


class Reference(NamedTuple):
    """A reference reads a root once: `steps.check?.result.items[0]` has the fields `check result items 0`.

    The fields end at the first thing that only running can tell: a computed index, a method, a macro.
    """

    path_inside: tuple[str | int, ...]
    """The way from the template's source to the scalar."""
    root: str
    fields: tuple[str | int, ...]
    optional: tuple[bool, ...]
    """For each field, whether a miss there is allowed for by `?.`, `??` or `has()`."""
    root_span: Span
    field_spans: tuple[Span, ...]
    """The spans count code points of the scalar's text."""
    is_key: bool = False
    """Whether the root stands unquoted as the key of an object, where a text was probably meant."""
    is_whole: bool = False
    """Whether it is all of its scalar: `${ steps.a.result }`, with nothing dynamic."""

    @property
    def span(self) -> Span:
        """Get the place of all of it."""
        last = self.field_spans[-1] if self.field_spans else self.root_span
        return (self.root_span[0], last[1])

    def place(self, path: tuple[str | int, ...], offset: int, whole: bool) -> Reference:
        """Place it in a scalar at `path`, whose expression begins at `offset` and is the `whole` of it or a part."""
        return self._replace(
            path_inside=path,
            root_span=_shift(self.root_span, offset),
            field_spans=tuple(_shift(span, offset) for span in self.field_spans),
            is_whole=self.is_whole and whole,
        )


def find_references(tree: Node) -> Iterator[Reference]:
    """Find the references of a tree, in the order of the text, as if it were all of its scalar."""
    waiting: list[tuple[Node, bool]] = [(tree, False)]
    while waiting:
        node, gentle = waiting.pop()
        below = _list_below(node, gentle)
        match node:
            case syntax.Name(name, span, is_key):
                yield Reference((), name, (), (), span, (), is_key, node is tree)
            case syntax.Chain(syntax.Name() as head, links, _):
                yield _build_reference(head, links, gentle, node is tree)
                below = below[1:]
            case syntax.Has(syntax.Chain(syntax.Name() as head, links, _), last, _):
                yield _build_reference(head, (*links, last), True, False)
                below = [*[(child, False) for child in _list_inside(links)], *below[1:]]
            case syntax.Has(syntax.Name() as head, last, _):
                yield _build_reference(head, (last,), True, False)
                below = below[1:]
            case _:
                pass
        waiting.extend(reversed(below))


def _list_below(node: Node, gentle: bool) -> list[tuple[Node, bool]]:
    """List the children, and for each of them whether a miss in it is allowed for."""
    children = list(syntax.list_children(node))
    match node:
        case syntax.Coalesce(options, _):
            return [(child, gentle or child is not options[-1]) for child in children]
        case syntax.Chain():
            return [(child, gentle and child is node.head) for child in children]
        case syntax.Has():
            return [(child, child is node.target) for child in children]
        case _:
            return [(child, False) for child in children]


def _list_inside(links: tuple[syntax.Link, ...]) -> list[Node]:
    return [child for link in links for child in syntax.list_link_children(link)]


def _build_reference(
    head: syntax.Name, links: tuple[syntax.Link, ...], gentle: bool, whole: bool
) -> Reference:
    known: list[tuple[str | int, bool, Span]] = []
    for link, allowed in zip(links, syntax.find_allowed_misses(links), strict=True):
        field = get_static_field(link)
        if field is None:
            break
        known.append((field, gentle or allowed, link.span))
    fields, optional, spans = zip(*known, strict=True) if known else ((), (), ())
    complete = whole and len(known) == len(links)
    return Reference((), head.name, fields, optional, head.span, spans, False, complete)


def get_static_field(link: syntax.Link) -> str | int | None:
    """Get the key of `.a`, `['a']` and `[0]`; None where only running can tell."""
    match link:
        case syntax.Field(name=name):
            return name
        case syntax.Index(key=syntax.Literal(value=str() | int() as key)) if type(key) is not bool:
            return key
        case _:
            return None


def _shift(span: Span, offset: int) -> Span:
    return (span[0] + offset, span[1] + offset)
