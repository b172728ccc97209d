"""Expressions: what they name exists, and has run before they are evaluated."""

from __future__ import annotations

from collections.abc import Generator, Iterator

from dsl.expressions import Scope, TemplateProblem, check
from dsl.expressions.scope import FIELDS, Visibility
from dsl.model import (
    BlockCompensation,
    Common,
    Compensation,
    DeadLetter,
    Definition,
    ForEachStep,
    OnFailure,
    ParallelStep,
    RaceStep,
    RaiseStep,
    RepeatStep,
    ReturnStep,
    Step,
    SwitchStep,
    Undoable,
)
from dsl.problem import Problem
from dsl.sites import Site, clause_sites, sites
from dsl.source import Path
from dsl.walk import bodies, ids_in, walk

Names = tuple[str, ...]

EVERYWHERE: Names = ("input", "vars", "steps", "run")


Following = Generator[Problem, None, list[str]]
"""Yields problems; returns the ids of the steps that can be seen afterwards, and could not before."""


def check_expressions(definition: Definition) -> Iterator[Problem]:
    """Follow the order of execution, and know at each place which steps have run."""
    flow = _Flow(definition)
    top = list(sites(definition, ()))
    for site in top:
        if site.path[0] not in ("output", "on_failure", "updates", "queries"):
            yield from flow.check(site, EVERYWHERE)
    reached = yield from flow.steps(definition.steps, ("steps",), ())
    for site in top:
        if site.path[0] == "output":
            yield from flow.check(site, EVERYWHERE)
    flow.mark(reached, "maybe")  # at any time: nobody knows how far the run has come
    for site in top:
        if site.path[0] in ("updates", "queries"):
            yield from flow.check(site, (*EVERYWHERE, "payload") if site.path[0] == "updates" else EVERYWHERE)
    if definition.on_failure is not None:
        yield from flow.on_failure(definition.on_failure)
    yield from flow.steps(definition.finally_, ("finally",), ("error",))


class _Flow:
    def __init__(self, definition: Definition) -> None:
        self.vars = tuple(definition.vars)
        self.schemas = {} if definition.input is None else {"input": definition.input}
        self.seen: dict[str, Visibility] = dict.fromkeys(_ids(definition), "later")
        self.fields = dict(FIELDS)
        self.loops = frozenset(
            placed.step.id
            for placed in walk(definition)
            if isinstance(placed.step, ForEachStep) and placed.step.id is not None
        )

    def mark(self, ids: list[str], seen: Visibility) -> None:
        self.seen.update(dict.fromkeys(ids, seen))

    def steps(self, steps: tuple[Step, ...], path: Path, names: Names) -> Following:
        reached: list[str] = []
        for index, step in enumerate(steps):
            reached += yield from self.step(step, (*path, index), names)
        return reached

    def step(self, step: Step, path: Path, names: Names) -> Following:
        here = (*EVERYWHERE, *names, "step")
        own = list(sites(step, path))
        inside = names_inside(step)

        for site in own:
            if _key(site, path) not in _AFTER:
                more = inside if _key(site, path) in _IN_THE_LOOP else _message(site, path)
                yield from self.check(site, (*here, *more))
        reached = yield from self.action(step, path, names)
        for site in own:
            if _key(site, path) in _AFTER:
                yield from self.check(site, (*here, *inside))
        if isinstance(step, ForEachStep | RepeatStep):
            self.mark(reached, "elsewhere")
            reached = []
        if isinstance(step, Undoable) and step.compensate is not None:
            yield from self.compensation(step.compensate, (*path, "compensate"), names)
        reached += yield from self.unusual_ends(step, path, names, reached)
        if step.id is not None:
            self.mark([step.id], "ran")
            reached.append(step.id)
        if step.when is not None:
            self.mark(reached, "maybe")
        return reached

    def action(self, step: Step, path: Path, names: Names) -> Following:
        """The steps inside; what is seen of them after it."""
        inside = (*names, *names_inside(step))
        if isinstance(step, SwitchStep | ParallelStep | RaceStep):
            reached = yield from self.apart(step, path, inside)
            if not isinstance(step, ParallelStep):
                self.mark(reached, "maybe")
            return reached
        reached = []
        for way, steps in bodies(step):
            reached += yield from self.steps(steps, (*path, *way), inside)
        return reached

    def apart(self, step: Step, path: Path, names: Names) -> Following:
        """Branches, of which none sees another."""
        branches = [(steps, (*path, *way), ids_in(steps)) for way, steps in bodies(step)]
        reached: list[str] = []
        for steps, where, own in branches:
            for _, _, others in branches:
                self.mark(others, "elsewhere")
            self.mark(own, "later")
            reached += yield from self.steps(steps, where, names)
        self.mark(reached, "ran")
        return reached

    def unusual_ends(self, step: Step, path: Path, names: Names, inside: list[str]) -> Following:
        """`catch` and `finally`: there nobody knows how far the step has come."""
        if not (step.catch or step.finally_ or step.dead_letter):
            return []
        self.mark(inside, "maybe")
        reached: list[str] = []
        for index, (clause, own) in enumerate(clause_sites(step, path)):
            self.fields[clause.as_] = FIELDS["error"]
            within = (*names, clause.as_)
            for site in own:
                if site.condition:
                    yield from self.check(site, (*EVERYWHERE, *within, "step"))
            caught = yield from self.steps(clause.steps, (*path, "catch", index, "steps"), within)
            for site in own:
                if not site.condition:
                    yield from self.check(site, (*EVERYWHERE, *within, "step"))
            self.mark(caught, "maybe")
            reached += caught
        last = yield from self.steps(step.finally_, (*path, "finally"), (*names, "error"))
        self.mark(last, "maybe")
        if not _goes_on_after_failure(step):
            self.mark(inside, "ran")
        return reached + last

    def compensation(self, step: Compensation, path: Path, names: Names) -> Iterator[Problem]:
        names = (*names, "result")
        for site in sites(step, path):
            yield from self.check(site, (*EVERYWHERE, *names, "step"))
        if isinstance(step, BlockCompensation):
            reached = yield from self.steps(step.steps, (*path, "steps"), names)
            self.mark(reached, "later")

    def on_failure(self, on_failure: OnFailure) -> Iterator[Problem]:
        path: Path = ("on_failure",)
        reached = yield from self.steps(on_failure.steps, (*path, "steps"), ("error",))
        for site in sites(on_failure, path):
            yield from self.check(site, (*EVERYWHERE, "error"))
        self.mark(reached, "maybe")

    def check(self, site: Site, names: Names) -> Iterator[Problem]:
        scope = Scope(
            names=names,
            steps=self.seen,
            loops=self.loops,
            schemas=self.schemas,
            vars=self.vars,
            fields=self.fields,
        )
        found = check(site.template, scope, expect_boolean=site.condition)
        yield from (_problem(one, site.path) for one in (*site.template.problems, *found))


_IN_THE_LOOP: tuple[Path, ...] = (("key",), ("repeat", "while"))
"""Keys whose expressions see the names of a loop, and not its steps."""
_AFTER: tuple[Path, ...] = (("result",), ("repeat", "until"))
"""Keys whose expressions see what is inside the step."""


def names_inside(step: Step) -> Names:
    """What a loop adds to the names."""
    match step:
        case ForEachStep():
            return (step.as_, step.index_as)
        case RepeatStep():
            return ("index",)
        case _:
            return ()


def _key(site: Site, step: Path) -> Path:
    return site.path[len(step) :]


def _message(site: Site, step: Path) -> Names:
    return ("payload", "signal") if _key(site, step) == ("wait_for", "match") else ()


def _goes_on_after_failure(step: Step) -> bool:
    """Whether a step after this one can be reached although this one has failed."""
    if isinstance(step.dead_letter, DeadLetter) and step.dead_letter.then == "continue":
        return True
    return not all(clause.steps and _leaves(clause.steps[-1]) for clause in step.catch)


def _leaves(step: Step) -> bool:
    return isinstance(step, RaiseStep | ReturnStep) and step.when is None


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
        if isinstance(step, Common) and step.id is not None:
            yield step.id
