"""The rules of the language, one by one: the cases are data, in `tests/cases/expr`."""

from __future__ import annotations

from typing import Any

import pytest

from dsl.expressions import ExprError, Template
from tests.dsl.expressions.cases import HERE, Case, cases, exact, read

CONTEXT: dict[str, Any] = read("context")
SPECIAL = ("context", "check", "fields", "references", "prices")
FILES = tuple(sorted(path.stem for path in HERE.glob("*.yaml") if path.stem not in SPECIAL))


def every(kind: str, files: tuple[str, ...] = FILES) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("case", list(cases(kind, files)), ids=lambda case: case.id)


@every("gives")
def test_gives(case: Case) -> None:
    template = Template.value(case.scalar)
    value, spent = template.evaluate(CONTEXT)
    assert exact(value) == exact(case.expected)
    assert template.is_constant == (spent == 0)
    assert not [problem for problem in template.problems if problem.severity == "error"]


@every("fails")
def test_fails(case: Case) -> None:
    check_failure(Template.value(case.scalar), case.scalar, case.expected)


@every("gives", ("fields",))
def test_field_gives(case: Case) -> None:
    value, _ = Template.expression(case.scalar).evaluate(CONTEXT)
    assert exact(value) == exact(case.expected)


@every("fails", ("fields",))
def test_field_fails(case: Case) -> None:
    check_failure(Template.expression(case.scalar), case.scalar, case.expected)


@every("warns")
def test_warns(case: Case) -> None:
    template = Template.value(case.scalar)
    assert [problem.severity for problem in template.problems] == ["warning"]
    start, end = template.problems[0].error.span
    assert case.scalar[start:end] == case.expected
    template.evaluate(CONTEXT)


@every("silent")
def test_silent(case: Case) -> None:
    assert Template.value(case.scalar).problems == ()


def check_failure(template: Template, scalar: str, expected: str | dict[str, str]) -> None:
    wanted = {"code": expected} if isinstance(expected, str) else expected
    with pytest.raises(ExprError) as caught:
        template.evaluate(CONTEXT)
    error = caught.value
    assert error.code == wanted["code"]
    assert wanted.get("says", "") in error.message
    assert wanted.get("hint", "") in (error.hint or "")
    start, end = error.span
    assert 0 <= start <= end <= len(scalar)
    if "at" in wanted:
        assert scalar[start:end] == wanted["at"]
