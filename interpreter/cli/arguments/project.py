"""The project that a command works in: its activities, and what they may do."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from dsl.rules.activities import Catalogue
from interpreter.cli.arguments.document import STDIN
from interpreter.cli.display.output import say
from interpreter.temporal.worker.activities import (
    ActivitiesProblem,
    Activity,
    build_catalogue,
    load_activities,
)
from interpreter.temporal.worker.http.settings import HttpSettings
from interpreter.temporal.worker.project import Project, ProjectProblem, find_project

ACTIVITIES_HINT = (
    "name their modules with --activities, or in the project's pyproject.toml: "
    '[tool.stepfile] activities = ["shop.activities"]'
)


def find_activities(modules: Sequence[str], file: str | None = None) -> list[Activity] | None:
    """The activities of `modules`; without any, those of the project around us, else around `file`.

    Returns:
        None when nobody says where the activities are.

    Raises:
        ActivitiesProblem: they can't be imported.
        ProjectProblem: the project's settings are wrong.
    """
    if modules:
        sys.path.insert(0, str(Path.cwd()))  # as for `python -m`
        return load_activities(modules)
    project = _find_project_around(file)
    return None if project is None else load_activities(project.activities)


def find_http_settings(file: str | None = None) -> HttpSettings:
    """What `http` steps may ask on a worker of the project around us, else around `file`.

    Raises:
        ProjectProblem: the project's settings are wrong.
    """
    return (_find_project_around(file) or Project()).http


def _find_project_around(file: str | None) -> Project | None:
    project = find_project(Path.cwd())
    if project is None and file is not None and file != STDIN:
        project = find_project(Path(file).resolve().parent)
    return project


def require_activities(modules: Sequence[str], file: str | None = None) -> list[Activity]:
    """The same, where it makes no sense to go on without.

    Raises:
        ActivitiesProblem: there are none, or they can't be imported.
    """
    found = find_activities(modules, file)
    if found is None:
        raise ActivitiesProblem("nothing says where the activities are", ACTIVITIES_HINT)
    return found


def load_catalogue(modules: Sequence[str], file: str) -> Catalogue:
    """Names and arguments of the activities, to check calls against."""
    return build_catalogue(require_activities(modules, file))


def try_load_catalogue(modules: Sequence[str], file: str) -> Catalogue | None:
    """The activities to check calls against; None where their code is not at hand, as it need not be."""
    try:
        found = find_activities(modules, file)
    except (ActivitiesProblem, ProjectProblem) as problem:
        if modules:
            raise
        say(f"calls are not checked against the activities: {problem.message}")
        return None
    return None if found is None else build_catalogue(found)
