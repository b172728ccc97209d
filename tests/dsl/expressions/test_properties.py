"""What must hold for every expression there is: Hypothesis makes them, of the right kinds, so that they run."""

from __future__ import annotations

import random
import re
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dsl.expressions import ExprError, JsonValue, Limits, Scope, Template, check
from dsl.expressions.infer import infer
from dsl.expressions.kinds import get_kind
from dsl.expressions.program import get_program
from dsl.expressions.tokens import tokenize
from dsl.problems.codes import CODES
from tests.dsl.expressions.cases import exact, read

CONTEXT: dict[str, Any] = read("context")
LIMITS = Limits(fuel=20_000)

# What an expression of each kind may look like: N number, T text, B boolean, L list, O object, A any of them.
LEAVES = {
    "N": ["0", "1", "2.5", "(-3)", "x", "input.order.items[0].qty", "vars.rate", "1e300", "7"],
    "T": ["''", "'a'", "'é😀'", "input.name", "input.zip", "'b,a'", "run.id", "y"],
    "B": ["true", "false", "input.vip", "has(input.nick)", "has(input.note)"],
    "L": ["[]", "[1, 2.0, 1]", "input.tags", "input.order.items", "[null, true, 'a']"],
    "O": ["{}", "input.limits", "{'b': 1, 'a': [2]}", "input.order.items[0]", "input"],
    "A": ["null", "input.note", "input?.nick", "input.nick", "steps.skipped?.result", "x"],
}
FORMS = {
    "N": """(<N> + <N>) | (<N> - <N>) | (<N> * <N>) | (<N> / <N>) | (<N> % <N>) | (-<N>) | size(<T>) | size(<L>)
        | <O>.size() | <N>.abs() | round(<N>) | floor(<N>) | ceil(<N>) | int(string(<N>)) | double(<N>) | sum(<L>)
        | min(<N>, <N>) | max(<L>) | (<N> ?? <N>)""",
    "T": """(<T> + <T>) | string(<A>) | toJson(<A>) | type(<A>) | upper(<T>) | <T>.lower() | <T>.trim()
        | <T>.replace(<T>, <T>) | <T>.slice(<N>) | <L>.map(x, string(x)).join(<T>) | (<B> ? <T> : <T>) | <L>[0]""",
    "B": """(<A> == <A>) | (<A> != <A>) | (<N> < <N>) | (<T> >= <T>) | (<B> && <B>) | (<B> or_ <B>) | (!<B>)
        | (<A> in <L>) | (<T> in <O>) | <T>.contains(<T>) | <T>.startsWith(<T>) | <T>.endsWith(<T>)
        | <L>.all(x, <B>) | <O>.exists(y, <B>) | <L>.exists_one(x, x == <A>) | has(<O>.a) | has(<L>[<N>])""",
    "L": """[<A>, <A>] | (<L> + <L>) | <L>.map(x, <A>) | <O>.map(y, <B>, <A>) | <L>.filter(x, <B>)
        | <L>.sortBy(x, <N>) | <L>.sortBy(x, <T>) | distinct(<L>) | flatten(<L>) | reverse(<L>) | keys(<O>)
        | values(<O>) | entries(<O>) | <T>.split(<T>) | range(<N>) | <L>.slice(<N>, <N>)""",
    "O": """{<T>: <A>} | {'a': <A>, 'b': <A>} | merge(<O>, <O>) | <L>.groupBy(x, <T>) | <L>.indexBy(x, <T>)
        | <O>.entries().fromEntries() | (<O>?.a ?? <O>)""",
    "A": """<N> | <T> | <B> | <L> | <O> | <O>.a | <O>?.a.b.c | <L>[<N>] | <L>?.[<N>].a | <O>[<T>] | first(<L>)
        | (<O>.a ?? <A>) | (<B> ? <A> : <A>) | (<A> ?? <A> ?? <A>)""",
}
PATTERNS = {
    kind: [re.split("<(.)>", form.strip().replace("or_", "||")) for form in forms.split(" | ")]
    for kind, forms in FORMS.items()
}


@st.composite
def expressions(draw: st.DrawFn, kinds: str = "NTBLOA", depth: int = 3) -> str:
    """An expression that has its kind, most of the time."""
    kind = draw(st.sampled_from(kinds))
    if depth == 0 or draw(st.integers(0, 5)) == 0:
        return draw(st.sampled_from(LEAVES[kind]))
    pieces = draw(st.sampled_from(PATTERNS[kind]))
    return "".join(
        draw(expressions(piece, depth - 1)) if place % 2 else piece for place, piece in enumerate(pieces)
    )


# `x` and `y` are only known inside macros: outside they are names like any other.
EXPRESSIONS = expressions()
NAMED = {**CONTEXT, "x": 3, "y": "why"}
LAZY = re.compile(r"\?|&&|\|\||, ")
"""What may leave a part of an expression out: choices, and macros over nothing."""
QUIET = settings(deadline=None, suppress_health_check=list(HealthCheck), max_examples=100)


def outcome(text: str, context: dict[str, Any]) -> tuple[str, int]:
    """The value and the fuel, or the error, of an expression."""
    try:
        value, spent = Template.expression(text).evaluate(context, LIMITS)
    except ExprError as error:
        return str(error), 0
    return exact(value), spent


def shuffled(value: Any, seed: random.Random) -> Any:
    """Equal data whose objects hold their keys in another order."""
    if isinstance(value, dict):
        pairs = [(key, shuffled(item, seed)) for key, item in value.items()]
        seed.shuffle(pairs)
        return dict(pairs)
    return [shuffled(item, seed) for item in value] if isinstance(value, list) else value


@QUIET
@given(EXPRESSIONS)
def test_only_expression_errors_and_only_at_run_time(text: str) -> None:
    template = Template.expression(text)
    for problem in template.problems:
        assert problem.error.code in ("expression-too-large", "number-too-large", "unknown-name"), text
    outcome(text, NAMED)


@QUIET
@given(EXPRESSIONS, st.randoms(use_true_random=False))
def test_the_order_of_keys_never_shows(text: str, seed: random.Random) -> None:
    assert outcome(text, NAMED) == outcome(text, shuffled(NAMED, seed))


@QUIET
@given(EXPRESSIONS)
def test_spaces_never_matter(text: str) -> None:
    spread = "\n ".join(token.text for token in tokenize(text))
    values = [Template.expression(each).problems == () and outcome(each, NAMED)[1] for each in (text, spread)]
    assert values[0] == values[1]


@QUIET
@given(EXPRESSIONS)
def test_brackets_around_all_of_it_never_matter(text: str) -> None:
    if Template.expression(f"({text})").problems == ():
        assert outcome(text, NAMED) == outcome(f"({text})", NAMED)


@QUIET
@given(EXPRESSIONS)
def test_static_kinds_are_never_wrong(text: str) -> None:
    made = get_program(text)
    if made.tree is None or made.problems:
        return
    try:
        value: JsonValue = Template.expression(text).evaluate(NAMED, LIMITS)[0]
    except ExprError:
        return
    assert get_kind(value) in infer(made.tree, Scope()).kinds


@QUIET
@given(EXPRESSIONS)
def test_what_must_fail_fails(text: str) -> None:
    made = get_program(text)
    if made.tree is None or made.problems or not infer(made.tree, Scope()).problems:
        return
    if not LAZY.search(text):
        assert outcome(text, NAMED)[0].partition(":")[0] in CODES


@QUIET
@given(EXPRESSIONS)
def test_what_is_read_is_what_roots_says(text: str) -> None:
    template = Template.expression(text)
    if not template.problems:
        context = {root: NAMED[root] for root in sorted(template.roots)}
        assert outcome(text, NAMED)[0].partition(":")[0] == outcome(text, context)[0].partition(":")[0]


MARKS = "$${}[]()'\"\\.,?:!&|<>=+-*/%@ \n\té😀09aeE_"
WORDS = ["${", "$${", "input", "'a'", "in", "map(x, ", "??", "?.", "has(", "null", "1.5"]
PIECES = st.sampled_from([*MARKS, *WORDS])


@QUIET
@given(st.lists(PIECES, max_size=30).map("".join) | st.text(max_size=40))
def test_no_text_breaks_the_reader(text: str) -> None:
    for template in (Template.value(text), Template.expression(text), Template.value({"k": [text]})):
        for problem in (*template.problems, *check(template, Scope())):
            start, end = problem.error.span
            assert 0 <= start <= end <= len(text)
            assert problem.error.code in CODES
        try:
            template.evaluate(CONTEXT, LIMITS)
        except ExprError as error:
            start, end = error.span
            assert 0 <= start <= end <= len(text)
    if "${" not in text:
        assert Template.value(text).evaluate({})[0] == text


SCALARS = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
)
DATA = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3)
)


@QUIET
@given(DATA)
def test_equality_is_an_equivalence_that_distinct_shares(value: Any) -> None:
    context = {"v": value, "w": shuffled(value, random.Random(1))}
    for text, expected in {
        "v == w": True,
        "v != w": False,
        "[v, w].distinct().size()": 1,
        "v in [w]": True,
    }.items():
        assert Template.expression(text).evaluate(context)[0] == expected
