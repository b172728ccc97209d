"""A setting names an object of the project's code as `module:name`."""

from __future__ import annotations

import importlib
import traceback
from typing import Any

from interpreter.temporal.problem import TemporalProblem


class SettingProblem(TemporalProblem):
    """A setting can't be used. The message begins with a verb: the name of the setting stands before it."""


def load_object(reference: str) -> Any:
    """Import a module and return what it has under a name.

    Args:
        reference: `module:name`, such as `shop.data:converter`.

    Raises:
        SettingProblem: the reference has another form, the module can't be imported, or has no such name.
    """
    module_name, separator, name = reference.partition(":")
    if not (separator and module_name and name):
        raise SettingProblem(
            f'must name a module and a name in it, found "{reference}"', 'write it as "shop.data:converter"'
        )
    module = _import_module(module_name)
    if not hasattr(module, name):
        raise SettingProblem(f'names "{reference}", but the module {module_name} has no "{name}"')
    return getattr(module, name)


def call_factory(reference: str, factory: Any) -> Any:
    """Call a function of the project's code without arguments.

    Raises:
        SettingProblem: it has raised an error. A `TemporalProblem` explains itself, and is passed on.
    """
    try:
        return factory()
    except TemporalProblem:
        raise
    except Exception as error:
        raise SettingProblem(*_describe_error(f'names "{reference}", which has failed', error)) from error


def _import_module(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except TemporalProblem:
        raise
    except Exception as error:
        what = f"names the module {name}, which can't be imported"
        if isinstance(error, ImportError):
            hint = "modules are looked for in the project's folder and in what is installed beside stepfile"
            raise SettingProblem(f"{what}: {error}", hint) from error
        raise SettingProblem(*_describe_error(what, error)) from error


def _describe_error(what: str, error: Exception) -> tuple[str, str]:
    place = traceback.extract_tb(error.__traceback__)[-1]
    return f"{what}: {type(error).__name__}: {error}", f"it was raised at {place.filename}:{place.lineno}"
