"""An expression has a value of certain kinds, as far as that is known without running it.

Inference only ever rules out: what is reported would fail whenever it is reached.
"""

from __future__ import annotations

from typing import NamedTuple, assert_never

from dsl.expressions import syntax
from dsl.expressions.arguments import build_argument_error
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
    describe_kinds,
    get_kind,
    overlap,
)
from dsl.expressions.macros import MACROS
from dsl.expressions.references import get_static_field
from dsl.expressions.schema import follow, get_kinds
from dsl.expressions.scope import Schema, Scope
from dsl.expressions.syntax import Node

_ORDERED: tuple[Kinds, ...] = (NUMBER, TEXT)
_OPERANDS: dict[str, tuple[Kinds, ...]] = {
    "+": (NUMBER, TEXT, LIST),
    **dict.fromkeys("-*/%", (NUMBER,)),
    **dict.fromkeys(("<", "<=", ">", ">="), _ORDERED),
}
"""The groups of kinds from which both operands must come."""


class Inferred(NamedTuple):
    """These are the kinds of a tree, and what is certainly wrong inside it."""

    kinds: Kinds
    problems: tuple[ExprError, ...]


def infer(tree: Node, scope: Scope) -> Inferred:
    """Infer the kinds that a tree's value can have. The tree has no problems of its own."""
    inference = _Inference(scope)
    for node, _ in reversed(list(syntax.walk(tree))):
        inference.kinds[id(node)] = inference.infer_node(node)
    return Inferred(inference.kinds[id(tree)], tuple(inference.problems))


class _Inference:
    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.kinds: dict[int, Kinds] = {}
        self.problems: list[ExprError] = []

    def get_kinds(self, node: Node) -> Kinds:
        return self.kinds[id(node)]

    def require(self, node: Node, wanted: Kinds, what: str) -> None:
        given = self.get_kinds(node)
        if not overlap(given, wanted):
            hint = "compare it: x != null, x > 0" if wanted == BOOLEAN else None
            self.problems.append(
                ExprError("type-mismatch", f"{what}, got {describe_kinds(given)}", node.span, hint)
            )

    def infer_node(self, node: Node) -> Kinds:
        match node:
            case syntax.Literal(value, _):
                return (get_kind(value),)
            case syntax.ListOf():
                return LIST
            case syntax.ObjectOf(entries, _):
                for key, _value in entries:
                    self.require(key, TEXT, "the keys of an object are text")
                return OBJECT
            case syntax.Unary("!", operand, _):
                self.require(operand, BOOLEAN, "'!' needs true or false")
                return BOOLEAN
            case syntax.Unary(_, operand, _):
                self.require(operand, NUMBER, "'-' needs a number")
                return NUMBER
            case syntax.Binary():
                return self.infer_binary(node)
            case syntax.Conditional(test, then, other, _):
                self.require(test, BOOLEAN, '"?" needs true or false before it')
                return _unite(self.get_kinds(then), self.get_kinds(other))
            case syntax.Coalesce(options, _):
                return self.infer_coalesce(options)
            case syntax.Has():
                return BOOLEAN
            case syntax.Call(name, arguments, _):
                return self.infer_call(
                    name, [(self.get_kinds(argument), argument.span) for argument in arguments]
                )
            case syntax.Chain(head, links, _):
                return self.infer_chain(head, links)
            case syntax.Name(name, _, _):
                return get_kinds(self.scope.schemas.get(name, True))
            case syntax.Local():
                return ANY
            case _:
                assert_never(node)

    def infer_binary(self, node: syntax.Binary) -> Kinds:
        if node.operator in ("&&", "||"):
            for side in (node.left, node.right):
                self.require(side, BOOLEAN, f'"{node.operator}" needs true or false')
            return BOOLEAN
        groups = _OPERANDS.get(node.operator)
        if groups is None:
            return BOOLEAN
        if node.operator in ("/", "%") and isinstance(node.right, syntax.Literal) and node.right.value == 0:
            self.problems.append(ExprError("division-by-zero", "division by zero", node.span))
        left, right = self.get_kinds(node.left), self.get_kinds(node.right)
        fitting = [group for group in groups if overlap(left, group) and overlap(right, group)]
        if not fitting:
            hint = (
                "string(x) makes text, int(x) and double(x) make numbers" if TEXT in (left, right) else None
            )
            message = f'"{node.operator}" cannot take {describe_kinds(left)} and {describe_kinds(right)}'
            self.problems.append(ExprError("type-mismatch", message, node.span, hint))
        return BOOLEAN if groups is _ORDERED else _unite(*(fitting or groups))

    def infer_coalesce(self, options: tuple[Node, ...]) -> Kinds:
        before = [kind for option in options[:-1] for kind in self.get_kinds(option) if kind != "null"]
        return _unite(tuple(before), self.get_kinds(options[-1]))

    def infer_call(self, name: str, given: list[tuple[Kinds, Span]]) -> Kinds:
        function = FUNCTIONS[name]
        for place, (kinds, span) in enumerate(given):
            if not overlap(kinds, function.get_accepted_kinds(place)):
                self.problems.append(build_argument_error(name, function, place, kinds, span))
        return function.gives

    def infer_chain(self, head: Node, links: tuple[syntax.Link, ...]) -> Kinds:
        kinds = self.get_kinds(head)
        schema = self.find_schema(head, links)
        for link in links:
            if isinstance(link, syntax.Method):
                arguments = [(self.get_kinds(argument), argument.span) for argument in link.arguments]
                kinds = self.infer_call(link.name, [(_exclude_null(kinds), link.span), *arguments])
                schema = True
            elif isinstance(link, syntax.Macro):
                kinds = self.infer_macro(link)
                schema = True
            else:
                field = get_static_field(link)
                schema = True if field is None else follow(schema, field)
                kinds = get_kinds(schema)
        return _unite(kinds, NULL) if any(link.optional for link in links) else kinds

    def find_schema(self, head: Node, links: tuple[syntax.Link, ...]) -> Schema:
        """Find what is known of the head of a chain; of `steps`, what is known of the step that the chain reads."""
        if not isinstance(head, syntax.Name):
            return True
        if head.name != "steps":
            return self.scope.schemas.get(head.name, True)
        step = get_static_field(links[0])
        result = self.scope.results.get(step, True) if isinstance(step, str) else True
        return {"properties": {step: {"properties": {"result": result}}}}

    def infer_macro(self, link: syntax.Macro) -> Kinds:
        macro = MACROS[link.name]
        if macro.tests or len(link.bodies) > 1:
            self.require(link.bodies[0], BOOLEAN, f"{link.name}() needs a condition")
        return macro.gives


def _unite(*kinds: Kinds) -> Kinds:
    return tuple(dict.fromkeys(kind for group in kinds for kind in group))


def _exclude_null(kinds: Kinds) -> Kinds:
    """Leave null out. Before a method it is a miss, and no wrong kind."""
    return tuple(kind for kind in kinds if kind != "null") or ANY
