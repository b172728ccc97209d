"""Some actions ask for more than their form can express."""

from __future__ import annotations

from collections.abc import Iterator

from dsl.definition.walk import Placed, find_activity_calls, find_child_calls, walk
from dsl.expressions import Template
from dsl.model import Definition, RaiseStep, ReturnStep, SignalStep
from dsl.problems.problem import Problem, Related
from dsl.source.map import Path


def check_actions(definition: Definition) -> Iterator[Problem]:
    """Check the arguments of calls, the places of `return`, and steps that never run."""
    for args, path in _find_arguments(definition):
        if args is not None and args.source is None:
            yield Problem(
                "empty-value",
                '"args" is empty',
                path,
                hint="leave the key out to pass no arguments, or write [null] to pass null",
            )
    for placed in walk(definition):
        if isinstance(placed.step, ReturnStep):
            yield from _check_return(placed)
    yield from _check_reachable(definition)


def _check_return(placed: Placed) -> Iterator[Problem]:
    if placed.undoes is not None:
        message = "a compensation can't end the run"
        hint = "use on_failure.result for the result of a run that was undone"
    elif placed.place == "finally":
        message = "finally can't change how the run ends"
        hint = "put the return among the steps of the run, into catch or into on_failure"
    else:
        return
    yield Problem("misplaced-action", message, (*placed.path, "return"), hint=hint, at="key")


def _find_arguments(definition: Definition) -> Iterator[tuple[Template | None, Path]]:
    for call, path in find_activity_calls(definition):
        yield call.args, (*path, "args")
    for child, path in find_child_calls(definition):
        yield child.args, (*path, "args")
    for placed in walk(definition):
        if isinstance(placed.step, SignalStep):
            yield placed.step.signal.args, (*placed.path, "signal", "args")


def _check_reachable(definition: Definition) -> Iterator[Problem]:
    """Warn of a step after an unconditional `return` or `raise` in the same list: it never runs."""
    ended: dict[Path, tuple[Path, str]] = {}
    for placed in walk(definition):
        step, (*inside, _) = placed.step, placed.path
        if tuple(inside) in ended:
            where, ends = ended.pop(tuple(inside))
            yield Problem(
                "unreachable-step",
                f"this step never runs: the step before it always ends with {ends}",
                placed.path,
                hint=f'give the {ends} step a "when", or remove what follows it',
                severity="warning",
                at="value",
                related=Related(f"the {ends}", (*where, ends), at="key"),
            )
        elif isinstance(step, ReturnStep | RaiseStep) and step.when is None and not step.catch:
            ended[tuple(inside)] = placed.path, step.kind
