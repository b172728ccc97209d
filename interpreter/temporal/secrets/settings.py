"""The settings `[tool.stepfile.secrets]` of a project say where its workers find secrets."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

from dsl.expressions.secret_text import is_secret_name
from dsl.scalars.duration import parse_duration
from interpreter.temporal.problem import TemporalProblem
from interpreter.temporal.references import SettingProblem, load_object
from interpreter.temporal.secrets.providers import EnvironmentSecrets, FileSecrets, SecretProvider

_REFERENCE = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*")


class SecretSettingsProblem(TemporalProblem, ValueError):
    """The settings are wrong; the text says what was found, and what would be accepted."""


@dataclass(frozen=True, slots=True)
class SecretSettings:
    """A definition says which secrets it needs; the `SecretSettings` of the worker say where their values are."""

    provider: SecretProvider | str = field(default_factory=EnvironmentSecrets)
    """Looks them up. A text names it in a module: `shop.vault:read_secret`."""
    cache: timedelta = timedelta(seconds=10)
    """How long a value is kept before the provider is asked again. A rotated secret is used after that time."""
    refuse_in_results: bool = False
    """Whether an activity fails whose result holds the value of a secret."""
    allow: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    """Name of a secret → the activities, and for `http` the hosts, that may get it. A secret that is not named here
    may be given to all of them."""

    def load_provider(self) -> SecretProvider:
        """Return the provider, imported if the settings name it.

        Raises:
            SecretSettingsProblem: it can't be imported, or can't be called.
        """
        if not isinstance(self.provider, str):
            return self.provider
        try:
            found = load_object(self.provider)
        except SettingProblem as error:
            raise SecretSettingsProblem(f"provider {error.message}", error.hint) from error
        if not callable(found):
            raise SecretSettingsProblem(
                f'provider names "{self.provider}", which is {type(found).__name__} and can\'t be called',
                "it is a function that takes the name of a secret and returns its value or None",
            )
        return cast("SecretProvider", found)

    @staticmethod
    def read(table: Mapping[str, Any], folder: Path) -> SecretSettings:
        """Read the settings from a table of TOML.

        Args:
            table: The settings.
            folder: What relative paths are relative to.

        Raises:
            SecretSettingsProblem: a setting is unknown, has a value that it can't have, or can't be imported.
        """
        for name in table:
            if name not in _READERS:
                raise SecretSettingsProblem(
                    f"{name} is not a setting of secrets; the settings are {', '.join(sorted(_READERS))}"
                )
        read = {name: _READERS[name](value) for name, value in table.items()}
        files = read.pop("files", None)
        if files is not None:
            if "provider" in read:
                raise SecretSettingsProblem("secrets come from files or from a provider: set one of the two")
            read["provider"] = FileSecrets(folder / files)
        settings = SecretSettings(**read)
        settings.load_provider()  # what can't be imported is a mistake of the settings, and said with their place
        return settings


def _read_files(value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise SecretSettingsProblem(f'files must be a folder such as "/run/secrets", found {value!r}')
    return value


def _read_provider(value: Any) -> str:
    if not isinstance(value, str) or not _REFERENCE.fullmatch(value):
        raise SecretSettingsProblem(
            f'provider must name a function in a module, such as "shop.vault:read_secret", found {value!r}'
        )
    return value


def _read_cache(value: Any) -> timedelta:
    try:
        return parse_duration(value if isinstance(value, str) else "")
    except ValueError:
        raise SecretSettingsProblem(f'cache must be a duration such as "10s", found {value!r}') from None


def _read_switch(value: Any) -> bool:
    if not isinstance(value, bool):
        raise SecretSettingsProblem(f"refuse_in_results must be true or false, found {value!r}")
    return value


def _read_allowed(value: Any) -> dict[str, tuple[str, ...]]:
    if not isinstance(value, dict):
        raise SecretSettingsProblem(f"allow must be a table, found {value!r}")
    return {name: _read_list(name, each) for name, each in cast("Mapping[str, Any]", value).items()}


def _read_list(name: str, value: Any) -> tuple[str, ...]:
    listed = cast("Sequence[Any]", value) if isinstance(value, list) else ()
    if not is_secret_name(name) or not isinstance(value, list) or not all(isinstance(e, str) for e in listed):
        raise SecretSettingsProblem(
            "allow must have the names of secrets, each with a list of activities and hosts, such as "
            f'API_KEY = ["charge_card", "api.example.com"]; found {name} = {value!r}'
        )
    return tuple(listed)


_READERS: Mapping[str, Callable[[Any], Any]] = {
    "files": _read_files,
    "provider": _read_provider,
    "cache": _read_cache,
    "refuse_in_results": _read_switch,
    "allow": _read_allowed,
}
