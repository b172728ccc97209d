"""`stepfile validate` finds all mistakes before anything runs."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import click

from interpreter.cli.arguments.document import read_document
from interpreter.cli.arguments.options import activities_option
from interpreter.cli.display.output import print_notice
from interpreter.cli.display.problems import FORMATS, Format, show_problems
from interpreter.cli.process.exit import ExitCode

if TYPE_CHECKING:
    from dsl.check import Checked


@click.command(
    epilog="""\b
Examples:
  stepfile validate orders.yaml refunds.yaml
  stepfile validate --strict --format github workflows/*.yaml    in CI
  stepfile validate --with-activities orders.yaml                also checks the calls of activities
  generate | stepfile validate -"""
)
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option(
    "--format",
    "form",
    type=click.Choice(FORMATS),
    default="text",
    show_default=True,
    help="json: a list of problems with file, line, column, code, message; github: annotations.",
)
@click.option("--strict", is_flag=True, help="Exit with 1 for warnings, too.")
@activities_option
@click.option(
    "--with-activities",
    is_flag=True,
    help="Check calls against the activities of the project: [tool.stepfile] activities in pyproject.toml.",
)
def command(
    files: tuple[str, ...], form: Format, strict: bool, activities: tuple[str, ...], with_activities: bool
) -> ExitCode:
    """Find all mistakes in definitions.

    Each mistake is shown with its place, what was found and what is accepted. FILE is a definition in YAML; - is
    standard input. A file of cases for a definition is left out. Nothing is run, and no Temporal is needed.

    With --activities or --with-activities the code of the activities is imported. Then calls of unknown activities,
    and calls with arguments that the activity can't take, are found as well.
    """
    # To find plugins, pydantic would look into every package that is installed.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    check = _make_checker(activities, with_activities)
    checked = _compare(_leave_out_others(_collect_documents([check(file) for file in files])))
    show_problems(checked, form)
    refused = {"error", "warning"} if strict else {"error"}
    wrong = any(problem.severity in refused for document in checked for problem in document.problems)
    return ExitCode.FAILED if wrong else ExitCode.SUCCESS


def _make_checker(modules: Sequence[str], with_activities: bool) -> Callable[[str], Checked]:
    from dsl.check import check

    if not modules and not with_activities:
        return lambda file: check(read_document(file))

    from interpreter.cli.arguments.project import load_catalogue

    return lambda file: check(read_document(file), load_catalogue(modules, file))


def _collect_documents(checked: Sequence[Checked]) -> list[Checked]:
    """Collect the checked definitions and the files of their bundles.

    A file that was given beside its bundle is only taken from inside the bundle, because there it sees the other
    definitions.
    """
    inside = {os.path.realpath(file.source.name) for each in checked for file in each.files.values()}
    roots = [each for each in checked if os.path.realpath(each.source.name) not in inside]
    return [document for root in roots for document in root.documents]


def _leave_out_others(checked: Sequence[Checked]) -> list[Checked]:
    """Leave out the files that say that they are no definitions, so that a pattern such as *.yaml may match them."""
    from dsl.check import NO_DEFINITION

    others = [each for each in checked if any(problem.code == NO_DEFINITION for problem in each.problems)]
    if len(others) == 1:
        print_notice(f"{others[0].source.name}: left out, because it holds cases and no definition")
    elif others:
        print_notice(f"{len(others)} files: left out, because they hold cases and no definition")
    return [each for each in checked if each not in others]


def _compare(checked: Sequence[Checked]) -> list[Checked]:
    """Add what is found only when all files are seen together."""
    from dataclasses import replace

    from dsl.rules.breakers_of_files import check_breakers_of_files

    known = [(each.source.name, each.definition) for each in checked if each.definition is not None]
    found = list(check_breakers_of_files(known))
    return [
        replace(
            each, problems=(*each.problems, *(problem for file, problem in found if file == each.source.name))
        )
        for each in checked
    ]
