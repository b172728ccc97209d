"""The problems of checked definitions are shown in one of several formats."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Literal, get_args

from interpreter.cli.display.output import allows_colour, format_json, print_result

if TYPE_CHECKING:
    from dsl.check import Checked

Format = Literal["text", "json", "github"]
FORMATS: tuple[Format, ...] = get_args(Format)


def show_problems(checked: Sequence[Checked], form: Format) -> None:
    """Write the problems of all definitions to standard output."""
    _SHOW[form](checked)


def _show_text(checked: Sequence[Checked]) -> None:
    from dsl.problems.render import render_text

    for document in checked:
        text = render_text(document.problems, document.source, colour=allows_colour(sys.stdout))
        print_result(text, end="")
    numbers = {
        severity: sum(problem.severity == severity for each in checked for problem in each.told)
        for severity in ("error", "warning")
    }
    counts = [f"{number} {noun}{'s' * (number != 1)}" for noun, number in numbers.items() if number]
    if len(checked) > 1:
        print_result(f"{len(checked)} files: {', '.join(counts) or 'fine'}")
    elif checked and not counts:
        print_result(f"{checked[0].source.name}: fine")


def _show_json(checked: Sequence[Checked]) -> None:
    from dsl.problems.render import build_records

    print_result(format_json([each for one in checked for each in build_records(one.problems, one.source)]))


def _show_github(checked: Sequence[Checked]) -> None:
    from dsl.problems.render import render_github

    for document in checked:
        print_result(render_github(document.problems, document.source), end="")


_SHOW: dict[Format, Callable[[Sequence[Checked]], None]] = {
    "text": _show_text,
    "json": _show_json,
    "github": _show_github,
}
