"""Tokens become a tree. This is the grammar, from the weakest to the strongest:

expression = operators {"?" expression ":" operators}
operators  = operand {"??" operand}  |  operand {binary operand}
operand    = {"!" | "-"} primary {"." word ["(" arguments ")"] | "[" expression "]"}
primary    = literal | name ["(" arguments ")"] | "(" expression ")" | list | object
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, NoReturn, TypeVar

from dsl.expressions import syntax
from dsl.expressions.errors import Code, ExprError, Span
from dsl.expressions.functions import FUNCTIONS
from dsl.expressions.limits import Limits
from dsl.expressions.macros import HAS, MACROS
from dsl.expressions.operators import LEAST_INTEGER, MOST_INTEGER, check_range
from dsl.expressions.syntax import Node
from dsl.expressions.tokens import Token, build_length_error, tokenize, unquote
from dsl.problems.neighbours import IN_EXPRESSIONS
from dsl.problems.suggest import did_you_mean

ROOTS = ("input", "vars", "steps", "item", "index", "error", "result", "step", "run", "secrets")
"""The language's own roots. The variables of macros may not be called so."""

_POWERS = {
    "||": 1,
    "&&": 2,
    **dict.fromkeys(("==", "!=", "<", "<=", ">", ">=", "in"), 3),
    **dict.fromkeys("+-", 4),
    **dict.fromkeys("*/%", 5),
}
_COMPARISON = 3
_CONSTANTS = {"null": None, "true": True, "false": False}
_RESERVED = ("null", "true", "false", "in")

T = TypeVar("T")


class Parsed(NamedTuple):
    """This is a tree (None after a syntax error), how many slots its macros need, and what is wrong with it."""

    tree: Node | None
    slots: int
    problems: tuple[ExprError, ...]
    parts: int = 0
    """The size of the tree: its nodes, and the links of chains."""


def parse(text: str, limits: Limits = Limits.V1) -> Parsed:
    """Parse one expression, without `${ }`. This never raises. A tree with problems must not be compiled."""
    if len(text) > limits.expression:
        return Parsed(None, 0, (build_length_error(limits.expression, (0, len(text))),))
    parser = None
    try:
        parser = _Parser(text, limits)
        tree = parser.parse_whole()
        parts = _measure(tree, limits)
    except ExprError as error:
        return Parsed(None, 0, (*(parser.problems if parser else ()), error))
    return Parsed(tree, parser.slots, tuple(parser.problems), parts)


def _measure(tree: Node, limits: Limits) -> int:
    count = 0
    for node, depth in syntax.walk(tree):
        count += 1 + (len(node.links) if isinstance(node, syntax.Chain) else 0)
        if depth > limits.depth:
            raise ExprError(
                "expression-too-large", f"the expression is more than {limits.depth} levels deep", node.span
            )
    if count > limits.nodes:
        raise ExprError(
            "expression-too-large", f"the expression has {count:,} parts; at most {limits.nodes:,}", tree.span
        )
    return count


class _Parser:
    def __init__(self, text: str, limits: Limits) -> None:
        self.limits = limits
        self.tokens = list(tokenize(text))
        self.place = 0
        self.nesting = 0
        self.scope: list[str] = []
        self.slots = 0
        self.problems: list[ExprError] = []

    # -- reading tokens

    @property
    def next(self) -> Token:
        return self.tokens[self.place]

    def take(self) -> Token:
        token = self.next
        self.place += token.sort != "end"
        return token

    def is_at(self, *marks: str) -> bool:
        return self.next.sort == "mark" and self.next.text in marks

    def accept(self, mark: str) -> bool:
        found = self.is_at(mark)
        self.place += found
        return found

    def expect(self, mark: str) -> Token:
        return self.take() if self.is_at(mark) else self.fail(f'"{mark}"')

    def get_span_since(self, start: int) -> Span:
        return (start, self.tokens[self.place - 1].end)

    def fail(self, wanted: str) -> NoReturn:
        token, before = self.next, self.tokens[self.place - 1] if self.place else None
        found = f'"{token.text}"' if token.text else "the end"
        words = [word.text for word in (token, before) if word is not None and word.sort == "name"]
        hint = next((f"write {IN_EXPRESSIONS[word]}" for word in words if word in IN_EXPRESSIONS), None)
        raise ExprError("bad-expression", f"expected {wanted}, found {found}", (token.start, token.end), hint)

    def parse_list(self, close: str, read: Callable[[], T]) -> tuple[T, ...]:
        """Parse items up to the closing bracket. A comma may follow the last one."""
        items: list[T] = []
        while not self.is_at(close):
            items.append(read())
            if not self.accept(","):
                break
        if not self.accept(close):
            self.fail(f'"," or "{close}"')
        return tuple(items)

    # -- the grammar

    def parse_whole(self) -> Node:
        if not self.next.text:
            raise ExprError("bad-expression", "the expression is empty", (0, self.next.end))
        tree = self.parse_expression()
        if self.next.text:
            self.fail("an operator or the end")
        return tree

    def parse_expression(self) -> Node:
        """Parse what stands in brackets, or between "?" and ":". The grammar has no other way into itself."""
        self.nesting += 1
        if self.nesting > 1 + self.limits.nesting:
            span = (self.next.start, self.next.end)
            raise ExprError(
                "expression-too-large", f"more than {self.limits.nesting} brackets inside brackets", span
            )
        arms: list[tuple[Node, Node]] = []
        last = self.parse_operators()
        while self.accept("?"):
            then = self.parse_expression()
            self.expect(":")
            arms.append((last, then))
            last = self.parse_operators()
        for test, then in reversed(arms):
            last = syntax.Conditional(test, then, last, (test.span[0], last.span[1]))
        self.nesting -= 1
        return last

    def parse_operators(self) -> Node:
        """Parse operands and operators.

        Two stacks hold what waits for its precedence. With recursion, one level of brackets would cost a call for
        each level of precedence.
        """
        sign = self.next.text if self.is_at("!", "-") else None
        first = self.parse_operand()
        if self.is_at("??"):
            if sign and isinstance(first, syntax.Unary):
                self.demand_brackets(sign)
            return self.parse_coalesce(first)
        operands, waiting = [first], list[Token]()
        while self.is_at_binary():
            operator = self.take()
            self.reduce(operands, waiting, operator)
            waiting.append(operator)
            operands.append(self.parse_operand())
            if self.is_at("??"):
                self.demand_brackets(operator.text)
        self.reduce(operands, waiting, None)
        return operands[0]

    def is_at_binary(self) -> bool:
        return self.next.sort in ("mark", "name") and self.next.text in _POWERS

    def reduce(self, operands: list[Node], waiting: list[Token], operator: Token | None) -> None:
        power = _POWERS[operator.text] if operator else 0
        while waiting and _POWERS[waiting[-1].text] >= power:
            last = waiting.pop()
            if operator and power == _COMPARISON == _POWERS[last.text]:
                span = (operator.start, operator.end)
                raise ExprError("bad-expression", "comparisons cannot be chained", span, "a < b && b < c")
            right, left = operands.pop(), operands.pop()
            operands.append(syntax.Binary(last.text, left, right, (left.span[0], right.span[1])))

    def parse_coalesce(self, first: Node) -> Node:
        options = [first]
        while self.accept("??"):
            options.append(self.parse_operand())
        if self.is_at_binary():
            self.demand_brackets(self.next.text)
        return syntax.Coalesce(tuple(options), (first.span[0], options[-1].span[1]))

    def demand_brackets(self, operator: str) -> None:
        span = (self.next.start, self.next.end)
        raise ExprError("bad-expression", f'"??" next to "{operator}" needs brackets', span, "write (a ?? b)")

    def parse_operand(self) -> Node:
        signs: list[Token] = []
        while self.is_at("!", "-"):
            signs.append(self.take())
        node = self.parse_negative(signs) or self.parse_chain()
        for sign in reversed(signs):
            node = syntax.Unary(sign.text, node, (sign.start, node.span[1]))
        return node

    def parse_negative(self, signs: list[Token]) -> Node | None:
        """Parse a minus and digits as one number: -9223372036854775808 is one, and 9223372036854775808 is not."""
        following = self.tokens[self.place + 1] if self.next.sort == "number" else None
        if following is None or not signs or signs[-1].text != "-" or following.text in (".", "?.", "["):
            return None
        start = signs.pop().start
        digits = self.take()
        return self.parse_number("-" + digits.text, (start, digits.end))

    def parse_number(self, digits: str, span: Span) -> Node:
        value = float(digits) if any(mark in digits for mark in ".eE") else int(digits)
        try:
            return syntax.Literal(check_range(value), span)
        except ExprError:
            bounds = f"{LEAST_INTEGER} to {MOST_INTEGER}" if type(value) is int else "up to 1.7e308"
            raise ExprError(
                "number-too-large", "the number is too large", span, f"numbers go {bounds}"
            ) from None

    def parse_chain(self) -> Node:
        start = self.next.start
        head = self.parse_primary()
        links: list[syntax.Link] = []
        while self.is_at(".", "?.", "["):
            links.append(self.parse_link())
        if self.is_at("("):
            self.fail("an operator or the end")
        return syntax.Chain(head, tuple(links), self.get_span_since(start)) if links else head

    def parse_link(self) -> syntax.Link:
        start = self.next.start
        optional = self.is_at("?.")
        if self.accept(".") or (self.accept("?.") and not self.is_at("[")):
            word = self.take() if self.next.sort == "name" else self.fail("a name after the dot")
            if self.accept("("):
                return self.parse_method(word, optional)
            return syntax.Field(word.text, optional, (word.start, word.end))
        self.expect("[")
        key = self.parse_expression()
        self.expect("]")
        return syntax.Index(key, optional, self.get_span_since(start))

    def parse_primary(self) -> Node:
        token = self.next
        span = (token.start, token.end)
        if token.sort == "number":
            return self.parse_number(self.take().text, span)
        if token.sort == "text":
            return syntax.Literal(unquote(self.take()), span)
        if token.sort == "name" and token.text != "in":
            word = self.take()
            return self.parse_call(word) if self.accept("(") else self.parse_word(word)
        if self.accept("("):
            inner = self.parse_expression()
            self.expect(")")
            return inner.replace(span=self.get_span_since(token.start))
        if self.accept("["):
            items = self.parse_list("]", self.parse_expression)
            return syntax.ListOf(items, self.get_span_since(token.start))
        if self.accept("{"):
            return self.parse_object(token.start)
        return self.fail("a value")

    def parse_word(self, word: Token) -> Node:
        span = (word.start, word.end)
        if word.text in _CONSTANTS:
            return syntax.Literal(_CONSTANTS[word.text], span)
        for slot in reversed(range(len(self.scope))):
            if self.scope[slot] == word.text:
                return syntax.Local(word.text, slot, span)
        return syntax.Name(word.text, span)

    def parse_object(self, start: int) -> Node:
        entries = self.parse_list("}", self.parse_entry)
        seen: dict[str, None] = {}
        for key, _ in entries:
            if isinstance(key, syntax.Literal) and isinstance(key.value, str):
                if key.value in seen:
                    raise ExprError("bad-expression", f'the key "{key.value}" comes twice', key.span)
                seen[key.value] = None
        return syntax.ObjectOf(entries, self.get_span_since(start))

    def parse_entry(self) -> tuple[Node, Node]:
        key = self.parse_expression()
        if isinstance(key, syntax.Name):
            key = key.replace(is_key=True)
        self.expect(":")
        return key, self.parse_expression()

    # -- calls: what is wrong with them does not stop the parser

    def complain(self, code: Code, message: str, span: Span, hint: str | None) -> None:
        self.problems.append(ExprError(code, message, span, hint))

    def complain_of_count(self, word: Token, count: int, span: Span, signature: str) -> None:
        found = f"{word.text}() got {count} argument{'' if count == 1 else 's'}"
        self.complain("wrong-argument-count", found, span, signature)

    def parse_call(self, word: Token) -> Node:
        if word.text == "has":
            return self.parse_has(word)
        arguments = self.parse_list(")", self.parse_expression)
        self.check_function(word, len(arguments))
        span = self.get_span_since(word.start)
        if arguments and word.text in FUNCTIONS and FUNCTIONS[word.text].reads:
            method = syntax.Method(word.text, (), False, span)
            return syntax.Chain(arguments[0], (method,), span)
        return syntax.Call(word.text, arguments, span)

    def parse_method(self, word: Token, optional: bool) -> syntax.Link:
        if word.text in MACROS:
            return self.parse_macro(word, optional)
        arguments = self.parse_list(")", self.parse_expression)
        self.check_function(word, 1 + len(arguments))
        return syntax.Method(word.text, arguments, optional, self.get_span_since(word.start))

    def check_function(self, word: Token, count: int) -> None:
        span = (word.start, word.end)
        function = FUNCTIONS.get(word.text)
        if word.text in MACROS or word.text == "has":
            signature = HAS if word.text == "has" else MACROS[word.text].signature
            self.complain(
                "unknown-function", f"{word.text}() is not called like this", span, f"write {signature}"
            )
        elif function is None:
            hint = did_you_mean(word.text, (*FUNCTIONS, *MACROS, "has"), IN_EXPRESSIONS)
            self.complain("unknown-function", f'unknown function "{word.text}"', span, hint)
        elif count < function.least or (function.most is not None and count > function.most):
            self.complain_of_count(word, count, span, function.signature)

    def parse_has(self, word: Token) -> Node:
        arguments = self.parse_list(")", self.parse_expression)
        span = self.get_span_since(word.start)
        if len(arguments) != 1:
            self.complain_of_count(word, len(arguments), span, HAS)
        elif not isinstance(asked := arguments[0], syntax.Chain):
            self.complain("bad-expression", "the argument of has() must be a field", asked.span, HAS)
        elif not isinstance(last := asked.links[-1], syntax.Field | syntax.Index):
            self.complain("bad-expression", "the argument of has() must be a field", last.span, HAS)
        else:
            rest = asked.links[:-1]
            target = syntax.Chain(asked.head, rest, asked.span) if rest else asked.head
            return syntax.Has(target, last, span)
        return syntax.Call("has", arguments, span)

    def parse_macro(self, word: Token, optional: bool) -> syntax.Link:
        macro = MACROS[word.text]
        if len(self.scope) >= self.limits.macros:
            message = f"more than {self.limits.macros} macros inside macros"
            raise ExprError("expression-too-large", message, (word.start, word.end))
        variable = self.tokens[self.place : self.place + 2]
        if variable[0].sort != "name" or variable[1].text != ",":
            return self.parse_misused(word, macro.signature)
        self.check_variable(variable[0])
        self.place += 2
        slot = len(self.scope)
        self.scope.append(variable[0].text)
        self.slots = max(self.slots, len(self.scope))
        bodies = self.parse_list(")", self.parse_expression)
        self.scope.pop()
        span = self.get_span_since(word.start)
        if len(bodies) not in macro.bodies:
            self.complain_of_count(word, 1 + len(bodies), span, macro.signature)
        return syntax.Macro(word.text, variable[0].text, slot, bodies, optional, span)

    def parse_misused(self, word: Token, signature: str) -> syntax.Link:
        arguments = self.parse_list(")", self.parse_expression)
        span = self.get_span_since(word.start)
        if len(arguments) < 2:
            self.complain_of_count(word, len(arguments), span, signature)
        else:
            message = f"the first argument of {word.text}() is the name of its variable"
            self.complain("bad-expression", message, arguments[0].span, signature)
        return syntax.Method(word.text, arguments, False, span)

    def check_variable(self, word: Token) -> None:
        if word.text in ROOTS or word.text in _RESERVED:
            message = f'"{word.text}" cannot be the variable of a macro: it is a reserved name'
            self.complain("bad-name", message, (word.start, word.end), 'choose another name, such as "x"')
