"""The syntax tree is made of nodes. Every node is immutable and knows its span in the expression's text."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar, Self, TypeAlias, assert_never, dataclass_transform

from dsl.expressions.errors import Span
from dsl.scalars.json_value import JsonValue


@dataclass_transform(frozen_default=True, eq_default=False)
class _Syntax:
    """A node is a dataclass to those who check and match it.

    Real dataclasses took a tenth of the time to start a command.
    """

    __match_args__: ClassVar[tuple[str, ...]] = ()

    def __init_subclass__(cls) -> None:
        cls.__match_args__ = tuple(cls.__annotations__)  # type: ignore[misc]

    def __init__(self, *values: Any, **named: Any) -> None:
        self.__dict__.update(zip(self.__match_args__, values, strict=False), **named)

    def replace(self, **changes: Any) -> Self:
        """Copy the node, but for `changes`."""
        return type(self)(**{**self.__dict__, **changes})


class Literal(_Syntax):
    """A literal is `12`, `'text'`, `true`, `null`."""

    value: JsonValue
    span: Span


class Name(_Syntax):
    """A name is a root: `input`."""

    name: str
    span: Span
    is_key: bool = False
    """Whether it stands as the key of an object, where it should probably be quoted."""


class Local(_Syntax):
    """A local is the variable of a macro."""

    name: str
    slot: int
    """The number of macros around that macro."""
    span: Span


class ListOf(_Syntax):
    """A list is written `[a, b]`."""

    items: tuple[Node, ...]
    span: Span


class ObjectOf(_Syntax):
    """An object is written `{'k': v}`."""

    entries: tuple[tuple[Node, Node], ...]
    span: Span


class Unary(_Syntax):
    """A unary operator is written `!a` or `-a`."""

    operator: str
    operand: Node
    span: Span


class Binary(_Syntax):
    """A binary operator is written `a + b`, `a && b` or `a in b`."""

    operator: str
    left: Node
    right: Node
    span: Span


class Conditional(_Syntax):
    """A conditional is written `test ? then : other`."""

    test: Node
    then: Node
    other: Node
    span: Span


class Coalesce(_Syntax):
    """Coalescing is written `a ?? b ?? c`."""

    options: tuple[Node, ...]
    span: Span


class Has(_Syntax):
    """The question for a field is written `has(target.b)`. `last` is the access whose key is asked for."""

    target: Node
    last: Field | Index
    span: Span


class Call(_Syntax):
    """A call is written `f(a, b)`."""

    name: str
    arguments: tuple[Node, ...]
    span: Span


class Chain(_Syntax):
    """A chain is written `head.a?.b[0].f(x)`. It is one node, because `?.` and `??` act on the whole of it."""

    head: Node
    links: tuple[Link, ...]
    span: Span


class Field(_Syntax):
    """A field is written `.name` or `?.name`."""

    name: str
    optional: bool
    span: Span


class Index(_Syntax):
    """An index is written `[key]` or `?.[key]`."""

    key: Node
    optional: bool
    span: Span


class Method(_Syntax):
    """A method is written `.f(b)` or `?.f(b)`. The function's first argument stands before the dot."""

    name: str
    arguments: tuple[Node, ...]
    optional: bool
    span: Span


class Macro(_Syntax):
    """A macro is written `.map(variable, body)`. The bodies are evaluated once per item."""

    name: str
    variable: str
    slot: int
    bodies: tuple[Node, ...]
    optional: bool
    span: Span


Link: TypeAlias = Field | Index | Method | Macro
Node: TypeAlias = (
    Literal | Name | Local | ListOf | ObjectOf | Unary | Binary | Conditional | Coalesce | Has | Call | Chain
)


def find_allowed_misses(links: tuple[Link, ...]) -> tuple[bool, ...]:
    """Find out for each link of a chain whether a miss there ends the chain with null, instead of an error.

    In `x?.y`, both `x` and `y` may be missing.
    """
    optional = [link.optional for link in links]
    return tuple(own or following for own, following in zip(optional, [*optional[1:], False], strict=True))


def list_children(node: Node) -> tuple[Node, ...]:
    """List the nodes directly below `node`, in the order of the text."""
    match node:
        case ListOf(items, _):
            return items
        case ObjectOf(entries, _):
            return tuple(part for entry in entries for part in entry)
        case Unary(_, operand, _):
            return (operand,)
        case Binary(_, left, right, _):
            return (left, right)
        case Conditional(test, then, other, _):
            return (test, then, other)
        case Coalesce(options, _):
            return options
        case Has(target, last, _):
            return (target, *list_link_children(last))
        case Call(_, arguments, _):
            return arguments
        case Chain(head, links, _):
            return (head, *(child for link in links for child in list_link_children(link)))
        case Literal() | Name() | Local():
            return ()
        case _:
            assert_never(node)


def list_link_children(link: Link) -> tuple[Node, ...]:
    """List the nodes inside one link of a chain."""
    match link:
        case Index(key=key):
            return (key,)
        case Method(arguments=arguments):
            return arguments
        case Macro(bodies=bodies):
            return bodies
        case Field():
            return ()
        case _:
            assert_never(link)


def walk(tree: Node) -> Iterator[tuple[Node, int]]:
    """Yield every node with its depth (1 at the top), each before its children, in the order of the text."""
    waiting = [(tree, 1)]
    while waiting:
        node, depth = waiting.pop()
        yield node, depth
        waiting.extend((child, depth + 1) for child in reversed(list_children(node)))
