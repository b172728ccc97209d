"""Tree to closures, once. Bottom-up over the nodes, so that no depth of tree can overflow Python's stack."""

from __future__ import annotations

from typing import Any, assert_never

from dsl.expressions import syntax
from dsl.expressions.access import (
    ENDED,
    Step,
    field_step,
    index_step,
    look,
    macro_step,
    method_step,
)
from dsl.expressions.arguments import check_argument
from dsl.expressions.collection_functions import put
from dsl.expressions.errors import ExprError, Span
from dsl.expressions.frame import CALL_PRICE, MACRO_PRICE, Code, Frame, Run
from dsl.expressions.functions import FUNCTIONS
from dsl.expressions.kinds import spoken
from dsl.expressions.macros import MACROS, Loop
from dsl.expressions.operators import OPERATIONS, negate
from dsl.expressions.suggest import WORDS, did_you_mean
from dsl.expressions.syntax import Link, Node


def compile_tree(tree: Node, text: str) -> Code:
    """Compile a tree without problems; `text` is what it was parsed from (for messages)."""
    compiler = _Compiler(text)
    for node, _ in reversed(list(syntax.walk(tree))):
        compiler.done[id(node)] = compiler.emit(node)
    return compiler.of(tree)


class _Compiler:
    def __init__(self, text: str) -> None:
        self.text = text
        self.done: dict[int, Code] = {}

    def of(self, node: Node) -> Code:
        return self.done[id(node)]

    def runs(self, nodes: tuple[Node, ...]) -> tuple[Run, ...]:
        return tuple(self.of(node).run for node in nodes)

    def price(self, *nodes: Node) -> int:
        return sum(self.of(node).price for node in nodes)

    def emit(self, node: Node) -> Code:
        match node:
            case syntax.Literal(value, _):
                return Code(lambda frame: value, 0)
            case syntax.Local(_, slot, _):
                return Code(lambda frame: frame.slots[slot], 0)
            case syntax.Name(name, span, is_key):
                return Code(_name(name, span, is_key), 1)
            case syntax.ListOf(items, _):
                return Code(_list(self.runs(items)), 1 + len(items) + self.price(*items))
            case syntax.ObjectOf(entries, span):
                return self.object(entries, span)
            case syntax.Unary(operator, operand, span):
                run = self.of(operand).run
                return Code((_not if operator == "!" else _minus)(run, span), 1 + self.price(operand))
            case syntax.Binary():
                return self.binary(node)
            case syntax.Conditional(test, then, other, _):
                arms = (self.of(then).priced(), self.of(other).priced())
                return Code(_conditional(self.of(test).run, test.span, *arms), 1 + self.price(test))
            case syntax.Coalesce(options, _):
                return self.coalesce(options)
            case syntax.Has(target, last, span):
                return self.has(target, last, span)
            case syntax.Call(name, arguments, span):
                spans = tuple(argument.span for argument in arguments)
                return Code(
                    _call(name, self.runs(arguments), span, spans), CALL_PRICE + self.price(*arguments)
                )
            case syntax.Chain():
                return self.chain(node)
            case _:
                assert_never(node)

    def object(self, entries: tuple[tuple[Node, Node], ...], span: Span) -> Code:
        parts = [(self.of(key).run, key.span, self.of(value).run) for key, value in entries]
        price = len(entries) + sum(self.price(key, value) for key, value in entries)
        names = [key.value for key, _ in entries if isinstance(key, syntax.Literal)]
        if len(names) == len(entries) and all(isinstance(name, str) for name in names):
            return Code(
                _record([(str(name), part[2]) for name, part in zip(names, parts, strict=True)]), 1 + price
            )
        return Code(_object(parts), 1 + price)

    def binary(self, node: syntax.Binary) -> Code:
        left, right = self.of(node.left), self.of(node.right)
        if node.operator in ("&&", "||"):
            run = _logic(node.operator, left.run, right.priced(), node.left.span, node.right.span)
            return Code(run, 1 + left.price)
        run = _binary(node.operator, left.run, right.run, node.span)
        return Code(run, 1 + left.price + right.price)

    def coalesce(self, options: tuple[Node, ...]) -> Code:
        codes = [self.of(option) for option in options]
        gentle = [code._replace(run=code.gentle or code.run) for code in codes]
        first, *others = [gentle[0].run, *(code.priced() for code in gentle[1:])]
        strict = _coalesce(first, others[:-1], codes[-1].priced())
        return Code(strict, 1 + codes[0].price, _coalesce(first, others[:-1], others[-1]))

    def has(self, target: Node, last: syntax.Field | syntax.Index, span: Span) -> Code:
        code = self.of(target)
        place = self.place(target.span[0], last.span[0])
        inner = syntax.link_children(last)
        run = _has(code.gentle or code.run, self.key(last), place, last.span)
        return Code(run, 2 + code.price + self.price(*inner))

    def key(self, link: syntax.Field | syntax.Index) -> Run:
        if isinstance(link, syntax.Index):
            return self.of(link.key).run
        name = link.name
        return lambda frame: name

    def place(self, start: int, end: int) -> str:
        # What stands before a link, as the user wrote it: messages name it.
        text = " ".join(self.text[start:end].rstrip(" \t\r\n").removesuffix(".").removesuffix("?").split())
        return text if len(text) <= 60 else "..." + text[-57:]

    def chain(self, node: syntax.Chain) -> Code:
        head = self.of(node.head)
        price = head.price + sum(self.link_price(link) for link in node.links)
        plain = [link.name for link in node.links if isinstance(link, syntax.Field) and not link.optional]
        strict, gentle = (self.steps(node, gentle) for gentle in (False, True))
        run = _chain(head.run, strict)
        if len(plain) == len(node.links):
            run = _path(node.head, tuple(plain), run)
        return Code(run, price, _chain(head.gentle or head.run, gentle))

    def link_price(self, link: Link) -> int:
        if isinstance(link, syntax.Macro):
            return MACRO_PRICE  # the bodies pay for themselves, per item
        own = CALL_PRICE if isinstance(link, syntax.Method) else 1
        return own + self.price(*syntax.link_children(link))

    def steps(self, node: syntax.Chain, gentle: bool) -> tuple[Step, ...]:
        start = node.head.span[0]
        return tuple(
            self.step(link, self.place(start, link.span[0]), gentle or link.optional) for link in node.links
        )

    def step(self, link: Link, place: str, gentle: bool) -> Step:
        match link:
            case syntax.Field(name, optional, span):
                return field_step(name, place, span, gentle, optional)
            case syntax.Index(key, optional, span):
                return index_step(self.of(key).run, place, span, gentle, optional)
            case syntax.Method(name, arguments, _, span):
                spans = (span, *(argument.span for argument in arguments))
                return method_step(name, FUNCTIONS[name], self.runs(arguments), place, spans, gentle)
            case syntax.Macro(name, _, slot, bodies, _, span):
                loops = tuple(Loop(slot, self.of(body)) for body in bodies)
                return macro_step(MACROS[name], loops, place, span, gentle)
            case _:
                assert_never(link)


def _name(name: str, span: Span, is_key: bool) -> Run:
    def run(frame: Frame) -> Any:
        try:
            return frame.context[name]
        except KeyError:
            hint = did_you_mean(name, (*frame.context, *WORDS))
            if is_key:
                hint = f"quote the key: '{name}'"
            raise ExprError("E_NAME", f"unknown name '{name}'", span, hint) from None

    return run


def _path(head: Node, names: tuple[str, ...], careful: Run) -> Run:
    # The common case, at the speed of Python: any miss goes through `careful` again, which explains it.
    def from_root(frame: Frame) -> Any:
        try:
            value = frame.context[root]
            for name in names:
                value = value[name]
            return value
        except (KeyError, TypeError):
            return careful(frame)

    def from_slot(frame: Frame) -> Any:
        try:
            value = frame.slots[slot]
            for name in names:
                value = value[name]
            return value
        except (KeyError, TypeError):
            return careful(frame)

    match head:
        case syntax.Name(root, _, _):
            return from_root
        case syntax.Local(_, slot, _):
            return from_slot
        case _:
            return careful


def _chain(head: Run, steps: tuple[Step, ...]) -> Run:
    def run(frame: Frame) -> Any:
        value = head(frame)
        for step in steps:
            value = step(frame, value)
            if value is ENDED:
                return None
        return value

    return run


def _list(items: tuple[Run, ...]) -> Run:
    return lambda frame: [item(frame) for item in items]


def _record(entries: list[tuple[str, Run]]) -> Run:
    return lambda frame: {name: value(frame) for name, value in entries}


def _object(entries: list[tuple[Run, Span, Run]]) -> Run:
    def run(frame: Frame) -> Any:
        result: dict[str, Any] = {}
        for key, span, value in entries:
            name = key(frame)
            if type(name) is not str:
                raise ExprError(
                    "E_TYPE", f"the keys of an object are text, got {spoken(name)}", span, "string(x)"
                )
            try:
                frame.scan(len(name))
                put(result, name, value(frame), "the object")
            except ExprError as error:
                raise error.at(span) from None
        return result

    return run


def _boolean(value: Any, span: Span) -> bool:
    if value is True or value is False:
        return bool(value)
    raise ExprError(
        "E_TYPE", f"needs true or false, got {spoken(value)}", span, "compare it: x != null, x > 0"
    )


def _not(operand: Run, span: Span) -> Run:
    return lambda frame: not _boolean(operand(frame), span)


def _minus(operand: Run, span: Span) -> Run:
    def run(frame: Frame) -> Any:
        try:
            return negate(frame, operand(frame))
        except ExprError as error:
            raise error.at(span) from None

    return run


def _binary(operator: str, left: Run, right: Run, span: Span) -> Run:
    operate = OPERATIONS[operator]

    def run(frame: Frame) -> Any:
        try:
            return operate(frame, left(frame), right(frame))
        except ExprError as error:
            raise error.at(span) from None

    return run


def _logic(operator: str, left: Run, right: Run, *spans: Span) -> Run:
    deciding = operator == "||"

    def run(frame: Frame) -> Any:
        if _boolean(left(frame), spans[0]) is deciding:
            return deciding
        return _boolean(right(frame), spans[1])

    return run


def _conditional(test: Run, span: Span, then: Run, other: Run) -> Run:
    return lambda frame: then(frame) if _boolean(test(frame), span) else other(frame)


def _coalesce(first: Run, middle: list[Run], last: Run) -> Run:
    def run(frame: Frame) -> Any:
        value = first(frame)
        for option in middle:
            if value is not None:
                break
            value = option(frame)
        return last(frame) if value is None else value

    return run


def _has(target: Run, key: Run, place: str, span: Span) -> Run:
    def run(frame: Frame) -> Any:
        return look(target(frame), key(frame), place, span) is not ENDED

    return run


def _call(name: str, arguments: tuple[Run, ...], span: Span, spans: tuple[Span, ...]) -> Run:
    function = FUNCTIONS[name]

    def run(frame: Frame) -> Any:
        values = [argument(frame) for argument in arguments]
        try:
            for at, value in enumerate(values):
                check_argument(name, function, at, value, spans[at])
            return function.run(frame, *values)
        except ExprError as error:
            raise error.at(span) from None

    return run
