"""What people and programs see of problems."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from dsl.problems.problem import Problem, Related
from dsl.problems.render import (
    MOST,
    build_records,
    locate,
    render_github,
    render_json,
    render_text,
    select_shown,
)
from dsl.reading.reader import read_text
from dsl.source.map import Position, SourceMap, Span

SOURCE = read_text("steps:\n  - id: a\n    compansate: ${ x + y }\n", "orders.yaml").source
KEY = Problem(
    "unknown-key",
    '"compansate" is not a key of an activity step',
    ("steps", 0, "compansate"),
    'did you mean "compensate"?',
    at="key",
)
WITHIN = Problem(
    "expression", "y is not known", ("steps", 0, "compansate"), within=(7, 8), severity="warning"
)


def span(line: int, start: int, end: int, end_line: int | None = None) -> Span:
    return Span(Position(line, start), Position(end_line or line, end))


def spot(text: str, start: int, end: int, **more: Any) -> str:
    """The two lines of a snippet, for a problem in a text of one line."""
    problem = Problem("c", "m", span=span(1, start, end), **more)
    return render_text([problem], SourceMap("f", text)).removeprefix(f"f:1:{start}: c: m\n")


def test_text() -> None:
    assert render_text([KEY], SOURCE) == (
        'orders.yaml:3:5: unknown-key: "compansate" is not a key of an activity step\n'
        "        compansate: ${ x + y }\n"
        "        ^^^^^^^^^^\n"
        '    hint: did you mean "compensate"?\n'
    )


def test_the_other_place_is_named() -> None:
    problem = replace(KEY, hint=None, related=Related("the first of the two", ("steps", 0, "id"), at="key"))
    assert render_text([problem], SOURCE).endswith("\n    see: orders.yaml:2:5: the first of the two\n")
    assert json.loads(render_json([problem], SOURCE))[0]["related"] == [
        {"line": 2, "column": 5, "end_line": 2, "end_column": 7, "message": "the first of the two"}
    ]
    assert render_github([problem], SOURCE).endswith("%0Asee orders.yaml:2:5: the first of the two\n")


def test_a_warning_says_so() -> None:
    assert render_text([WITHIN], SOURCE) == (
        "orders.yaml:3:24: warning: expression: y is not known\n"
        "        compansate: ${ x + y }\n"
        "                           ^\n"
    )


def test_colour() -> None:
    assert render_text([KEY, WITHIN], SOURCE, colour=True) == (
        "\x1b[1morders.yaml:3:5:\x1b[0m \x1b[1;31munknown-key:\x1b[0m "
        '"compansate" is not a key of an activity step\n'
        "        compansate: ${ x + y }\n"
        "    \x1b[1;31m    ^^^^^^^^^^\x1b[0m\n"
        '    hint: did you mean "compensate"?\n'
        "\x1b[1morders.yaml:3:24:\x1b[0m \x1b[1;33mwarning: expression:\x1b[0m y is not known\n"
        "        compansate: ${ x + y }\n"
        "    \x1b[1;33m                       ^\x1b[0m\n"
    )


def test_nothing_to_show() -> None:
    assert render_text([], SOURCE) == ""
    assert render_github([], SOURCE) == ""
    assert render_json([], SOURCE) == "[]\n"


def test_locate() -> None:
    assert locate(KEY, SOURCE) == span(3, 5, 15)
    assert locate(WITHIN, SOURCE) == span(3, 24, 25)
    assert locate(Problem("c", "m", ("steps", 0, "id")), SOURCE) == span(2, 9, 10)
    assert locate(Problem("c", "m", ("steps",), span=span(9, 1, 2)), SOURCE) == span(9, 1, 2)


def test_order_is_that_of_the_text() -> None:
    problems = [
        Problem("z", "m", span=span(2, 1, 2)),
        Problem("b", "m", span=span(1, 3, 4)),
        Problem("b", "k", span=span(1, 3, 4)),
        Problem("a", "m", span=span(1, 3, 4), severity="warning"),
        Problem("a", "m", span=span(1, 3, 9)),
    ]
    found = [
        (each.problem.code, each.problem.message, each.span.end.column)
        for each in select_shown(problems, SOURCE)
    ]
    assert found == [("b", "k", 4), ("b", "m", 4), ("a", "m", 4), ("a", "m", 9), ("z", "m", 2)]


# --- the line and the caret ---


@pytest.mark.parametrize(
    ("text", "start", "end", "line", "caret"),
    [
        ("a: bc", 4, 6, "a: bc", "   ^^"),
        ("a: bc", 4, 4, "a: bc", "   ^"),
        ("a: bc", 6, 6, "a: bc", "     ^"),
        ("日本: bc", 5, 7, "日本: bc", "      ^^"),
        ("a: 日本", 4, 6, "a: 日本", "   ^^^^"),
        ("e\u0301: bc", 5, 6, "e\u0301: bc", "   ^"),
        ("\ta:\tbc", 5, 6, "    a:    bc", "          ^"),
        ("a: \x1b[31mb\x07", 4, 5, "a: �[31mb�", "   ^"),
        ("a: \u202eb\xa0", 5, 6, "a: �b�", "    ^"),
        ("a: \u0300", 4, 5, "a: \u0300", "   ^"),
    ],
)
def test_the_caret(text: str, start: int, end: int, line: str, caret: str) -> None:
    assert spot(text, start, end) == f"    {line}\n    {caret}\n"


def test_a_blank_line_is_not_shown() -> None:
    assert spot(" \t", 1, 2) == ""


def test_of_several_lines_the_first_is_underlined() -> None:
    source = SourceMap("f", "a: [b,\n  c]")
    assert (
        render_text([Problem("c", "m", span=span(1, 4, 5, 2))], source)
        == "f:1:4: c: m\n    a: [b,\n       ^^^\n"
    )


@pytest.mark.parametrize(
    ("start", "opening", "closing", "caret"),
    [(1, "", "…", 0), (60, "", "…", 59), (150, "…", "…", 61), (300, "…", "", 110)],
)
def test_a_long_line_is_cut_around_the_caret(start: int, opening: str, closing: str, caret: int) -> None:
    text = "".join(chr(ord("a") + n % 26) for n in range(300))
    line, carets = spot(text, start, start + 1).splitlines()
    assert line.startswith("    " + opening)
    assert line.endswith(closing)
    assert len(line) == 4 + 110 + len(opening + closing)
    assert carets == " " * (4 + caret) + "^"
    assert line[4 + caret] == text[start - 1]


def test_a_long_stretch_is_underlined_as_far_as_it_is_shown() -> None:
    line, carets = spot("x" * 300, 1, 300).splitlines()
    assert len(carets) == len(line) - 1 == 114


def test_control_characters_never_reach_the_terminal() -> None:
    problem = Problem("c", "a\x1b[2Jb\r\n\u202e", hint="\x07\ud800é")
    shown_text = render_text([problem], SourceMap("f\x1b", ""))
    assert shown_text == "f\\x1b:1:1: c: a\\x1b[2Jb\\r\\n\\u202e\n    hint: \\x07\\ud800é\n"


# --- many ---


@pytest.mark.parametrize(
    ("extra", "rest"), [(1, "1 more problem is not shown"), (23, "23 more problems are not shown")]
)
def test_the_rest_is_counted(extra: int, rest: str) -> None:
    problems = [Problem("c", "m", span=span(n + 1, 1, 2), severity="warning") for n in range(MOST + extra)]
    *_, last = select_shown(problems, SOURCE)
    assert (last.problem.code, last.problem.message, last.problem.severity) == (
        "more-problems",
        rest,
        "warning",
    )
    assert last.span == span(MOST + 1, 1, 2)
    assert len(build_records(problems, SOURCE)) == MOST + 1


def test_a_hidden_error_stays_an_error() -> None:
    problems = [Problem("c", "m", severity="warning")] * MOST + [Problem("d", "m", span=span(9, 1, 2))]
    assert select_shown(problems, SOURCE)[-1].problem.severity == "error"


def test_the_hundredth_is_shown() -> None:
    assert {each.problem.code for each in select_shown([Problem("c", "m")] * MOST, SOURCE)} == {"c"}


# --- for programs ---


def test_json() -> None:
    assert json.loads(render_json([WITHIN, KEY], SOURCE)) == [
        {
            "file": "orders.yaml",
            "line": 3,
            "column": 5,
            "end_line": 3,
            "end_column": 15,
            "code": "unknown-key",
            "severity": "error",
            "message": '"compansate" is not a key of an activity step',
            "hint": 'did you mean "compensate"?',
            "path": ["steps", 0, "compansate"],
            "related": [],
        },
        {
            "file": "orders.yaml",
            "line": 3,
            "column": 24,
            "end_line": 3,
            "end_column": 25,
            "code": "expression",
            "severity": "warning",
            "message": "y is not known",
            "hint": None,
            "path": ["steps", 0, "compansate"],
            "related": [],
        },
    ]


def test_json_is_ascii() -> None:
    assert render_json([Problem("c", "é\ud800\x1b")], SOURCE).isascii()


def test_github() -> None:
    assert render_github([KEY, WITHIN], SOURCE) == (
        "::error file=orders.yaml,line=3,col=5,endLine=3,endColumn=15,title=unknown-key::"
        '"compansate" is not a key of an activity step%0Adid you mean "compensate"?\n'
        "::warning file=orders.yaml,line=3,col=24,endLine=3,endColumn=25,title=expression::y is not known\n"
    )


def test_github_is_escaped() -> None:
    problem = Problem("c", "100%\n::stop-commands::x", hint="50%")
    assert render_github([problem], SourceMap("a,b:c%\r\n", "")) == (
        "::error file=a%2Cb%3Ac%25%0D%0A,line=1,col=1,endLine=1,endColumn=1,title=c::"
        "100%25\\n::stop-commands::x%0A50%25\n"
    )
