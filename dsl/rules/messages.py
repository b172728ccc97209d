"""Signals, updates and queries are declared, and steps wait for messages that can come."""

from __future__ import annotations

from collections.abc import Iterator

from dsl.definition.messages import list_names
from dsl.definition.walk import Placed, walk
from dsl.model import Awaited, DeadlineStep, Definition, WaitForStep
from dsl.problems.names import SIGNALS, find_meant, report_unused
from dsl.problems.problem import Problem, Related
from dsl.source.map import Path

BUILT_IN_QUERY = "status"
TEMPORAL_PREFIX, OWN_PREFIX = "__", "stepfile:"


def check_messages(definition: Definition) -> Iterator[Problem]:
    """Check what steps wait for, and what is declared."""
    awaited: set[str] = set()
    declared = (*definition.signals, *definition.updates)
    for placed in walk(definition):
        if isinstance(placed.step, WaitForStep):
            path = (*placed.path, "wait_for")
            yield from _check_form(placed.step.wait_for, path)
            yield from _check_shielded(placed, placed.step)
            for name, where in list_names(placed.step.wait_for, path):
                awaited.add(find_meant(name, declared))
                if name not in declared:
                    yield SIGNALS.report_unknown(name, declared, where)
    yield from _check_declared(definition, awaited)


def _check_form(awaited: Awaited, path: Path) -> Iterator[Problem]:
    said = [key for key in ("signal", "any", "all") if key in awaited.model_fields_set]
    if not said:
        yield Problem(
            "missing-key",
            '"wait_for" must say what it waits for',
            path,
            hint="give it one of signal, any, all",
            at="key",
        )
    elif len(said) > 1:
        yield Problem(
            "two-conditions",
            f'"wait_for" has only one of signal, any, all; found {" and ".join(said)}',
            (*path, said[1]),
            hint="make them two steps",
            at="key",
        )
    for key in ("any", "all"):
        names = getattr(awaited, key)
        for index, name in enumerate(names):
            if name in names[:index]:
                first = Related("the first of the two", (*path, key, names.index(name)))
                yield Problem(
                    "duplicate-name", f'"{name}" stands here twice', (*path, key, index), related=first
                )


def _check_shielded(placed: Placed, step: WaitForStep) -> Iterator[Problem]:
    """Warn of a wait that has no end where no cancellation comes through."""
    if placed.place != "finally" and placed.undoes is None:
        return
    bounds = [each.timeouts for each in (*placed.around, step) if isinstance(each, DeadlineStep)]
    if step.wait_for.timeout is None and not any(each is not None and each.deadline for each in bounds):
        yield Problem(
            "endless-wait",
            "a cancellation can't interrupt this wait: without the message the run never ends",
            (*placed.path, "wait_for"),
            hint="give it a timeout",
            severity="warning",
            at="key",
        )


def _check_declared(definition: Definition, awaited: set[str]) -> Iterator[Problem]:
    for name in definition.signals:
        if name not in awaited:
            yield SIGNALS.report_unused(name, ("signals", name))
    for name, update in definition.updates.items():
        if name not in awaited and not (update.set or update.until or update.result):
            yield report_unused(
                "unused-signal",
                f'the update "{name}" has no effect',
                ("updates", name),
                hint="wait for it with wait_for, or give it set, until or result",
            )
        if name in definition.signals:
            yield Problem(
                "duplicate-name",
                f'"{name}" is the name of a signal, too',
                ("updates", name),
                hint="give one of them another name: wait_for could not tell them apart",
                at="key",
                related=Related("the signal", ("signals", name), at="key"),
            )
    for kind in ("signals", "updates", "queries"):
        for name in getattr(definition, kind):
            if name.startswith((TEMPORAL_PREFIX, OWN_PREFIX)) or (
                kind == "queries" and name == BUILT_IN_QUERY
            ):
                yield Problem(
                    "bad-name",
                    f'"{name}" is a reserved name',
                    (kind, name),
                    hint=f'reserved: the query "{BUILT_IN_QUERY}", and all names that begin with "{TEMPORAL_PREFIX}" '
                    f'or "{OWN_PREFIX}"',
                    at="key",
                )
