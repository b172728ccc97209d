"""Expressions: what they name exists, and has run before they are evaluated."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass, replace

from dsl.expressions import Scope, TemplateProblem, check
from dsl.expressions.scope import Visibility
from dsl.model import (
    ActivityCompensation,
    ActivityStep,
    BlockCompensation,
    BlockStep,
    Compensation,
    Definition,
    OnFailure,
    Step,
)
from dsl.problem import Problem
from dsl.sites import Site, sites
from dsl.source import Path
from dsl.walk import walk

EVERYWHERE = ("input", "vars", "steps", "run")


@dataclass(frozen=True, slots=True)
class _View:
    """What can be seen from one place."""

    steps: Mapping[str, Visibility]
    names: tuple[str, ...] = EVERYWHERE

    def having(self, *names: str) -> _View:
        return replace(self, names=(*self.names, *names))

    def after(self, step: Step, inside: _View) -> _View:
        """What the steps behind `step` see of it, and of what has run inside it."""
        new: dict[str, Visibility] = {
            name: seen for name, seen in inside.steps.items() if self.steps[name] != seen
        }
        if step.id is not None:
            new[step.id] = "ran"
        if step.when is not None:
            new = dict.fromkeys(new, "maybe")
        return replace(self, steps={**self.steps, **new})

    def unsure(self) -> _View:
        """After a failure: any step that the whole run comes to may have run."""
        reached = [name for name, seen in self.steps.items() if seen != "later"]
        return replace(self, steps={**self.steps, **dict.fromkeys(reached, "maybe")})


Following = Generator[Problem, None, _View]
"""Yields problems, returns what can be seen afterwards."""


def check_expressions(definition: Definition) -> Iterator[Problem]:
    """Follow the order of execution, and know at each place which steps have run."""
    flow = _Flow(definition)
    start = _View(dict.fromkeys(_ids(definition), "later"))
    end = yield from flow.steps(definition.steps, ("steps",), start)
    for site in sites(definition, ()):
        match site.path[0]:
            case "output":
                yield from flow.check(site, end)
            case "on_failure":
                pass
            case _:
                yield from flow.check(site, start)
    if definition.on_failure is not None:
        yield from flow.on_failure(definition.on_failure, end.unsure().having("error"))


class _Flow:
    def __init__(self, definition: Definition) -> None:
        self.vars = tuple(definition.vars)
        self.schemas = {} if definition.input is None else {"input": definition.input}

    def steps(self, steps: tuple[Step, ...], path: Path, view: _View) -> Following:
        for index, step in enumerate(steps):
            view = yield from self.step(step, (*path, index), view)
        return view

    def step(self, step: Step, path: Path, view: _View) -> Following:
        inside = view
        if isinstance(step, BlockStep):
            inside = yield from self.steps(step.steps, (*path, "steps"), view)
        for site in sites(step, path):
            seen = inside if site.path == (*path, "result") else view
            yield from self.check(site, seen.having("step"))
        if isinstance(step, ActivityStep | BlockStep) and step.compensate is not None:
            yield from self.compensation(step.compensate, (*path, "compensate"), inside)
        return view.after(step, inside)

    def compensation(self, step: Compensation, path: Path, view: _View) -> Iterator[Problem]:
        view = view.having("step", "result")
        for site in sites(step, path):
            yield from self.check(site, view)
        if isinstance(step, BlockCompensation):
            yield from self.steps(step.steps, (*path, "steps"), view)

    def on_failure(self, on_failure: OnFailure, view: _View) -> Iterator[Problem]:
        path: Path = ("on_failure",)
        view = yield from self.steps(on_failure.steps, (*path, "steps"), view)
        for site in sites(on_failure, path):
            yield from self.check(site, view)

    def check(self, site: Site, view: _View) -> Iterator[Problem]:
        scope = Scope(names=view.names, steps=view.steps, schemas=self.schemas, vars=self.vars)
        found = check(site.template, scope, expect_boolean=site.condition)
        yield from (_problem(one, site.path) for one in (*site.template.problems, *found))


def _problem(found: TemplateProblem, path: Path) -> Problem:
    return Problem(
        found.error.code,
        found.error.message,
        (*path, *found.path_inside),
        hint=found.error.hint,
        severity=found.severity,
        within=found.error.span,
    )


def _ids(definition: Definition) -> Iterator[str]:
    for placed in walk(definition):
        step = placed.step
        if not isinstance(step, ActivityCompensation | BlockCompensation) and step.id is not None:
            yield step.id
