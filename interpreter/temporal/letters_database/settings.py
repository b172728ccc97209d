"""The setting `letters_database` of a project says which database keeps letters."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from interpreter.temporal.letters_database.problem import LettersDatabaseProblem
from interpreter.temporal.references import SettingProblem

_EXAMPLE = 'letters_database = "sqlite:///letters.db"'
_NAMES = "url_variable, url_file"


@dataclass(frozen=True, slots=True)
class DatabaseSettings:
    """Where the URL of the database stands, and which folder a relative path in it starts from."""

    read_url: Callable[[], str]
    """Returns the URL. It raises a `LettersDatabaseProblem` if there is none."""
    folder: Path


def read_database_settings(value: Any, folder: Path) -> DatabaseSettings:
    """Read the setting; the URL itself is not read before it is needed.

    Args:
        value: A text is the URL. A table names where the URL stands, because it may hold a password.
        folder: The folder of the project.

    Raises:
        SettingProblem: it has another form.
    """
    if isinstance(value, str) and value:
        return DatabaseSettings(lambda: value, folder)
    if not isinstance(value, dict):
        raise SettingProblem(f"must be the URL of a database, found {value!r}", _EXAMPLE)
    table = cast("Mapping[str, Any]", value)
    for name in table:
        if name not in _READERS:
            raise SettingProblem(f"has no setting {name}", f"it has one of: {_NAMES}")
    if len(table) != 1:
        raise SettingProblem(f"must have exactly one of: {_NAMES}", 'url_variable = "LETTERS_DATABASE_URL"')
    [(name, place)] = table.items()
    if not isinstance(place, str) or not place:
        raise SettingProblem(f"{name} must be text, found {place!r}", 'url_variable = "LETTERS_DATABASE_URL"')
    return DatabaseSettings(_READERS[name](place, folder), folder)


def _read_variable(name: str, _: Path) -> Callable[[], str]:
    def read() -> str:
        url = os.environ.get(name, "").strip()
        if not url:
            raise LettersDatabaseProblem(
                f"the environment variable {name}, which holds the URL of the letters database, is not set",
                f"{name}=postgresql://USER:PASSWORD@HOST/DATABASE",
            )
        return url

    return read


def _read_file(path: str, folder: Path) -> Callable[[], str]:
    place = folder / path

    def read() -> str:
        try:
            url = place.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise LettersDatabaseProblem(
                f"{place}, which holds the URL of the letters database, can't be read: {error}"
            ) from None
        if not url:
            raise LettersDatabaseProblem(f"{place}, which holds the URL of the letters database, is empty")
        return url

    return read


_READERS: Mapping[str, Callable[[str, Path], Callable[[], str]]] = {
    "url_variable": _read_variable,
    "url_file": _read_file,
}
