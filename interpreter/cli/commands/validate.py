"""`stepfile validate`: find all mistakes before anything runs."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Literal

import click

from interpreter.cli.arguments.document import read
from interpreter.cli.arguments.options import activities_option
from interpreter.cli.display.output import allows_colour, answer, format_json
from interpreter.cli.process.exit import Exit

if TYPE_CHECKING:
    from dsl import Checked

Format = Literal["text", "json", "github"]


@click.command(
    epilog="""\b
Examples:
  stepfile validate orders.yaml refunds.yaml
  stepfile validate --strict --format github workflows/*.yaml    in CI
  stepfile validate --with-activities orders.yaml                also names and arguments of activities
  generate | stepfile validate -"""
)
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "github"]),
    default="text",
    show_default=True,
    help="json: a list of problems with file, line, column, code, message; github: annotations.",
)
@click.option("--strict", is_flag=True, help="Exit 1 for warnings, too.")
@activities_option
@click.option(
    "--with-activities",
    is_flag=True,
    help="Check calls against the activities of the project: [tool.stepfile] activities in pyproject.toml.",
)
def command(
    files: tuple[str, ...], form: Format, strict: bool, activities: tuple[str, ...], with_activities: bool
) -> Exit:
    """Find all mistakes of definitions.

    Each is shown with its place, what was found and what is accepted. FILE is a definition in YAML; - is
    standard input. Nothing is run, and no Temporal is needed.

    With --activities or --with-activities the code of the activities is imported, and calls of unknown
    activities or with a wrong number of arguments are found as well.
    """
    gc.disable()  # the process ends soon: looking for garbage takes a fifth of its time
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")  # a tenth of its time
    check = _make_checker(activities, with_activities)
    checked = _collect_documents([check(file) for file in files])
    _SHOW[form](checked)
    refused = {"error", "warning"} if strict else {"error"}
    wrong = any(problem.severity in refused for one in checked for problem in one.problems)
    return Exit.FAILED if wrong else Exit.FINE


def _make_checker(modules: Sequence[str], with_activities: bool) -> Callable[[str], Checked]:
    from dsl import check

    if not modules and not with_activities:
        return lambda file: check(read(file))

    from interpreter.cli.arguments.project import load_catalogue
    from interpreter.temporal.client.submission import check_calls

    return lambda file: check_calls(check(read(file)), load_catalogue(modules, file))


def _collect_documents(checked: Sequence[Checked]) -> list[Checked]:
    """With the files of their bundles. One that was given beside its bundle is looked at inside it only, for there it
    sees the other definitions."""
    inside = {os.path.realpath(file.source.name) for each in checked for file in each.files.values()}
    roots = [each for each in checked if os.path.realpath(each.source.name) not in inside]
    return [document for root in roots for document in root.documents]


def _show_text(checked: Sequence[Checked]) -> None:
    from dsl.problems.render import render_text

    for one in checked:
        answer(render_text(one.problems, one.source, colour=allows_colour(sys.stdout)), end="")
    errors, warnings = (
        sum(p.severity == severity for one in checked for p in one.problems)
        for severity in ("error", "warning")
    )
    counts = [
        _format_count(number, noun) for number, noun in ((errors, "error"), (warnings, "warning")) if number
    ]
    if len(checked) > 1:
        answer(f"{len(checked)} files: {', '.join(counts) or 'fine'}")
    elif not counts:
        answer(f"{checked[0].source.name}: fine")


def _show_json(checked: Sequence[Checked]) -> None:
    from dsl.problems.render import build_records

    answer(format_json([record for one in checked for record in build_records(one.problems, one.source)]))


def _show_github(checked: Sequence[Checked]) -> None:
    from dsl.problems.render import render_github

    for one in checked:
        answer(render_github(one.problems, one.source), end="")


_SHOW: dict[Format, Callable[[Sequence[Checked]], None]] = {
    "text": _show_text,
    "json": _show_json,
    "github": _show_github,
}


def _format_count(number: int, noun: str) -> str:
    return f"{number} {noun}{'s' * (number != 1)}"
