"""A tree is compiled into closures, once.

This goes bottom-up over the nodes, so that no depth of tree can overflow Python's stack.
"""

from __future__ import annotations

from typing import Any, assert_never

from dsl.expressions import syntax
from dsl.expressions.access import (
    ENDED,
    LinkCode,
    compile_field,
    compile_index,
    compile_macro,
    compile_method,
    look,
)
from dsl.expressions.arguments import check_argument
from dsl.expressions.collection_functions import put
from dsl.expressions.errors import ExprError, Span
from dsl.expressions.frame import CALL_PRICE, MACRO_PRICE, Code, Frame, Thunk
from dsl.expressions.functions import FUNCTIONS
from dsl.expressions.kinds import describe_kind
from dsl.expressions.macros import MACROS, Loop
from dsl.expressions.operators import OPERATIONS, negate
from dsl.expressions.syntax import Link, Node
from dsl.expressions.tokens import WORDS
from dsl.problems.neighbours import IN_EXPRESSIONS
from dsl.problems.suggest import did_you_mean
from dsl.scalars.json_value import JsonValue


def compile_tree(tree: Node, text: str) -> Code:
    """Compile a tree without problems. `text` is what it was parsed from, for messages."""
    compiler = _Compiler(text)
    for node, _ in reversed(list(syntax.walk(tree))):
        compiler.done[id(node)] = compiler.emit(node)
    return compiler.get_code(tree)


class _Compiler:
    def __init__(self, text: str) -> None:
        self.text = text
        self.done: dict[int, Code] = {}

    def get_code(self, node: Node) -> Code:
        return self.done[id(node)]

    def get_thunks(self, nodes: tuple[Node, ...]) -> tuple[Thunk, ...]:
        return tuple(self.get_code(node).run for node in nodes)

    def sum_prices(self, *nodes: Node) -> int:
        return sum(self.get_code(node).price for node in nodes)

    def emit(self, node: Node) -> Code:
        match node:
            case syntax.Literal(value, _):
                return Code(_build_literal(value), 0)
            case syntax.Local(_, slot, _):
                return Code(_build_local(slot), 0)
            case syntax.Name(name, span, is_key):
                return Code(_build_name(name, span, is_key), 1)
            case syntax.ListOf(items, _):
                return Code(_build_list(self.get_thunks(items)), 1 + len(items) + self.sum_prices(*items))
            case syntax.ObjectOf(entries, span):
                return self.emit_object(entries, span)
            case syntax.Unary(operator, operand, span):
                run = self.get_code(operand).run
                return Code(
                    (_build_not if operator == "!" else _build_minus)(run, span), 1 + self.sum_prices(operand)
                )
            case syntax.Binary():
                return self.emit_binary(node)
            case syntax.Conditional(test, then, other, _):
                arms = (self.get_code(then).add_charge(), self.get_code(other).add_charge())
                return Code(
                    _build_conditional(self.get_code(test).run, test.span, *arms), 1 + self.sum_prices(test)
                )
            case syntax.Coalesce(options, _):
                return self.emit_coalesce(options)
            case syntax.Has(target, last, span):
                return self.emit_has(target, last, span)
            case syntax.Call(name, arguments, span):
                spans = tuple(argument.span for argument in arguments)
                return Code(
                    _build_call(name, self.get_thunks(arguments), span, spans),
                    CALL_PRICE + self.sum_prices(*arguments),
                )
            case syntax.Chain():
                return self.emit_chain(node)
            case _:
                assert_never(node)

    def emit_object(self, entries: tuple[tuple[Node, Node], ...], span: Span) -> Code:
        parts = [(self.get_code(key).run, key.span, self.get_code(value).run) for key, value in entries]
        price = len(entries) + sum(self.sum_prices(key, value) for key, value in entries)
        names = [key.value for key, _ in entries if isinstance(key, syntax.Literal)]
        if len(names) == len(entries) and all(isinstance(name, str) for name in names):
            return Code(
                _build_record([(str(name), part[2]) for name, part in zip(names, parts, strict=True)]),
                1 + price,
            )
        return Code(_build_object(parts), 1 + price)

    def emit_binary(self, node: syntax.Binary) -> Code:
        left, right = self.get_code(node.left), self.get_code(node.right)
        if node.operator in ("&&", "||"):
            run = _build_logic(node.operator, left.run, right.add_charge(), node.left.span, node.right.span)
            return Code(run, 1 + left.price)
        run = _build_binary(node.operator, left.run, right.run, node.span)
        return Code(run, 1 + left.price + right.price)

    def emit_coalesce(self, options: tuple[Node, ...]) -> Code:
        codes = [self.get_code(option) for option in options]
        gentle = [code._replace(run=code.gentle or code.run) for code in codes]
        first, *others = [gentle[0].run, *(code.add_charge() for code in gentle[1:])]
        strict = _build_coalesce(first, others[:-1], codes[-1].add_charge())
        return Code(strict, 1 + codes[0].price, _build_coalesce(first, others[:-1], others[-1]))

    def emit_has(self, target: Node, last: syntax.Field | syntax.Index, span: Span) -> Code:
        code = self.get_code(target)
        place = self.quote_place(target.span[0], last.span[0])
        inner = syntax.list_link_children(last)
        run = _build_has(code.gentle or code.run, self.emit_key(last), place, last.span)
        return Code(run, 2 + code.price + self.sum_prices(*inner))

    def emit_key(self, link: syntax.Field | syntax.Index) -> Thunk:
        if isinstance(link, syntax.Index):
            return self.get_code(link.key).run
        name = link.name
        return lambda frame: name

    def quote_place(self, start: int, end: int) -> str:
        """Quote what stands before a link, as the user wrote it. Messages name it."""
        text = " ".join(self.text[start:end].rstrip(" \t\r\n").removesuffix(".").removesuffix("?").split())
        return text if len(text) <= 60 else "..." + text[-57:]

    def emit_chain(self, node: syntax.Chain) -> Code:
        head = self.get_code(node.head)
        price = head.price + sum(self.price_link(link) for link in node.links)
        plain = [link.name for link in node.links if isinstance(link, syntax.Field) and not link.optional]
        strict, gentle = (self.emit_links(node, gentle) for gentle in (False, True))
        run = _build_chain(head.run, strict)
        if len(plain) == len(node.links):
            run = _build_path(node.head, tuple(plain), run)
        return Code(run, price, _build_chain(head.gentle or head.run, gentle))

    def price_link(self, link: Link) -> int:
        if isinstance(link, syntax.Macro):
            return MACRO_PRICE  # the bodies pay for themselves, for each item
        own = CALL_PRICE if isinstance(link, syntax.Method) else 1
        return own + self.sum_prices(*syntax.list_link_children(link))

    def emit_links(self, node: syntax.Chain, gentle: bool) -> tuple[LinkCode, ...]:
        start = node.head.span[0]
        return tuple(
            self.emit_link(link, self.quote_place(start, link.span[0]), gentle or allowed)
            for link, allowed in zip(node.links, syntax.find_allowed_misses(node.links), strict=True)
        )

    def emit_link(self, link: Link, place: str, gentle: bool) -> LinkCode:
        match link:
            case syntax.Field(name, optional, span):
                return compile_field(name, place, span, gentle, optional)
            case syntax.Index(key, optional, span):
                return compile_index(self.get_code(key).run, place, span, gentle, optional)
            case syntax.Method(name, arguments, _, span):
                spans = (span, *(argument.span for argument in arguments))
                return compile_method(name, FUNCTIONS[name], self.get_thunks(arguments), place, spans, gentle)
            case syntax.Macro(name, _, slot, bodies, _, span):
                loops = tuple(Loop(slot, self.get_code(body)) for body in bodies)
                return compile_macro(MACROS[name], loops, place, span, gentle)
            case _:
                assert_never(link)


def _build_literal(value: JsonValue) -> Thunk:
    return lambda frame: value


def _build_local(slot: int) -> Thunk:
    return lambda frame: frame.slots[slot]


def _build_name(name: str, span: Span, is_key: bool) -> Thunk:
    def run(frame: Frame) -> Any:
        try:
            return frame.context[name]
        except KeyError:
            hint = did_you_mean(name, (*frame.context, *WORDS), IN_EXPRESSIONS)
            if is_key:
                hint = f"quote the key: '{name}'"
            raise ExprError("unknown-name", f'unknown name "{name}"', span, hint) from None

    return run


def _build_path(head: Node, names: tuple[str, ...], careful: Thunk) -> Thunk:
    """Read the common case at the speed of Python. Any miss goes through `careful` again, which explains it."""

    def read_from_root(frame: Frame) -> Any:
        try:
            value = frame.context[root]
            for name in names:
                value = value[name]
            return value
        except (KeyError, TypeError):
            return careful(frame)

    def read_from_slot(frame: Frame) -> Any:
        try:
            value = frame.slots[slot]
            for name in names:
                value = value[name]
            return value
        except (KeyError, TypeError):
            return careful(frame)

    match head:
        case syntax.Name(root, _, _):
            return read_from_root
        case syntax.Local(_, slot, _):
            return read_from_slot
        case _:
            return careful


def _build_chain(head: Thunk, steps: tuple[LinkCode, ...]) -> Thunk:
    def run(frame: Frame) -> Any:
        value = head(frame)
        for step in steps:
            value = step(frame, value)
            if value is ENDED:
                return None
        return value

    return run


def _build_list(items: tuple[Thunk, ...]) -> Thunk:
    return lambda frame: [item(frame) for item in items]


def _build_record(entries: list[tuple[str, Thunk]]) -> Thunk:
    return lambda frame: {name: value(frame) for name, value in entries}


def _build_object(entries: list[tuple[Thunk, Span, Thunk]]) -> Thunk:
    def run(frame: Frame) -> Any:
        result: dict[str, Any] = {}
        for key, span, value in entries:
            name = key(frame)
            if type(name) is not str:
                raise ExprError(
                    "type-mismatch",
                    f"the keys of an object are text, got {describe_kind(name)}",
                    span,
                    "string(x)",
                )
            try:
                frame.charge_scan(len(name))
                put(result, name, value(frame), "the object")
            except ExprError as error:
                raise error.place_at(span) from None
        return result

    return run


def _require_boolean(value: Any, span: Span) -> bool:
    if value is True or value is False:
        return bool(value)
    raise ExprError(
        "type-mismatch",
        f"needs true or false, got {describe_kind(value)}",
        span,
        "compare it: x != null, x > 0",
    )


def _build_not(operand: Thunk, span: Span) -> Thunk:
    return lambda frame: not _require_boolean(operand(frame), span)


def _build_minus(operand: Thunk, span: Span) -> Thunk:
    def run(frame: Frame) -> Any:
        try:
            return negate(frame, operand(frame))
        except ExprError as error:
            raise error.place_at(span) from None

    return run


def _build_binary(operator: str, left: Thunk, right: Thunk, span: Span) -> Thunk:
    operate = OPERATIONS[operator]

    def run(frame: Frame) -> Any:
        try:
            return operate(frame, left(frame), right(frame))
        except ExprError as error:
            raise error.place_at(span) from None

    return run


def _build_logic(operator: str, left: Thunk, right: Thunk, *spans: Span) -> Thunk:
    deciding = operator == "||"

    def run(frame: Frame) -> Any:
        if _require_boolean(left(frame), spans[0]) is deciding:
            return deciding
        return _require_boolean(right(frame), spans[1])

    return run


def _build_conditional(test: Thunk, span: Span, then: Thunk, other: Thunk) -> Thunk:
    return lambda frame: then(frame) if _require_boolean(test(frame), span) else other(frame)


def _build_coalesce(first: Thunk, middle: list[Thunk], last: Thunk) -> Thunk:
    def run(frame: Frame) -> Any:
        value = first(frame)
        for option in middle:
            if value is not None:
                break
            value = option(frame)
        return last(frame) if value is None else value

    return run


def _build_has(target: Thunk, key: Thunk, place: str, span: Span) -> Thunk:
    def run(frame: Frame) -> Any:
        return look(target(frame), key(frame), place, span) is not ENDED

    return run


def _build_call(name: str, arguments: tuple[Thunk, ...], span: Span, spans: tuple[Span, ...]) -> Thunk:
    function = FUNCTIONS[name]

    def run(frame: Frame) -> Any:
        values = [argument(frame) for argument in arguments]
        try:
            for at, value in enumerate(values):
                check_argument(name, function, at, value, spans[at])
            return function.run(frame, *values)
        except ExprError as error:
            raise error.place_at(span) from None

    return run
