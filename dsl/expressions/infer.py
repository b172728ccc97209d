"""Which kinds of value an expression can have, as far as that is certain without running it.

It only ever rules out: what is reported would fail whenever it is reached.
"""

from __future__ import annotations

from typing import NamedTuple

from dsl.expressions import syntax
from dsl.expressions.arguments import wrong_argument
from dsl.expressions.errors import ExprError, Span
from dsl.expressions.functions import FUNCTIONS
from dsl.expressions.kinds import (
    ANY,
    BOOLEAN,
    LIST,
    NULL,
    NUMBER,
    OBJECT,
    TEXT,
    Kinds,
    kind_of,
    overlap,
    speak,
)
from dsl.expressions.macros import MACROS
from dsl.expressions.references import static_field
from dsl.expressions.schema import kinds_at
from dsl.expressions.scope import Schema, Scope
from dsl.expressions.syntax import Node

_ORDERED: tuple[Kinds, ...] = (NUMBER, TEXT)
_OPERANDS: dict[str, tuple[Kinds, ...]] = {
    "+": (NUMBER, TEXT, LIST),
    **dict.fromkeys("-*/%", (NUMBER,)),
    **dict.fromkeys(("<", "<=", ">", ">="), _ORDERED),
}
"""The groups from which both operands must come."""


class Inferred(NamedTuple):
    """The kinds of a tree, and what is certainly wrong inside it."""

    kinds: Kinds
    problems: tuple[ExprError, ...]


def infer(tree: Node, scope: Scope) -> Inferred:
    """The kinds that a tree's value can have. The tree has no problems of its own."""
    inference = _Inference(scope)
    for node, _ in reversed(list(syntax.walk(tree))):
        inference.kinds[id(node)] = inference.of(node)
    return Inferred(inference.kinds[id(tree)], tuple(inference.problems))


class _Inference:
    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.kinds: dict[int, Kinds] = {}
        self.problems: list[ExprError] = []

    def known(self, node: Node) -> Kinds:
        return self.kinds[id(node)]

    def need(self, node: Node, wanted: Kinds, what: str) -> None:
        given = self.known(node)
        if not overlap(given, wanted):
            hint = "compare it: x != null, x > 0" if wanted == BOOLEAN else None
            self.problems.append(ExprError("E_TYPE", f"{what}, got {speak(given)}", node.span, hint))

    def of(self, node: Node) -> Kinds:
        match node:
            case syntax.Literal(value, _):
                return (kind_of(value),)
            case syntax.ListOf():
                return LIST
            case syntax.ObjectOf(entries, _):
                for key, _value in entries:
                    self.need(key, TEXT, "the keys of an object are text")
                return OBJECT
            case syntax.Unary("!", operand, _):
                self.need(operand, BOOLEAN, "'!' needs true or false")
                return BOOLEAN
            case syntax.Unary(_, operand, _):
                self.need(operand, NUMBER, "'-' needs a number")
                return NUMBER
            case syntax.Binary():
                return self.binary(node)
            case syntax.Conditional(test, then, other, _):
                self.need(test, BOOLEAN, "'?' needs true or false before it")
                return _union(self.known(then), self.known(other))
            case syntax.Coalesce(options, _):
                return self.coalesce(options)
            case syntax.Has():
                return BOOLEAN
            case syntax.Call(name, arguments, _):
                return self.call(name, [(self.known(argument), argument.span) for argument in arguments])
            case syntax.Chain(head, links, _):
                return self.chain(head, links)
            case syntax.Name(name, _, _):
                return kinds_at(self.scope.schemas.get(name, True), ())
            case _:
                return ANY

    def binary(self, node: syntax.Binary) -> Kinds:
        if node.operator in ("&&", "||"):
            for side in (node.left, node.right):
                self.need(side, BOOLEAN, f"'{node.operator}' needs true or false")
            return BOOLEAN
        groups = _OPERANDS.get(node.operator)
        if groups is None:
            return BOOLEAN
        left, right = self.known(node.left), self.known(node.right)
        fitting = [group for group in groups if overlap(left, group) and overlap(right, group)]
        if not fitting:
            hint = (
                "string(x) makes text, int(x) and double(x) make numbers" if TEXT in (left, right) else None
            )
            message = f"'{node.operator}' cannot take {speak(left)} and {speak(right)}"
            self.problems.append(ExprError("E_TYPE", message, node.span, hint))
        return BOOLEAN if groups is _ORDERED else _union(*(fitting or groups))

    def coalesce(self, options: tuple[Node, ...]) -> Kinds:
        before = [kind for option in options[:-1] for kind in self.known(option) if kind != "null"]
        return _union(tuple(before), self.known(options[-1]))

    def call(self, name: str, given: list[tuple[Kinds, Span]]) -> Kinds:
        function = FUNCTIONS[name]
        for place, (kinds, span) in enumerate(given):
            if not overlap(kinds, function.accepted(place)):
                self.problems.append(wrong_argument(name, function, place, kinds, span))
        return function.gives

    def chain(self, head: Node, links: tuple[syntax.Link, ...]) -> Kinds:
        kinds = self.known(head)
        schema = self.schema(head.name) if isinstance(head, syntax.Name) else None
        path: tuple[str | int, ...] = ()
        for link in links:
            if isinstance(link, syntax.Method):
                arguments = [(self.known(argument), argument.span) for argument in link.arguments]
                kinds = self.call(link.name, [(_not_null(kinds), link.span), *arguments])
                schema = None
            elif isinstance(link, syntax.Macro):
                kinds = self.macro(link)
                schema = None
            else:
                field = static_field(link)
                path, schema = ((*path, field), schema) if field is not None else ((), None)
                kinds = kinds_at(schema, path) if schema is not None else ANY
        return _union(kinds, NULL) if any(link.optional for link in links) else kinds

    def schema(self, root: str) -> Schema | None:
        if root != "steps":
            return self.scope.schemas.get(root)
        results = self.scope.results.items()
        return {"properties": {step: {"properties": {"result": result}} for step, result in results}}

    def macro(self, link: syntax.Macro) -> Kinds:
        macro = MACROS[link.name]
        if macro.tests or len(link.bodies) > 1:
            self.need(link.bodies[0], BOOLEAN, f"{link.name}() needs a condition")
        return macro.gives


def _union(*kinds: Kinds) -> Kinds:
    return tuple(dict.fromkeys(kind for group in kinds for kind in group))


def _not_null(kinds: Kinds) -> Kinds:
    # Null before a method is a miss, not a wrong kind.
    return tuple(kind for kind in kinds if kind != "null") or ANY
