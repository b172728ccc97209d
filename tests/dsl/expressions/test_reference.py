"""`docs/reference/expressions.md` says what the code does: tables are compared, examples are run."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path
from typing import get_args

import pytest

from dsl.expressions import Limits, Template
from dsl.expressions.errors import Code
from dsl.expressions.functions import FUNCTIONS
from dsl.expressions.macros import HAS, MACROS
from dsl.problems.codes import CODES
from tests.dsl.expressions.cases import exact

PAGE = (Path(__file__).parents[3] / "docs" / "reference" / "expressions.md").read_text(encoding="utf-8")


def section(title: str) -> str:
    return PAGE.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def first_column(title: str) -> list[str]:
    return re.findall(r"^\| `(.+?)` \|", section(title), re.MULTILINE)


def test_the_page_has_every_function_and_no_other() -> None:
    assert first_column("Functions") == [function.signature for function in FUNCTIONS.values()]
    assert all(function.signature.startswith(f"{name}(") for name, function in FUNCTIONS.items())


def test_the_page_has_every_macro_and_no_other() -> None:
    assert first_column("Macros") == [*(macro.signature for macro in MACROS.values()), HAS]


def test_every_code_is_in_the_catalogue_of_problems() -> None:
    assert set(get_args(Code)) <= set(CODES)


def test_the_page_has_every_limit_and_no_other() -> None:
    numbers = re.findall(r"^\| [^|]+ \| ([0-9,]+) \|$", section("Limits"), re.MULTILINE)
    assert [int(number.replace(",", "")) for number in numbers] == list(dataclasses.astuple(Limits.V1))


EXAMPLES = re.findall(r"`([^`]+)` is (?:`([^`]+)`|(-?[0-9]+(?:\.[0-9]+)?))", PAGE)


@pytest.mark.parametrize(("expression", "quoted", "bare"), EXAMPLES)
def test_examples(expression: str, quoted: str, bare: str) -> None:
    given, _ = Template.expression(expression).evaluate({})
    expected, _ = Template.expression(quoted or bare).evaluate({})
    assert exact(given) == exact(expected)


def test_every_function_has_an_example() -> None:
    rows = re.findall(r"^\| `.+", section("Functions"), re.MULTILINE)
    assert len(EXAMPLES) >= len(rows)
    assert [row for row in rows if " is `" not in row and row.count("`") < 14] == []
