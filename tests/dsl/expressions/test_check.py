"""What is found without running: the rules are cases."""

from __future__ import annotations

from typing import Any

import pytest

from dsl.expressions import CONDITION, Scope, Template, TemplateProblem, check
from tests.dsl.expressions.cases import read

DATA = read("check")
GIVEN = DATA["scope"]
SCOPE = Scope(
    names=tuple(GIVEN["names"]),
    steps=GIVEN["steps"],
    vars=tuple(GIVEN["vars"]),
    schemas=GIVEN["schemas"],
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


def test_secrets_stand_alone_in_arguments() -> None:
    scope = Scope(names=("secrets",))

    def messages(scalar: str, allow_secrets: bool) -> list[str]:
        found = check(Template.value({"a": [scalar]}), scope, allow_secrets=allow_secrets)
        return [problem.error.message for problem in found]

    assert messages("${ secrets.KEY }", True) == []
    assert messages("${ secrets.KEY }", False) == ["secrets can't be used here"]
    for scalar in (
        "k ${ secrets.KEY }",
        "${ secrets }",
        "${ secrets.A.B }",
        "${ secrets.A ?? 1 }",
        "${ [secrets.A] }",
    ):
        assert messages(scalar, True) == ["a secret must be the whole value"]
    assert messages("${ secrets.A.trim() }", True) == ["a secret must be the whole value"]


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
