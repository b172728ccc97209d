"""A command works in a project, whose settings say where activities and secrets are, and what `http` steps may do."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from dsl.rules.activities import Catalogue
from interpreter.cli.arguments.letters_database import has_letters_database, open_letters_database
from interpreter.cli.arguments.project_file import ProjectProblem, find_project
from interpreter.cli.display.output import print_notice
from interpreter.temporal.secrets.settings import SecretSettings, SecretSettingsProblem
from interpreter.temporal.worker.activities import (
    ActivitiesProblem,
    Activity,
    build_catalogue,
    load_activities,
)
from interpreter.temporal.worker.http.settings import HttpSettings, HttpSettingsProblem

if TYPE_CHECKING:
    from interpreter.temporal.letters_database.database import LettersDatabase

NO_ACTIVITIES = "no activities are configured"
ACTIVITIES_HINT = (
    "name their modules with --activities, or in the project's pyproject.toml: "
    '[tool.stepfile] activities = ["shop.activities"]'
)


def find_activities(modules: Sequence[str], file: str | None = None) -> list[Activity] | None:
    """Load the activities that a command may call.

    Args:
        modules: The values of `--activities`. Without any, the project around the working directory names the
            modules, or else the project around `file`.
        file: The FILE of the command.

    Returns:
        The activities, or None if neither the option nor a project says where they are.

    Raises:
        ActivitiesProblem: the modules can't be imported.
        ProjectProblem: the project's settings are wrong.
    """
    if modules:
        sys.path.insert(0, str(Path.cwd()))  # as for `python -m`
        return load_activities(modules)
    project = find_project(file)
    if project is None:
        return None
    project.make_importable()
    return load_activities(project.get_names("activities"))


@dataclass(frozen=True, slots=True)
class WorkerSettings:
    """What a project says of its workers, beside their activities."""

    http: HttpSettings = field(default_factory=HttpSettings)
    secrets: SecretSettings = field(default_factory=SecretSettings)
    letters_database: LettersDatabase | None = None


def find_worker_settings(file: str | None = None) -> WorkerSettings:
    """Read the settings of the project around the working directory, or else around `file`.

    Raises:
        ProjectProblem: the project's settings are wrong.
        LettersDatabaseProblem: the database of letters that it names can't be used.
    """
    project = find_project(file)
    if project is None:
        return WorkerSettings()
    project.make_importable()  # the provider of secrets is code of the project
    http, secrets = project.get_table("http") or {}, project.get_table("secrets") or {}
    try:
        return WorkerSettings(
            HttpSettings.read(http),
            SecretSettings.read(secrets, project.folder),
            open_letters_database(project),
        )
    except HttpSettingsProblem as error:
        raise project.explain("http", str(error)) from None
    except SecretSettingsProblem as error:
        raise project.explain("secrets", error.message, error.hint) from None


def require_activities(modules: Sequence[str], file: str | None = None) -> list[Activity]:
    """Load the activities as `find_activities` does, for a command that can't do without them.

    Raises:
        ActivitiesProblem: nothing says where they are, or they can't be imported.
        ProjectProblem: the project's settings are wrong.
    """
    found = find_activities(modules, file)
    if found is None:
        raise ActivitiesProblem(NO_ACTIVITIES, ACTIVITIES_HINT)
    return found


def load_catalogue(modules: Sequence[str], file: str) -> Catalogue:
    """Load the names and arguments of the activities, which calls are checked against.

    Raises:
        ActivitiesProblem: nothing says where the activities are, or they can't be imported.
        ProjectProblem: the project's settings are wrong.
    """
    return build_project_catalogue(require_activities(modules, file), file)


def try_load_catalogue(modules: Sequence[str], file: str) -> Catalogue | None:
    """Load the catalogue, or return None if the code of the activities can't be imported here.

    A command that only starts runs does not need that code.

    Raises:
        ActivitiesProblem: `modules` can't be imported: whoever names them wants them to be used.
    """
    try:
        found = find_activities(modules, file)
    except (ActivitiesProblem, ProjectProblem) as problem:
        if modules:
            raise
        print_notice(f"calls are not checked against the activities: {problem.message}")
        return None
    return None if found is None else build_project_catalogue(found, file)


def build_project_catalogue(activities: Sequence[Activity], file: str) -> Catalogue:
    """Describe activities, and what the project adds to them.

    Raises:
        ProjectProblem: the project's settings are wrong.
    """
    return build_catalogue(activities, letters_database=has_letters_database(file))
