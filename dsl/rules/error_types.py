"""An error type that comes close to a built-in one is probably meant to be that.

Anyone may give errors any type, so no name is certainly wrong. But a clause for a misspelt type never holds, and
nothing else tells so.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from dsl.definition.walk import walk
from dsl.model import Common, Definition, RaiseStep
from dsl.problems.names import report_unknown
from dsl.problems.problem import At, Problem
from dsl.problems.suggest import find_misspelt
from dsl.rules.retries import find_policies
from dsl.scalars.error_types import BUILT_IN, FAMILIES, FINAL, HTTP
from dsl.source.map import Path

_KNOWN = (*BUILT_IN, *FINAL, *FAMILIES, *HTTP)


def check_error_types(definition: Definition) -> Iterator[Problem]:
    """Warn of types that look like built-in ones, unless a step of the definition raises them."""
    raised = [
        placed.step.raise_.type.source for placed in walk(definition) if isinstance(placed.step, RaiseStep)
    ]
    for name, path, at in _find_names(definition):
        meant = None if name in raised or name in _KNOWN else _find_meant(name)
        if meant is not None:
            message = f'there is no built-in error type "{name}"'
            hint = "if errors of your own have this type, leave it as it is"
            problem = report_unknown("unknown-error-type", message, name, [meant], path, hint=hint, at=at)
            yield replace(problem, severity="warning")


def _find_meant(name: str) -> str | None:
    family, dot, rest = name.partition(".")
    if dot and family not in FAMILIES and (meant := find_misspelt(family, FAMILIES)):
        return find_misspelt(f"{meant}.{rest}", _KNOWN) or f"{meant}.{rest}"
    return find_misspelt(name, _KNOWN)


def _find_names(definition: Definition) -> Iterator[tuple[str, Path, At]]:
    """Find where error types are named. What other rules say of the family `Timeout` is left to them."""
    for each in (*_find_caught(definition), *_find_retried(definition)):
        if not each[0].startswith("Timeout."):
            yield each
    for name, breaker in definition.circuit_breakers.items():
        for key in ("ignore_error_types", "record_error_types"):
            yield from _list_names(getattr(breaker, key), ("circuit_breakers", name, key))


def _find_caught(definition: Definition) -> Iterator[tuple[str, Path, At]]:
    for placed in walk(definition):
        for index, clause in enumerate(placed.step.catch if isinstance(placed.step, Common) else ()):
            yield from _list_names(clause.errors, (*placed.path, "catch", index, "errors"))


def _find_retried(definition: Definition) -> Iterator[tuple[str, Path, At]]:
    for policy, path in find_policies(definition):
        yield from _list_names(policy.non_retryable_error_types or (), (*path, "non_retryable_error_types"))
        for name in policy.by_error:
            yield name, (*path, "by_error", name), "key"


def _list_names(names: tuple[str, ...], path: Path) -> Iterator[tuple[str, Path, At]]:
    for index, name in enumerate(names):
        yield name, (*path, index), "value"
