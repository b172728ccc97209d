"""The settings `[tool.stepfile.http]` of a project say what its workers allow `http` steps to do."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, fields
from datetime import date, datetime, time, timedelta
from ipaddress import ip_address, ip_network
from typing import Any, TypeAlias

from dsl.scalars.duration import parse_duration

TomlValue: TypeAlias = bool | int | float | str | datetime | date | time | list[Any] | dict[str, Any]
"""A value of a TOML file, whose kind has not been checked."""

MAXIMUM_RESPONSE_SIZE = 1_900_000
"""How many bytes `max_response_size` may be; a larger result could not be sent to the Temporal server."""


def name_place(setting: str) -> str:
    """Name a setting for those who have to change it, and where it stands."""
    return f"{setting} in [tool.stepfile.http] of the worker's pyproject.toml, or in the HttpSettings of its code"


_HOST = re.compile(r"(\*\.)?[a-z0-9_]([a-z0-9_.-]*[a-z0-9_])?")


class HttpSettingsProblem(ValueError):
    """The settings are wrong; the text says what was found, and what would be accepted."""


@dataclass(frozen=True, slots=True)
class HttpSettings:
    """The definition says where a request goes; the `HttpSettings` of the worker say whether it may go there."""

    allow_hosts: tuple[str, ...] | None = None
    """The names of the allowed hosts; `*.example.com` allows all names below one. None allows every public host."""
    allow_private: tuple[str, ...] = ()
    """Hosts, addresses and networks (`10.0.0.0/8`) that are allowed although they are not public.

    A host that is named here is allowed whatever address it resolves to.
    """
    max_response_size: int = 1_048_576
    """How many bytes the body of a response may have."""
    maximum_retry_after: timedelta = timedelta(hours=1)
    """The longest wait that a server may ask for."""

    @staticmethod
    def read(table: Mapping[str, TomlValue]) -> HttpSettings:
        """Read the settings from a table of TOML.

        Raises:
            HttpSettingsProblem: a setting is unknown, or has a value that it can't have.
        """
        known = [field.name for field in fields(HttpSettings)]
        for name in table:
            if name not in known:
                raise HttpSettingsProblem(
                    f"{name} is not a setting of http; the settings are {', '.join(sorted(known))}"
                )
        return HttpSettings(**{name: _READERS[name](name, value) for name, value in table.items()})


def _read_hosts(name: str, value: TomlValue) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(item, str) and item for item in value):
        raise HttpSettingsProblem(
            f'{name} must be a list of host names such as ["api.example.com"], found {value!r}'
        )
    return tuple(_read_host(name, item) for item in value)


def _read_private(name: str, value: TomlValue) -> tuple[str, ...]:
    if not isinstance(value, list):
        return _read_hosts(name, value)
    return tuple(
        _read_network(name, item) if isinstance(item, str) and "/" in item else _read_hosts(name, [item])[0]
        for item in value
    )


def _read_network(name: str, text: str) -> str:
    try:
        return str(ip_network(text))
    except ValueError as error:
        raise HttpSettingsProblem(f"{name}: {error}") from None


def _read_host(name: str, text: str) -> str:
    """Return a host as it is compared: in lower case, and an international name as it is sent (`xn--...`)."""
    host = text.lower()
    if not host.isascii():
        from httpx import URL, InvalidURL  # the requests are encoded by httpx, too

        with suppress(InvalidURL):
            host = (
                host[: 2 * host.startswith("*.")]
                + URL(f"http://{host.removeprefix('*.')}/").raw_host.decode()
            )
    if not _HOST.fullmatch(host) and not _is_address(host):
        raise HttpSettingsProblem(
            f'{name} has {text!r}, which is not a host: write "api.example.com", without scheme or port'
        )
    return host


def _is_address(text: str) -> bool:
    try:
        return bool(ip_address(text))
    except ValueError:
        return False


def _read_size(name: str, value: TomlValue) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value <= MAXIMUM_RESPONSE_SIZE:
        raise HttpSettingsProblem(
            f"{name} must be a number of bytes from 1 to {MAXIMUM_RESPONSE_SIZE:,}, found {value!r}"
        )
    return value


def _read_duration(name: str, value: TomlValue) -> timedelta:
    try:
        return parse_duration(value if isinstance(value, str) else "")
    except ValueError:
        raise HttpSettingsProblem(f'{name} must be a duration such as "10m", found {value!r}') from None


_READERS: Mapping[str, Callable[[str, TomlValue], Any]] = {
    "allow_hosts": _read_hosts,
    "allow_private": _read_private,
    "max_response_size": _read_size,
    "maximum_retry_after": _read_duration,
}
