"""The error types of `catch` exist, and each clause can get an error."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from dsl.definition.walk import walk
from dsl.expressions.scope import PLACES
from dsl.model import CatchClause, Common, Definition
from dsl.problems.names import report_unknown
from dsl.problems.problem import Problem, Related
from dsl.problems.wording import join_listed
from dsl.scalars.error_types import BUILT_IN, matches
from dsl.source.map import Path

RESERVED = tuple(name for name in PLACES if name != "error")


def check_catch(definition: Definition) -> Iterator[Problem]:
    """Check the clauses of each `catch`, and `on_failure`."""
    on_failure = definition.on_failure
    if on_failure is not None and not on_failure.model_fields_set:
        yield Problem(
            "no-effect",
            '"on_failure" has neither steps nor a result',
            ("on_failure",),
            hint="give it steps, result or both",
            at="key",
        )
    for placed in walk(definition):
        if not isinstance(placed.step, Common):
            continue
        before: dict[int, CatchClause] = {}
        for index, clause in enumerate(placed.step.catch):
            path: Path = (*placed.path, "catch", index)
            yield from _check_types(clause, path)
            if clause.as_ in RESERVED:
                yield Problem(
                    "bad-name",
                    f'"{clause.as_}" is a reserved name',
                    (*path, "as"),
                    hint=f"choose another name; reserved: {join_listed(RESERVED)}",
                )
            yield from _check_reachable(clause, before, path)
            before[index] = clause


def _check_types(clause: CatchClause, path: Path) -> Iterator[Problem]:
    for index, name in enumerate(clause.errors):
        here = (*path, "errors", index)
        family = name.split(".")[0]
        if name.startswith("TemporalTimeout"):
            hint = f"write one of {join_listed(known for known in BUILT_IN if known.startswith('Timeout'))}"
            yield Problem(
                "bad-value", f'"{name}" is a name of Temporal, not of an error type', here, hint=hint
            )
        elif family == "Timeout" and name not in BUILT_IN:
            known = [each for each in BUILT_IN if each.split(".")[0] == family]
            message = f'there is no error type "{name}"'
            hint = "the types of this family: {known}"
            yield report_unknown("unknown-error-type", message, name, known, here, hint=hint)


def _check_reachable(clause: CatchClause, before: Mapping[int, CatchClause], path: Path) -> Iterator[Problem]:
    taken = {
        wanted: index for index, one in before.items() if one.when is None for wanted in reversed(one.errors)
    }
    if all(any(matches(each, name) for each in taken) for name in clause.errors):
        earlier = next(each for each in taken if matches(each, clause.errors[0]))
        yield Problem(
            "unreachable-clause",
            f'this clause never gets an error: an earlier clause takes "{earlier}"',
            path,
            hint="put the more specific clause first",
            severity="warning",
            related=Related("the clause that takes it", (*path[:-1], taken[earlier])),
        )
