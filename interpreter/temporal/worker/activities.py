"""The user's activities: ordinary `@activity.defn` functions, found in the modules that the project names."""

from __future__ import annotations

import importlib
import inspect
import traceback
from collections.abc import Callable, Iterable, Sequence
from types import CodeType
from typing import Any

from temporalio import activity
from temporalio.common import RawValue
from temporalio.exceptions import ApplicationError

from dsl.rules.activities import Catalogue, Signature
from interpreter.temporal.problem import TemporalProblem
from interpreter.temporal.wire.current_header import current_header
from interpreter.temporal.worker.argument_types import describe_argument_types
from interpreter.temporal.worker.hidden_packages import OWN_NAMES, HiddenPackage, find_hidden_package
from interpreter.temporal.worker.letters import LetterActivities

Activity = Callable[..., Any]


class ActivitiesProblem(TemporalProblem):
    """The activities can't be imported."""


def load_activities(modules: Sequence[str]) -> list[Activity]:
    """Import modules and collect what they decorate with `@activity.defn`, in order of their names.

    Raises:
        ActivitiesProblem: a module can't be imported, has no activity, or two activities share a name; or the project
            has a package with the name of one of Stepfile's.
    """
    refuse_hidden_packages()
    found: dict[str, Activity] = {}
    for module in modules:
        members = _find_activities(module)
        if not members:
            raise ActivitiesProblem(
                f"module {module} has no activities", "decorate functions with @activity.defn of temporalio"
            )
        for function in members:
            name = get_activity_name(function) or ""
            if found.setdefault(name, function) is not function:
                raise ActivitiesProblem(f'two activities are called "{name}"', f"one is in module {module}")
    return list(found.values())


def refuse_hidden_packages() -> None:
    """Check that Stepfile's packages hide none of the project's.

    Raises:
        ActivitiesProblem: they hide one.
    """
    hidden = find_hidden_package()
    if hidden is not None:
        raise _describe_hidden(hidden)


def build_catalogue(activities: Iterable[Activity], *, letters_database: bool = False) -> Catalogue:
    """Describe what the rules need to know of activities.

    Args:
        activities: Those of the workers.
        letters_database: Whether the workers have a database of letters, and so an activity that writes into it.
    """
    if letters_database:
        activities = [*activities, LetterActivities(None).write_letter]
    signatures: dict[str, Signature] = {}
    dynamic = False
    for function in activities:
        name = get_activity_name(function)
        if name is None:
            dynamic = True
        else:
            signatures[name] = _describe_signature(function)
    return Catalogue(signatures, dynamic)


def read_signature(function: Callable[..., Any]) -> inspect.Signature:
    """The parameters of an activity, annotations that were kept as text (PEP 563) included."""
    try:
        return inspect.signature(function, eval_str=True)
    except Exception:  # a name that exists for type checkers only
        return inspect.signature(function)


def get_activity_name(function: Activity) -> str | None:
    """The name under which Temporal knows it; None for a dynamic activity."""
    name: str | None = function.__temporal_activity_definition.name  # type: ignore[attr-defined]
    return name


@activity.defn(dynamic=True)
async def refuse_unknown_activity(args: Sequence[RawValue]) -> None:
    """Takes every call that no activity of this worker answers to: without it the server would retry for ever.

    A compensation is retried all the same: it waits for a worker that has the activity.
    """
    header = current_header()
    raise ApplicationError(
        f"no activity {activity.info().activity_type} on the worker of task queue {activity.info().task_queue}",
        type="ActivityNotRegistered",
        non_retryable=header is None or not header.undoes,
    )


def _find_activities(module: str) -> list[Activity]:
    try:
        members = vars(importlib.import_module(module))
    except SyntaxError as error:  # an IndentationError is one, too
        where = f"{error.filename}:{error.lineno}: " if error.filename else ""
        raise ActivitiesProblem(
            f"can't import {module}: {where}{type(error).__name__}: {error.msg}",
            "this line is not Python, or it is not indented as the lines around it",
        ) from error
    except Exception as error:
        raise _describe_failed_import(module, error) from error
    return [member for member in members.values() if hasattr(member, "__temporal_activity_definition")]


def _describe_failed_import(module: str, error: Exception) -> ActivitiesProblem:
    message = f"can't import {module}: {type(error).__name__}: {error}"
    if not isinstance(error, ImportError):
        place = traceback.extract_tb(error.__traceback__)[-1]
        return ActivitiesProblem(message, f"it was raised at {place.filename}:{place.lineno}")
    if isinstance(error, ModuleNotFoundError) and (error.name or "").partition(".")[0] in OWN_NAMES:
        hidden = find_hidden_package(namespaces=True)
        if hidden is not None:
            return _describe_hidden(hidden)
    return ActivitiesProblem(
        message, "modules are looked for in the project's folder and in what is installed beside stepfile"
    )


def _describe_hidden(hidden: HiddenPackage) -> ActivitiesProblem:
    return ActivitiesProblem(
        str(hidden), f"rename yours; Stepfile needs the names {', '.join(OWN_NAMES)} for itself"
    )


def _describe_signature(function: Activity) -> Signature:
    signature = read_signature(function)
    parameters = list(signature.parameters.values())
    positional = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    required = sum(p.default is p.empty for p in positional)
    unbounded = any(p.kind is p.VAR_POSITIONAL for p in parameters)
    return Signature(
        str(signature),
        required,
        None if unbounded else len(positional),
        describe_argument_types(function, signature),
        _sends_heartbeats(inspect.unwrap(function)),
    )


def _sends_heartbeats(function: Callable[..., Any]) -> bool:
    """Whether the code itself names a heartbeat; what it calls is not looked at."""
    waiting = [getattr(function, "__code__", None)]
    while waiting:
        code = waiting.pop()
        if isinstance(code, CodeType):
            if "heartbeat" in code.co_names:
                return True
            waiting.extend(code.co_consts)  # the functions inside are among the constants
    return False
