"""What is found without running: the rules are cases."""

from __future__ import annotations

from typing import Any

import pytest

from dsl.expressions import CONDITION, ExprError, Limits, Scope, SecretText, Template, TemplateProblem, check
from dsl.expressions.scope import ROOTS
from tests.dsl.expressions.cases import read

DATA = read("check")
GIVEN = DATA["scope"]
SCOPE = Scope(
    names=tuple(GIVEN["names"]),
    steps=GIVEN["steps"],
    vars=tuple(GIVEN["vars"]),
    schemas={**ROOTS, **GIVEN["schemas"]},
    results=GIVEN["results"],
)
RULES = [
    (f"{rule}: {scalar}", scalar, expected)
    for rule, scalars in DATA["rules"].items()
    for scalar, expected in scalars.items()
]


def agree(found: list[TemplateProblem], scalar: str, expected: list[list[str]]) -> None:
    assert [(problem.error.code, str(problem.error)) for problem in found] == [
        (code if code != "warning" else "unknown-field", str(problem.error))
        for (code, _, _), problem in zip(expected, found, strict=False)
    ]
    assert len(found) == len(expected)
    for problem, (code, place, words) in zip(found, expected, strict=True):
        start, end = problem.error.span
        assert scalar[start:end] == place
        assert words in str(problem.error)
        assert problem.severity == ("warning" if code == "warning" else "error")


@pytest.mark.parametrize(("name", "scalar", "expected"), RULES, ids=[ascii(rule[0]) for rule in RULES])
def test_rules(name: str, scalar: str, expected: list[list[str]]) -> None:
    agree(list(check(Template.value(scalar), SCOPE)), scalar, expected)


@pytest.mark.parametrize(("scalar", "expected"), DATA["conditions"].items())
def test_conditions(scalar: str, expected: list[list[str]]) -> None:
    agree(list(check(Template.expression(scalar), SCOPE, expected=CONDITION)), scalar, expected)


def test_conditions_that_are_not_expressions() -> None:
    def codes(data: Any) -> list[str]:
        return [problem.error.code for problem in check(Template.value(data), SCOPE, expected=CONDITION)]

    assert codes(True) == []
    assert codes(1) == ["type-mismatch"]
    assert codes("true") == ["type-mismatch"]
    assert codes("${ input.flag } ${ true }") == ["type-mismatch", "type-mismatch"]


@pytest.mark.parametrize(
    ("scalar", "place", "wrong"),
    [
        ("${ secrets.KEY }", None, None),
        ("${ secrets['KEY'] }", None, None),
        ("Basic ${ secrets.USER }:${ secrets.KEY }", None, None),
        ("${ secrets }", "secrets", "computed"),
        ("${ secrets.A.B }", "secrets.A.B", "computed"),
        ("${ secrets?.A }", "secrets?.A", "computed"),
        ("k ${ secrets.A ?? 1 }", "secrets.A", "computed"),
        ("${ [secrets.A] }", "secrets.A", "computed"),
        ("${ secrets.A.trim() }", "secrets.A", "computed"),
        ("${ secrets.A + secrets.B }", "secrets.A", "computed"),
        ("${ secrets['a-b'] }", "secrets['a-b']", "can't have this name"),
        ("${ secrets._A }", "secrets._A", "can't have this name"),
    ],
)
def test_nothing_is_computed_from_a_secret(scalar: str, place: str | None, wrong: str | None) -> None:
    found = list(check(Template.value({"a": [scalar]}), Scope(names=("secrets",))))
    assert bool(found) == (wrong is not None)
    if wrong is not None:
        error = found[0].error
        assert scalar[slice(*error.span)] == place
        assert wrong in error.message


def test_a_text_with_secrets_shows_what_is_written() -> None:
    template = Template.value({"a": ["${ secrets.A }", {"b": "x ${ 1 + 1 } ${ secrets.B }"}], "c": "${ 1 }"})
    value, _ = template.evaluate({})
    assert template.secret_paths == (("a", 0), ("a", 1, "b"))
    assert value == {"a": ["${ secrets.A }", {"b": "x 2 ${ secrets.B }"}], "c": 1}
    assert isinstance(value, dict)
    text = value["a"][1]["b"]
    assert isinstance(text, SecretText)
    assert text.parts == ("x ", "2", " ", {"secret": "B"})


def test_a_secret_may_be_all_there_is() -> None:
    value, _ = Template.value("${ secrets.A }").evaluate({})
    assert isinstance(value, SecretText)
    assert value.parts == ({"secret": "A"},)


def test_a_text_with_secrets_is_no_longer_than_any_other() -> None:
    long = Template.value("${ input } ${ secrets.A }")
    assert long.secret_paths == ((),)
    with pytest.raises(ExprError, match="the text is longer"):
        long.evaluate({"input": "x" * Limits.V1.text})


def test_unknown_variables_are_not_reported_when_none_are_known() -> None:
    assert list(check(Template.value("${ vars.x }"), Scope())) == []


def test_problems_carry_the_way_to_their_scalar() -> None:
    template = Template.value({"a": [{"b": "x ${ zzz }"}]})
    (problem,) = check(template, Scope())
    assert problem.path_inside == ("a", 0, "b")
    assert problem.error.span == (5, 8)


@pytest.mark.parametrize(("scalar", "expected"), read("references").items())
def test_references(scalar: str, expected: list[str]) -> None:
    template = Template.value(scalar)
    found = list(template.find_references())
    shown = [
        ".".join(
            [
                one.root,
                *("?" * soft + str(field) for field, soft in zip(one.fields, one.optional, strict=True)),
            ]
        )
        for one in found
    ]
    assert shown == expected
    assert template.roots == {one.root for one in found}
    for one in found:
        assert scalar[slice(*one.root_span)] == one.root
        for field, span in zip(one.fields, one.field_spans, strict=True):
            assert str(field) in scalar[slice(*span)]
