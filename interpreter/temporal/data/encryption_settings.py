"""The table `[tool.stepfile.encryption]` of a project says where the keys come from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from interpreter.temporal.data.keys import KeySource, keys_from_environment, keys_from_file
from interpreter.temporal.references import SettingProblem, call_factory, load_object


def read_key_source(table: Mapping[str, Any], folder: Path) -> KeySource:
    """Read where the keys come from.

    Args:
        table: The settings, which have one of `keys_variable`, `keys_file` and `keys_function`.
        folder: The folder that the path of a file starts from.

    Raises:
        SettingProblem: a setting is unknown or wrong, or there is none or more than one.
    """
    names = ", ".join(_SOURCES)
    for name in table:
        if name not in _SOURCES:
            raise SettingProblem(f"has no setting {name}", f"it has one of: {names}")
    if len(table) != 1:
        raise SettingProblem(f"must have exactly one of: {names}", _EXAMPLE)
    [(name, value)] = table.items()
    if not isinstance(value, str) or not value:
        raise SettingProblem(f"{name} must be text, found {value!r}", _EXAMPLE)
    return _SOURCES[name](value, folder)


_EXAMPLE = 'keys_file = "/run/secrets/stepfile-keys"'


def _load_function(reference: str, _: Path) -> KeySource:
    function = load_object(reference)
    if not callable(function):
        raise SettingProblem(
            f'keys_function names "{reference}", which is no function', "it must return the keys by their ids"
        )
    return lambda: call_factory(reference, function)


_SOURCES: Mapping[str, Callable[[str, Path], KeySource]] = {
    "keys_variable": lambda name, _: keys_from_environment(name),
    "keys_file": lambda path, folder: keys_from_file(folder / path),
    "keys_function": _load_function,
}
