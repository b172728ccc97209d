"""Definitions that name the same shared circuit breaker mean the same settings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dsl.model import CircuitBreaker, Definition
from dsl.problems.problem import Problem


def check_breakers_of_files(files: Sequence[tuple[str, Definition]]) -> Iterator[tuple[str, Problem]]:
    """Warn of a shared breaker that has other settings in another file.

    Args:
        files: The name of each file, and its definition.

    Yields:
        The name of a file, and a problem of its definition.
    """
    first: dict[str, tuple[str, CircuitBreaker]] = {}
    for file, definition in files:
        for name, breaker in definition.circuit_breakers.items():
            if breaker.scope != "shared":
                continue
            other, settings = first.setdefault(name, (file, breaker))
            if settings == breaker:
                continue
            names = [
                each
                for each in type(breaker).model_fields
                if getattr(breaker, each) != getattr(settings, each)
            ]
            yield (
                file,
                Problem(
                    "different-breaker",
                    f'the shared circuit breaker "{name}" has other settings in {other}: {", ".join(names)}',
                    ("circuit_breakers", name),
                    hint="runs of both have one breaker, and the settings of the run that began last hold; give both "
                    "the same settings, or one of them another name",
                    severity="warning",
                    at="key",
                ),
            )
