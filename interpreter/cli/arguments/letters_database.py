"""A command finds the database of letters that its project names: `letters_database` of `[tool.stepfile]`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from interpreter.cli.arguments.project_file import ProjectFile, find_project
from interpreter.temporal.letters_database.settings import DatabaseSettings, read_database_settings
from interpreter.temporal.references import SettingProblem

if TYPE_CHECKING:
    from interpreter.temporal.letters_database.database import LettersDatabase

SETTING = "letters_database"


def has_letters_database(file: str | None = None) -> bool:
    """Whether the project around the working directory, or else around `file`, names a database of letters.

    Raises:
        ProjectProblem: the setting has a wrong form.
    """
    project = find_project(file)
    return project is not None and _read_settings(project) is not None


def find_letters_database(file: str | None = None) -> LettersDatabase | None:
    """Prepare the database of letters of the project around the working directory, or else around `file`.

    Returns:
        The database, which is not connected yet; None if the project names none.

    Raises:
        ProjectProblem: the setting has a wrong form.
        LettersDatabaseProblem: there is no URL, it can't be used, or the extra `sql` is not installed.
    """
    project = find_project(file)
    return None if project is None else open_letters_database(project)


def open_letters_database(project: ProjectFile) -> LettersDatabase | None:
    """Prepare the database of letters of a project; None if it names none. Else as `find_letters_database`."""
    settings = _read_settings(project)
    if settings is None:
        return None
    from interpreter.temporal.letters_database.database import LettersDatabase  # SQLAlchemy takes 0.1 s

    return LettersDatabase(settings.read_url(), folder=settings.folder)


def _read_settings(project: ProjectFile) -> DatabaseSettings | None:
    value = project.settings.get(SETTING)
    if value is None:
        return None
    try:
        return read_database_settings(value, project.folder)
    except SettingProblem as problem:
        raise project.explain(SETTING, problem.message, problem.hint) from None
