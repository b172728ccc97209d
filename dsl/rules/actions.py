"""What single actions ask for beyond their form."""

from __future__ import annotations

from collections.abc import Iterator

from dsl.definition.walk import find_activity_calls, walk
from dsl.expressions import Template
from dsl.model import Definition, HttpAction, HttpRequest, RaiseStep, ReturnStep, SignalStep
from dsl.problems.problem import Problem
from dsl.source.map import Path


def check_actions(definition: Definition) -> Iterator[Problem]:
    for args, path in _find_arguments(definition):
        if args is not None and args.source is None:
            yield Problem(
                "empty-value",
                '"args" is empty',
                path,
                hint="leave the key out for no arguments, or write [null] to pass null",
            )
    for placed in walk(definition):
        match placed.step:
            case ReturnStep() if placed.undoes is not None:
                yield Problem(
                    "misplaced-action",
                    "a compensation can't end the run",
                    (*placed.path, "return"),
                    hint="use on_failure.result for the result of a run that was undone",
                    at="key",
                )
            case ReturnStep() if placed.place == "finally":
                yield Problem(
                    "misplaced-action",
                    "finally can't change how the run ends",
                    (*placed.path, "return"),
                    hint="return from the steps themselves, from catch or from on_failure",
                    at="key",
                )
            case HttpAction(http=HttpRequest(json_=Template(), body=Template())):
                yield Problem(
                    "two-bodies",
                    "a request has one body: json or body",
                    (*placed.path, "http", "body"),
                    hint="leave one of them out",
                    at="key",
                )
    yield from _check_reachable(definition)


def _find_arguments(definition: Definition) -> Iterator[tuple[Template | None, Path]]:
    for call, path in find_activity_calls(definition):
        yield call.args, (*path, "args")
    for placed in walk(definition):
        if isinstance(placed.step, SignalStep):
            yield placed.step.signal.args, (*placed.path, "signal", "args")


def _check_reachable(definition: Definition) -> Iterator[Problem]:
    """A step after an unconditional `return` or `raise` of the same list never runs."""
    ended: dict[Path, str] = {}
    for placed in walk(definition):
        step, (*inside, _) = placed.step, placed.path
        ends = ended.get(tuple(inside))
        if ends is not None:
            yield Problem(
                "unreachable-step",
                f"this step never runs: the step before it always ends with {ends}",
                placed.path,
                hint=f'give the {ends} step a "when", or remove what follows it',
                severity="warning",
                at="value",
            )
            del ended[tuple(inside)]
        elif isinstance(step, ReturnStep | RaiseStep) and step.when is None and not step.catch:
            ended[tuple(inside)] = step.kind
