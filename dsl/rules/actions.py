"""What single actions ask for beyond their form."""

from __future__ import annotations

from collections.abc import Iterator

from dsl.expressions import Template
from dsl.model import ActivityAction, Definition, HttpAction, HttpRequest, RaiseStep, ReturnStep
from dsl.problem import Problem
from dsl.source import Path
from dsl.walk import walk


def check_actions(definition: Definition) -> Iterator[Problem]:
    for placed in walk(definition):
        match placed.step:
            case ActivityAction(args=args) if args is not None and args.source is None:
                yield Problem(
                    "empty-value",
                    '"args" is empty',
                    (*placed.path, "args"),
                    hint="leave the key out for no arguments, or write [null] to pass null",
                )
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
    yield from _unreachable(definition.steps, ("steps",))


def _unreachable(steps: tuple[object, ...], path: Path) -> Iterator[Problem]:
    """A step after an unconditional `return` or `raise` of the same list never runs."""
    for index, step in enumerate(steps[:-1]):
        if isinstance(step, ReturnStep | RaiseStep) and step.when is None:
            yield Problem(
                "unreachable-step",
                f"this step never runs: the step before it always ends with {step.kind}",
                (*path, index + 1),
                hint=f'give the {step.kind} step a "when", or remove what follows it',
                severity="warning",
                at="value",
            )
            return
