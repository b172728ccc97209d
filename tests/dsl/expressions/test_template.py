"""Templates around expressions: nested values, sharing, errors and their places."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import pickle
import sys
from typing import Any

import pytest

from dsl.expressions import ExprError, Limits, Meter, Scope, Template, check


def deep(levels: int, inner: Any = 1) -> Any:
    for level in range(levels):
        inner = [inner] if level % 2 else {"k": inner}
    return inner


def test_every_text_of_a_value_may_hold_expressions() -> None:
    data = {"a": ["${ input.x }", 1, {"b": "n ${ input.x }"}], "c": "plain", "d": [2], "e": "$${ not one"}
    template = Template.value(data)
    value, spent = template.evaluate({"input": {"x": 5}})
    assert value == {"a": [5, 1, {"b": "n 5"}], "c": "plain", "d": [2], "e": "${ not one"}
    assert spent > 0
    assert data["a"] == ["${ input.x }", 1, {"b": "n ${ input.x }"}]
    assert template.roots == {"input"}
    assert not template.is_constant
    assert template.source is data


def test_order_of_keys_stays() -> None:
    value, _ = Template.value({"b": "${ 1 }", "a": {"d": "${ 2 }", "c": 3}}).evaluate({})
    assert json.dumps(value) == '{"b": 1, "a": {"d": 2, "c": 3}}'


@pytest.mark.parametrize("data", [None, True, 5, 1.5, "text", [], {}, [[]], {"a": [1, {"b": None}]}])
def test_constants_come_back_as_they_are(data: Any) -> None:
    template = Template.value(data)
    assert template.is_constant
    assert template.evaluate({}) == (data, 0)
    assert template.evaluate({})[0] is data
    assert template.problems == ()
    assert template.roots == frozenset()


def test_results_share_what_they_read() -> None:
    context = {"input": {"big": [1, 2, 3]}}
    assert Template.value("${ input.big }").evaluate(context)[0] is context["input"]["big"]


def test_a_template_is_itself_only() -> None:
    one, other = Template.value("${ 1 }"), Template.value("${ 1 }")
    assert one != other
    assert len({one: 1, other: 2}) == 2
    with pytest.raises(dataclasses.FrozenInstanceError):
        one.source = 2  # type: ignore[misc]


def test_all_problems_of_a_value_are_found_with_their_places() -> None:
    template = Template.value({"a": "${ 1 + }", "b": ["x", "y ${ nope() } ${ len(1) }"], "c": "$${ ok }"})
    assert [(p.path_inside, p.error.code, p.severity) for p in template.problems] == [
        (("a",), "bad-expression", "error"),
        (("b", 1), "unknown-function", "error"),
        (("b", 1), "unknown-function", "error"),
        (("c",), "bad-expression", "warning"),
    ]
    with pytest.raises(ExprError) as caught:
        template.evaluate({})
    assert caught.value.path_inside == ("a",)
    assert not template.is_constant


def test_several_problems_of_one_expression_are_found_together() -> None:
    template = Template.value("${ len(1) + size() + [1].map(input, 2) }")
    assert [problem.error.code for problem in template.problems] == [
        "unknown-function",
        "wrong-argument-count",
        "bad-name",
    ]


def test_errors_carry_the_way_to_their_scalar() -> None:
    with pytest.raises(ExprError) as caught:
        Template.value({"a": ["${ 1 }", "n ${ input.x }"]}).evaluate({"input": {}})
    assert caught.value.path_inside == ("a", 1)
    assert caught.value.span == (11, 12)


def test_keys_hold_no_expressions() -> None:
    template = Template.value({"a": {"k ${ x }": 1, "$${": 2}})
    assert [(p.path_inside, p.error.code) for p in template.problems] == [
        (("a", "k ${ x }"), "bad-expression"),
        (("a", "$${"), "bad-expression"),
    ]
    with pytest.raises(ExprError, match="cannot be a key"):
        template.evaluate({})


def test_an_error_reads_well_and_travels() -> None:
    with pytest.raises(ExprError) as caught:
        Template.value("${ input.nmae }").evaluate({"input": {"name": 1}})
    assert str(caught.value) == 'unknown-field: no field "nmae" in input (did you mean "name"?)'
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)
    assert str(ExprError("unknown-field", "x")) == "unknown-field: x"


def test_the_same_broken_template_fails_afresh_each_time() -> None:
    template = Template.value("${ 1 + }")
    errors = []
    for _ in range(2):
        with pytest.raises(ExprError) as caught:
            template.evaluate({})
        errors.append(caught.value)
    assert errors[0] is not errors[1]


def test_fuel_is_per_scalar_and_adds_up() -> None:
    one = Template.value("${ 1 + 2 }").evaluate({})[1]
    assert Template.value(["${ 1 + 2 }", "${ 1 + 2 }"]).evaluate({})[1] == 2 * one
    limits = Limits(fuel=one)
    assert Template.value(["${ 1 + 2 }", "${ 1 + 2 }"]).evaluate({}, limits)[0] == [3, 3]
    with pytest.raises(ExprError, match="expression-too-costly"):
        Template.value("${ 1 + 2 }${ 1 + 2 }").evaluate({}, limits)


def test_limits_are_data() -> None:
    assert Limits(**json.loads(json.dumps(dataclasses.asdict(Limits.V1)))) == Limits.V1 == Limits()


def test_a_meter_spends_no_more_than_it_has() -> None:
    meter = Meter(Limits(fuel=10))
    meter.charge(3)
    assert meter.spent == 3
    with pytest.raises(ExprError):
        meter.charge(1000)
    assert meter.spent == 10


def test_the_context_may_be_any_mapping() -> None:
    from types import MappingProxyType

    assert Template.value("${ a.b }").evaluate(MappingProxyType({"a": {"b": 1}}))[0] == 1


def test_depth_of_data_never_meets_the_recursion_limit() -> None:
    context = {"input": {"a": deep(1000), "b": deep(1000), "c": deep(1000, 2)}}
    for expression, expected in {
        "input.a == input.b": True,
        "input.a == input.c": False,
        "[input.a, input.b, input.c].distinct().size()": 2,
        "toJson(input.a).size()": 1 + 500 * 8,
        "[input.a] == [input.b]": True,
        "input.a in [input.c, input.b]": True,
        "size([input.a])": 1,
    }.items():
        assert Template.expression(expression).evaluate(context)[0] == expected
    source = deep(1000, "${ input.a }")
    value, _ = Template.value(source).evaluate({"input": {"a": 7}})
    for _ in range(1000):
        value = value[0] if isinstance(value, list) else value["k"]  # type: ignore[index]
    assert value == 7


NESTED = {
    "brackets": ("(", "1", ")"),
    "lists": ("[", "1", "]"),
    "calls": ("size(", "''", ")"),
    "objects": ("{'a': ", "1", "}"),
    "signs": ("-", "1", ""),
    "nots": ("!", "true", ""),
    "sums": ("1 + ", "1", ""),
    "powers": ("true && 1 + 2 * ", "3 > 1", ""),
    "choices": ("true ? 1 : ", "1", ""),
    "inner choices": ("true ? ", "1", " : 1"),
    "defaults": ("(null ?? ", "1", ")"),
    "indexes": ("[0][", "0", "]"),
    "fields": ("", "input", ".a"),
    "methods": ("", "1", ".string()"),
    "arguments": ("[].merge(", "1", ")"),
    "macros": ("[1].map(x, ", "1", ")"),
    "has": ("has(input[", "1", "].a)"),
}


@pytest.mark.parametrize("name", NESTED)
@pytest.mark.parametrize("times", [2, 38, 40, 41, 190, 199, 201, 600, 1300, 4000])
def test_depth_of_expressions_never_meets_the_recursion_limit(name: str, times: int) -> None:
    before, inner, after = NESTED[name]
    text = before * times + inner + after * times
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(len(list(iter_frames())) + 420)
    try:
        template = Template.expression(text)
        codes = [problem.error.code for problem in template.problems]
        with contextlib.suppress(ExprError):
            template.evaluate({"input": {}})
        list(template.find_references())
        list(check(template, Scope()))
    finally:
        sys.setrecursionlimit(limit)
    assert codes in ([], ["expression-too-large"])


def iter_frames() -> Any:
    frame: Any = sys._getframe()
    while frame is not None:
        yield frame
        frame = frame.f_back
