"""What problems say of names that nobody has given, and of names that nobody uses."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from dsl.problems import names
from dsl.problems.codes import CODES
from dsl.problems.names import BREAKERS, DEFINITIONS, Namespace, report_unknown, report_unused

NAMESPACES = [each for each in vars(names).values() if isinstance(each, Namespace)]
RULES = Path(names.__file__).parents[1] / "rules"


def test_an_unknown_name_is_reported_with_the_nearest_and_with_all() -> None:
    problem = BREAKERS.report_unknown("paymets", ["shop", "payments"], ("defaults", "circuit_breaker"))
    assert problem.code == "unknown-breaker"
    assert problem.message == 'there is no circuit breaker "paymets"'
    assert problem.hint == 'did you mean "payments"? defined in circuit_breakers: payments, shop'
    assert (problem.severity, problem.at) == ("error", "value")


def test_where_no_name_is_known_the_list_says_so() -> None:
    assert BREAKERS.report_unknown("payments", [], ()).hint == "defined in circuit_breakers: none"
    problem = report_unknown(
        "wrong-input", "no such key", "a", [], (), hint="it takes {known}", nothing="nothing"
    )
    assert (problem.message, problem.hint) == ("no such key", "it takes nothing")


def test_of_very_many_names_the_first_ones_are_listed() -> None:
    """A file may have thousands of unknown names, and each would list thousands of known ones."""
    hint = BREAKERS.report_unknown("b", [f"payments_{number}" for number in range(1200)], ()).hint or ""
    assert hint.startswith("defined in circuit_breakers: payments_0, payments_1, payments_10, ")
    assert hint.endswith(" and 1,100 more")
    assert hint.count(",") < 102


def test_an_unused_name_is_a_warning_at_its_key() -> None:
    problem = DEFINITIONS.report_unused("ship", ("definitions", "ship"))
    assert problem == report_unused(
        "unused-definition",
        'no step runs the definition "ship"',
        ("definitions", "ship"),
        hint="run it with child_workflow: ship, or remove it",
    )
    assert (problem.severity, problem.at) == ("warning", "key")


@pytest.mark.parametrize("name", ["{", "{name}", "{known}"])
@pytest.mark.parametrize("namespace", NAMESPACES, ids=lambda namespace: namespace.code)
def test_braces_in_a_name_are_text(namespace: Namespace, name: str) -> None:
    assert f'"{name}"' in namespace.report_unknown(name, [name], ()).message
    assert f'"{name}"' in namespace.report_unused(name, ()).message


@pytest.mark.parametrize("namespace", NAMESPACES, ids=lambda namespace: namespace.code)
def test_both_codes_of_a_namespace_are_in_the_catalogue(namespace: Namespace) -> None:
    assert {f"unknown-{namespace.code}", f"unused-{namespace.code}"} <= set(CODES)


def test_no_rule_words_such_a_problem_by_itself() -> None:
    own = re.compile(r'Problem\(\s*"(unknown|unused)-|did you mean|did_you_mean')
    assert [
        file.name for file in sorted(RULES.glob("*.py")) if own.search(file.read_text(encoding="utf-8"))
    ] == []
