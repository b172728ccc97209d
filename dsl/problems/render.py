"""Problems are rendered for people and for programs: as text, as JSON, as annotations of GitHub Actions.

Nothing that a file contains reaches a terminal or a log raw. What is not printable is escaped.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Final, TypedDict

from dsl.problems.located import Located, list_located, locate_path
from dsl.problems.masking import Secrets, find_secrets
from dsl.problems.problem import Problem
from dsl.problems.snippet import make_printable, make_snippet
from dsl.source.map import SourceMap, Span

MOST: Final = 100
"""So many problems are shown, and the rest is counted."""

_RED, _YELLOW, _BOLD, _PLAIN = "\x1b[1;31m", "\x1b[1;33m", "\x1b[1m", "\x1b[0m"


class Range(TypedDict):
    """This is where something stands. Lines and columns count from 1, columns in code points; ends are exclusive."""

    line: int
    column: int
    end_line: int
    end_column: int


class RelatedRecord(Range):
    """A related record is another place that has to do with a problem, as JSON."""

    message: str


class Record(Range):
    """A record is a problem as JSON."""

    file: str
    code: str
    severity: str
    message: str
    hint: str | None
    path: list[str | int]
    related: list[RelatedRecord]
    """The other place, where two places matter; else empty."""


def _locate_related(problem: Problem, source: SourceMap) -> tuple[Span, str] | None:
    """Find the other place of a problem, and what stands there."""
    if (other := problem.related) is None:
        return None
    return other.span or locate_path(other, source), make_printable(other.message)


def select_shown(problems: Sequence[Problem], source: SourceMap) -> list[Located]:
    """Select the problems of one file that are shown, in the order of the text.

    These are the first MOST, and one that counts the rest.
    """
    return _select(problems, source)[0]


def _select(problems: Sequence[Problem], source: SourceMap) -> tuple[list[Located], Secrets]:
    """Select the problems that are shown, and find the values that are not."""
    found = list_located(problems, source)
    secrets = find_secrets(found)
    shown = [Located(secrets.mask_problem(problem), span) for problem, span in found[:MOST]]
    return ([*shown, _summarize_rest(found[MOST:])] if found[MOST:] else shown), secrets


def render_text(problems: Sequence[Problem], source: SourceMap, *, colour: bool = False) -> str:
    """Render every problem as a headline, the line with a caret, and the hint. `colour` adds ANSI codes."""
    shown, secrets = _select(problems, source)
    return "".join(_render_problem(problem, span, source, secrets, colour) for problem, span in shown)


def render_json(problems: Sequence[Problem], source: SourceMap) -> str:
    """Render problems as a JSON list of records, in ASCII."""
    return json.dumps(build_records(problems, source), indent=2) + "\n"


def render_github(problems: Sequence[Problem], source: SourceMap) -> str:
    """Render every problem as a workflow command, which GitHub shows beside the line.

    https://docs.github.com/en/actions/reference/workflow-commands-for-github-actions
    """
    return "".join(
        _render_annotation(problem, span, source) for problem, span in select_shown(problems, source)
    )


def build_records(problems: Sequence[Problem], source: SourceMap) -> list[Record]:
    """Build what `render_json` writes, as data."""
    return [_build_record(problem, span, source) for problem, span in select_shown(problems, source)]


def _summarize_rest(hidden: Sequence[Located]) -> Located:
    first = hidden[0]
    errors = [each for each in hidden if each.problem.severity == "error"]
    message = f"{len(hidden)} more {'problem is' if len(hidden) == 1 else 'problems are'} not shown"
    return Located(Problem("more-problems", message, severity="error" if errors else "warning"), first.span)


def _render_problem(problem: Problem, span: Span, source: SourceMap, secrets: Secrets, colour: bool) -> str:
    warning = problem.severity == "warning"
    tone = _YELLOW if warning else _RED
    paint = _make_painter(colour)
    place = paint(_BOLD, _format_place(span, source))
    code = paint(tone, f"{'warning: ' if warning else ''}{problem.code}:")
    lines = [f"{place} {code} {make_printable(problem.message)}"]
    if found := make_snippet(source, span, secrets):
        lines += [f"    {found.text}", f"    {paint(tone, found.caret)}"]
    if problem.hint:
        lines.append(f"    hint: {make_printable(problem.hint)}")
    if other := _locate_related(problem, source):
        lines.append(f"    see: {_format_place(other[0], source)} {other[1]}")
    return "".join(f"{line}\n" for line in lines)


def _format_place(span: Span, source: SourceMap) -> str:
    return f"{make_printable(source.name)}:{span.start.line}:{span.start.column}:"


def _make_painter(colour: bool) -> Callable[[str, str], str]:
    return lambda tone, text: f"{tone}{text}{_PLAIN}" if colour else text


def _build_record(problem: Problem, span: Span, source: SourceMap) -> Record:
    other = _locate_related(problem, source)
    return {
        "file": source.name,
        **_build_range(span),
        "code": problem.code,
        "severity": problem.severity,
        "message": problem.message,
        "hint": problem.hint,
        "path": list(problem.path),
        "related": [{**_build_range(other[0]), "message": other[1]}] if other else [],
    }


def _build_range(span: Span) -> Range:
    return {
        "line": span.start.line,
        "column": span.start.column,
        "end_line": span.end.line,
        "end_column": span.end.column,
    }


def _render_annotation(problem: Problem, span: Span, source: SourceMap) -> str:
    properties = {
        "file": source.name,
        "line": span.start.line,
        "col": span.start.column,
        "endLine": span.end.line,
        "endColumn": span.end.column,
        "title": problem.code,
    }
    written = ",".join(f"{name}={_escape_property(str(value))}" for name, value in properties.items())
    hint = f"\n{make_printable(problem.hint)}" if problem.hint else ""
    other = _locate_related(problem, source)
    place = f"\nsee {_format_place(other[0], source)} {other[1]}" if other else ""
    return f"::{problem.severity} {written}::{_escape_data(make_printable(problem.message) + hint + place)}\n"


def _escape_data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _escape_property(text: str) -> str:
    return _escape_data(text).replace(":", "%3A").replace(",", "%2C")
