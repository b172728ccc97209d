"""Expressions: what they name exists, and has run before they are evaluated.

An expression can be wrong without anybody noticing until a run fails: it reads a step that comes later, or one that
was skipped this time. So each is checked before anything runs, at the place where it stands, against the names that
exist there. `dsl.expressions.check` knows how to check one expression against a `Scope`, and `dsl.definition.sites`
finds the expressions of a step. What is left to do here is to know the scope of each place. For that the definition
is followed once, in the order in which a run goes through it.

A scope has two parts, and they travel in different ways.

**Names travel inwards.** `input`, `vars`, `steps` and `run` exist everywhere. A loop adds the item and its number, a
clause of `catch` adds the error, a compensation adds `result`. Such a name is seen by all that is inside, and by
nothing that comes after. So names are an argument that each level hands on to the next (`dsl.rules.scopes`).

**Steps travel onwards.** An id is unique in a definition, so `steps.a` means the same step everywhere, and no step
hides another. What changes on the way is how much is known of the step. That is state (`_Flow.seen`), and has one of
four values for each id:

- `later`: the step has not run here. Every step begins so.
- `ran`: the step has completed, or its failure was caught. Its result can be read.
- `maybe`: the step may have been skipped, or may not have been reached. Then it has only a `status`, and reading its
  result fails the run. So `steps.a.result` is an error, although most runs would survive it: the writer must say by
  `?.` or `??` what holds in the others.
- `elsewhere`: the step can't be seen from here, whether it has run or not.

The values change as a run would change them:

- A step that has ended is `ran`. If it has a `when`, it and all that is inside it are `maybe`.
- What is inside a `switch` or a `race` is `maybe` after it, because one branch was run to its end. If all branches
  but one leave, by `return` or `raise`, it was that one, and what is inside it stays as it left it
  (`dsl.rules.leaving`). What is inside a `parallel` stays so in any case, because all its branches were run. In a
  branch, the other branches are `elsewhere`.
- What is inside a loop is `elsewhere` after it, because it has run any number of times. The body is followed once,
  as if each iteration were the first, because no iteration sees the steps of another.
- In `catch` and `finally`, the step and all that is inside it is `maybe`, because nobody knows how far the step came.
  After them what is inside is as before, unless a failure of the step can lead there, too: then it stays `maybe`.
  What has run in the clauses themselves is `maybe` in any case.
- What is inside a compensation is `later` again after it, because it runs when the other steps have ended.
- Where nobody knows how far the run has come, all its steps are `maybe`: in updates and queries, in `on_failure`,
  and in the last `finally`.

The methods below are generators of problems. Those that follow steps return the ids that have come into sight, so
that the level around them can lower their values. Loops are the only jumps backwards, so one pass is enough.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import assert_never

from dsl.definition.sites import Site, find_clause_sites, find_sites, find_step_sites
from dsl.definition.walk import Body, collect_ids, list_bodies, walk
from dsl.expressions import CONDITION, Scope, TemplateProblem, check
from dsl.expressions.scope import ROOTS, Visibility
from dsl.model import (
    LEAVES,
    BlockCompensation,
    BlockStep,
    Common,
    Compensation,
    Definition,
    ForEachStep,
    OnFailure,
    ParallelStep,
    RaceStep,
    RepeatStep,
    Step,
    SwitchStep,
    Undoable,
    UpdateDeclaration,
)
from dsl.problems.problem import Problem, Related
from dsl.rules.leaving import find_only_way_on, goes_on_after_failure
from dsl.rules.results import infer_results
from dsl.rules.schemas import trust_schema
from dsl.rules.scopes import (
    ERROR,
    EVERYWHERE,
    RESULT,
    SECRETS,
    STEP,
    Names,
    find_names_inside,
    find_names_of_key,
    find_places,
    get_key,
)
from dsl.source.map import Path

Following = Generator[Problem, None, list[str]]
"""A generator of problems. It returns the ids of the steps that can be seen afterwards, and could not before."""

_OF_A_RUN = dict.fromkeys(("vars", "steps", "run"), "while a run goes on, and not when it is started")

_AFTER: tuple[Path, ...] = (("result",), ("repeat", "until"))
"""The keys of a step whose expressions are evaluated after what is inside it, and see that."""


def check_expressions(definition: Definition) -> Iterator[Problem]:
    """Follow the order of execution, and check each expression against what is known at its place."""
    flow = _Flow(definition)
    top = list(find_sites(definition, ()))
    for site in top:
        if site.path[0] == "priority":
            yield from flow.check_start_site(site)
        elif site.path[0] not in ("output", "on_failure", "updates", "queries"):
            yield from flow.check_site(site, {})
    reached = yield from flow.follow_steps(definition.steps, ("steps",), {})
    for site in top:
        if site.path[0] == "output":
            yield from flow.check_site(site, {})
    flow.mark(reached, "maybe")  # from here on nobody knows how far the run has come
    for site in top:
        if site.path[0] == "queries":
            yield from flow.check_site(site, {})
    for name, update in definition.updates.items():
        yield from flow.check_update(update, ("updates", name))
    if definition.on_failure is not None:
        yield from flow.follow_failure(definition.on_failure)
    yield from flow.follow_steps(definition.finally_, ("finally",), ERROR)


class _Flow:
    """A flow follows a definition once, from the top down."""

    def __init__(self, definition: Definition) -> None:
        self.definition = definition
        self.names: Names = {**EVERYWHERE, "input": trust_schema(definition.input)}
        self.paths = _find_paths(definition)
        self.seen: dict[str, Visibility] = dict.fromkeys(self.paths, "later")
        self.sites = dict(find_step_sites(definition))
        self.results = infer_results(definition)
        self.places = find_places(definition)
        self.loops = frozenset(
            placed.step.id
            for placed in walk(definition)
            if isinstance(placed.step, ForEachStep) and placed.step.id is not None
        )

    def mark(self, ids: list[str], seen: Visibility) -> None:
        """Set what is known of steps from here on."""
        self.seen.update(dict.fromkeys(ids, seen))

    def follow_steps(self, steps: tuple[Step, ...], path: Path, names: Names) -> Following:
        """Follow a list of steps, each of which sees those before it."""
        reached: list[str] = []
        for index, step in enumerate(steps):
            reached += yield from self.follow_step(step, (*path, index), names)
        return reached

    def follow_step(self, step: Step, path: Path, names: Names) -> Following:
        """Follow one step.

        Its own expressions come before and after what is inside it. Then come all ways in which the step can end.
        """
        here = {**names, **STEP}
        own = self.sites[path]
        inside = find_names_inside(step)
        afterwards = _get_visibility_afterwards(step)

        for site in own:
            key = get_key(site, path)
            if key not in _AFTER:
                yield from self.check_site(site, {**here, **find_names_of_key(self.definition, step, key)})
        reached = yield from self.follow_bodies(list(list_bodies(step)), path, {**names, **inside})
        if afterwards == "maybe":
            self.mark(_exclude_only_way_on(step, reached), "maybe")
        for site in own:
            if get_key(site, path) in _AFTER:
                yield from self.check_site(site, {**here, **inside})
        if afterwards == "elsewhere":
            self.mark(reached, "elsewhere")
            reached = []
        if isinstance(step, Undoable) and step.compensate is not None:
            yield from self.follow_compensation(step.compensate, (*path, "compensate"), names)
        if step.id is not None:
            self.mark([step.id], "maybe")
        reached += yield from self.follow_unusual_ends(step, path, names, reached)
        if step.id is not None:
            self.mark([step.id], "ran")
            reached.append(step.id)
        if step.when is not None:
            self.mark(reached, "maybe")
        return reached

    def follow_bodies(self, bodies: list[Body], path: Path, names: Names) -> Following:
        """Follow what a step is made of. Where it has branches, none of them sees another."""
        if len(bodies) == 1:
            return (yield from self.follow_steps(bodies[0].steps, (*path, *bodies[0].way), names))
        ids = [collect_ids(body.steps) for body in bodies]
        reached: list[str] = []
        afterwards: dict[str, Visibility] = {}
        for body, own in zip(bodies, ids, strict=True):
            for others in ids:
                self.mark(others, "elsewhere")
            self.mark(own, "later")
            reached += yield from self.follow_steps(body.steps, (*path, *body.way), names)
            afterwards.update((each, self.seen[each]) for each in own)
        self.seen.update(afterwards)
        return reached

    def follow_unusual_ends(self, step: Step, path: Path, names: Names, inside: list[str]) -> Following:
        """Follow `catch` and `finally`, where nobody knows how far the step has come."""
        if not (step.catch or step.finally_ or step.dead_letter):
            return []
        completed: dict[str, Visibility] = {each: self.seen[each] for each in inside}
        self.mark(inside, "maybe")
        reached: list[str] = []
        for index, (clause, own) in enumerate(find_clause_sites(step, path)):
            within = {**names, clause.as_: ROOTS["error"]}
            for site in own:
                if site.expected is CONDITION:
                    yield from self.check_site(site, {**within, **STEP})
            caught = yield from self.follow_steps(clause.steps, (*path, "catch", index, "steps"), within)
            for site in own:
                if site.expected is not CONDITION:
                    yield from self.check_site(site, {**within, **STEP})
            self.mark(caught, "maybe")
            reached += caught
        last = yield from self.follow_steps(step.finally_, (*path, "finally"), {**names, **ERROR})
        self.mark(last, "maybe")
        if not goes_on_after_failure(step):
            self.seen.update(completed)
        return reached + last

    def follow_compensation(self, step: Compensation, path: Path, names: Names) -> Iterator[Problem]:
        """Follow what undoes a step.

        It sees what is inside that step. What is inside the compensation is seen by nobody else.
        """
        names = {**names, **RESULT}
        for site in self.sites[path]:
            yield from self.check_site(site, {**names, **STEP})
        if isinstance(step, BlockCompensation):
            reached = yield from self.follow_steps(step.steps, (*path, "steps"), names)
            self.mark(reached, "later")

    def follow_failure(self, on_failure: OnFailure) -> Iterator[Problem]:
        """Follow `on_failure`, which runs after the compensations of a run that has failed."""
        path: Path = ("on_failure",)
        reached = yield from self.follow_steps(on_failure.steps, (*path, "steps"), ERROR)
        for site in find_sites(on_failure, path):
            yield from self.check_site(site, ERROR)
        self.mark(reached, "maybe")

    def check_update(self, update: UpdateDeclaration, path: Path) -> Iterator[Problem]:
        """Check the expressions of an update."""
        for site in find_sites(update, path):
            yield from self.check_site(site, {"payload": trust_schema(update.schema_)})

    def check_start_site(self, site: Site) -> Iterator[Problem]:
        """Check an expression that is evaluated before there is a run: only the input is known."""
        names = {"input": self.names["input"]}
        scope = Scope(names=tuple(names), places={**self.places, **_OF_A_RUN}, schemas=names)
        found = check(site.template, scope, expected=site.expected)
        yield from (self.build_problem(one, site.path) for one in (*site.template.problems, *found))

    def check_site(self, site: Site, names: Names) -> Iterator[Problem]:
        """Check one expression, at a place that sees `names` besides those that exist everywhere."""
        names = {**self.names, **names, **(SECRETS if site.takes_secrets else {})}
        scope = Scope(
            names=tuple(names),
            places=self.places,
            steps=self.seen,
            loops=self.loops,
            schemas=names,
            results=self.results,
            vars=tuple(self.definition.vars),
        )
        found = check(site.template, scope, expected=site.expected)
        yield from (self.build_problem(one, site.path) for one in (*site.template.problems, *found))

    def build_problem(self, found: TemplateProblem, path: Path) -> Problem:
        error = found.error
        return Problem(
            error.code,
            error.message,
            (*path, *found.path_inside),
            hint=error.hint,
            severity=found.severity,
            within=error.span,
            related=Related("the step", (*self.paths[error.step], "id")) if error.step else None,
        )


def _get_visibility_afterwards(step: Step) -> Visibility | None:
    """Get how the steps inside a step are seen once it has completed; None: as they were left."""
    if isinstance(step, LEAVES):
        return None
    match step:
        case BlockStep() | ParallelStep():
            return None
        case SwitchStep() | RaceStep():
            return "maybe"
        case ForEachStep() | RepeatStep():
            return "elsewhere"
        case _:
            assert_never(step)


def _exclude_only_way_on(step: Step, reached: list[str]) -> list[str]:
    """Exclude the steps of the one case or branch that has certainly run, because all the others leave."""
    only = find_only_way_on(step) if isinstance(step, SwitchStep | RaceStep) else None
    ran = set(collect_ids(only.steps)) if only is not None else ()
    return [each for each in reached if each not in ran]


def _find_paths(definition: Definition) -> dict[str, Path]:
    """Find where the steps stand that have an id."""
    return {
        placed.step.id: placed.path
        for placed in walk(definition)
        if isinstance(placed.step, Common) and placed.step.id is not None
    }
