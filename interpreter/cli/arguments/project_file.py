"""A project keeps its settings in its pyproject.toml, in the table `[tool.stepfile]`.

This file finds the table, and knows the names of all settings. What a setting means is known where it is used
(`project.py` and `data_converter.py` beside it), so that a command imports only what it needs.
"""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dsl.scalars.json_value import JsonValue
from interpreter.cli.arguments.document import STDIN
from interpreter.temporal.problem import TemporalProblem

PROJECT_FILE = "pyproject.toml"
SETTINGS = ("activities", "data_converter", "encryption", "http", "letters_database", "secrets")


class ProjectProblem(TemporalProblem):
    """The settings can't be read."""


@dataclass(frozen=True, slots=True)
class ProjectFile:
    """A `ProjectFile` is a pyproject.toml with `[tool.stepfile]`."""

    path: Path
    settings: Mapping[str, Any]

    @property
    def folder(self) -> Path:
        """Return the folder of the project, which paths in its settings start from."""
        return self.path.parent

    def make_importable(self) -> None:
        """Let the folder of the project join the import path, as it would for `python -m`."""
        if str(self.folder) not in sys.path:
            sys.path.insert(0, str(self.folder))

    def get_names(self, setting: str) -> list[str]:
        """Return the module names that a setting lists; none if it is not there.

        Raises:
            ProjectProblem: it is no list of texts.
        """
        names: JsonValue = self.settings.get(setting, [])
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            raise ProjectProblem(
                f"{self.path}: [tool.stepfile] {setting} must be a list of module names",
                f'{setting} = ["shop.{setting}"]',
            )
        return names

    def get_reference(self, setting: str) -> str | None:
        """Return the `module:name` that a setting holds; None if it is not there.

        Raises:
            ProjectProblem: it is no text.
        """
        reference = self.settings.get(setting)
        if reference is not None and not isinstance(reference, str):
            raise self.explain(setting, "must be the name of an object", f'{setting} = "shop.data:{setting}"')
        return reference

    def get_table(self, setting: str) -> Mapping[str, Any] | None:
        """Return a table of settings; None if it is not there.

        Raises:
            ProjectProblem: it is no table.
        """
        table: JsonValue = self.settings.get(setting)
        if table is not None and not isinstance(table, dict):
            raise ProjectProblem(f"{self.path}: [tool.stepfile.{setting}] must be a table")
        return table

    def explain(self, setting: str, wrong: str, hint: str | None = None) -> ProjectProblem:
        """Make the problem that a setting is wrong."""
        is_table = isinstance(self.settings.get(setting), dict)
        place = f"[tool.stepfile.{setting}]" if is_table else f"[tool.stepfile] {setting}"
        return ProjectProblem(f"{self.path}: {place} {wrong}", hint)


def find_project(file: str | None = None) -> ProjectFile | None:
    """Find the project around the working directory, or else the project around `file`.

    Args:
        file: The FILE of the command.

    Raises:
        ProjectProblem: the pyproject.toml can't be read, or has an unknown setting.
    """
    project = find_project_above(Path.cwd())
    if project is None and file is not None and file != STDIN:
        project = find_project_above(Path(file).resolve().parent)
    return project


def find_project_above(start: Path) -> ProjectFile | None:
    """Find the nearest pyproject.toml in `start` or above that has `[tool.stepfile]`.

    Raises:
        ProjectProblem: it can't be read, or has an unknown setting.
    """
    for folder in (start, *start.parents):
        path = folder / PROJECT_FILE
        if not path.is_file():
            continue
        try:
            settings = tomllib.loads(path.read_text(encoding="utf-8")).get("tool", {}).get("stepfile")
        except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
            raise ProjectProblem(f"{path}: {error}") from None
        if settings is not None:
            _check_names(settings, path)
            return ProjectFile(path, settings)
    return None


def _check_names(settings: Mapping[str, Any], path: Path) -> None:
    unknown = sorted(set(settings) - set(SETTINGS))
    if unknown:
        raise ProjectProblem(
            f"{path}: [tool.stepfile] has no setting {unknown[0]}", f"it has: {', '.join(SETTINGS)}"
        )
