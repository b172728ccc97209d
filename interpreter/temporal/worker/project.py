"""What a project says of its workers: `[tool.stepfile]` of its pyproject.toml."""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from interpreter.temporal.problem import TemporalProblem
from interpreter.temporal.secrets.settings import SecretSettings, SecretSettingsProblem
from interpreter.temporal.worker.http.settings import HttpSettings, HttpSettingsProblem, TomlValue

PROJECT_FILE = "pyproject.toml"
SETTINGS = ("activities", "http", "secrets")


class ProjectProblem(TemporalProblem):
    """The settings can't be read."""


@dataclass(frozen=True, slots=True)
class Project:
    """The settings of one project."""

    activities: tuple[str, ...] = ()
    """Modules."""
    http: HttpSettings = field(default_factory=HttpSettings)
    secrets: SecretSettings = field(default_factory=SecretSettings)


def find_project(start: Path) -> Project | None:
    """The nearest pyproject.toml in `start` or above that has `[tool.stepfile]`.

    Its folder joins the import path, as it would for `python -m`.

    Raises:
        ProjectProblem: the file can't be read, or a setting is unknown or wrong.
    """
    for folder in (start, *start.parents):
        file = folder / PROJECT_FILE
        if not file.is_file():
            continue
        try:
            settings = tomllib.loads(file.read_text(encoding="utf-8")).get("tool", {}).get("stepfile")
        except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
            raise ProjectProblem(f"{file}: {error}") from None
        if settings is not None:
            _make_importable(folder)
            return _parse_project(settings, file)
    return None


def _make_importable(folder: Path) -> None:
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))


def _parse_project(settings: Mapping[str, Any], file: Path) -> Project:
    unknown = sorted(set(settings) - set(SETTINGS))
    if unknown:
        raise ProjectProblem(
            f"{file}: [tool.stepfile] has no setting {unknown[0]}", f"it has: {', '.join(SETTINGS)}"
        )
    modules: TomlValue = settings.get("activities", [])
    if not isinstance(modules, list) or not all(isinstance(module, str) for module in modules):
        raise ProjectProblem(
            f"{file}: [tool.stepfile] activities must be a list of module names",
            'activities = ["shop.activities"]',
        )
    http, secrets = (_get_table(settings, name, file) for name in ("http", "secrets"))
    try:
        return Project(tuple(modules), HttpSettings.read(http), SecretSettings.read(secrets, file.parent))
    except HttpSettingsProblem as error:
        raise ProjectProblem(f"{file}: [tool.stepfile.http] {error}") from None
    except SecretSettingsProblem as error:
        raise ProjectProblem(f"{file}: [tool.stepfile.secrets] {error}") from None


def _get_table(settings: Mapping[str, Any], name: str, file: Path) -> dict[str, Any]:
    table: TomlValue = settings.get(name, {})
    if not isinstance(table, dict):
        raise ProjectProblem(f"{file}: [tool.stepfile.{name}] must be a table")
    return table
