"""Expressions: what they name exists, and has run before they are evaluated."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping

from dsl.definition.sites import Site, clause_sites, sites
from dsl.definition.walk import bodies, ids_in, walk
from dsl.expressions import CONDITION, Scope, TemplateProblem, check
from dsl.expressions.scope import FIELDS, PLACES, Schema, Visibility
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
    UpdateDeclaration,
    WaitForStep,
)
from dsl.problems.problem import Problem
from dsl.rules.results import payload_of, results_of
from dsl.rules.schemas import trusted
from dsl.source.map import Path

Known = tuple[str, ...] | Schema
"""What is known of a name: its fields, where it has no others, or a JSON Schema."""
Names = Mapping[str, Known]

EVERYWHERE: Names = {"input": True, "vars": True, "steps": True, "run": FIELDS["run"]}
STEP: Names = {"step": FIELDS["step"]}
ERROR: Names = {"error": FIELDS["error"]}

Following = Generator[Problem, None, list[str]]
"""Yields problems; returns the ids of the steps that can be seen afterwards, and could not before."""


def check_expressions(definition: Definition) -> Iterator[Problem]:
    """Follow the order of execution, and know at each place which steps have run."""
    flow = _Flow(definition)
    top = list(sites(definition, ()))
    for site in top:
        if site.path[0] not in ("output", "on_failure", "updates", "queries"):
            yield from flow.check(site, {})
    reached = yield from flow.steps(definition.steps, ("steps",), {})
    for site in top:
        if site.path[0] == "output":
            yield from flow.check(site, {})
    flow.mark(reached, "maybe")  # at any time: nobody knows how far the run has come
    for site in top:
        if site.path[0] == "queries":
            yield from flow.check(site, {})
    for name, update in definition.updates.items():
        yield from flow.update(update, ("updates", name))
    if definition.on_failure is not None:
        yield from flow.on_failure(definition.on_failure)
    yield from flow.steps(definition.finally_, ("finally",), ERROR)


class _Flow:
    def __init__(self, definition: Definition) -> None:
        self.definition = definition
        self.names: Names = {**EVERYWHERE, "input": trusted(definition.input)}
        self.seen: dict[str, Visibility] = dict.fromkeys(_ids(definition), "later")
        self.results = results_of(definition)
        self.places = {**_places(definition), **PLACES}
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
        here = {**names, **STEP}
        own = list(sites(step, path))
        inside = _names_inside(step)

        for site in own:
            if _key(site, path) not in _AFTER:
                more = inside if _key(site, path) in _IN_THE_LOOP else self.message(step, site, path)
                yield from self.check(site, {**here, **more})
        reached = yield from self.action(step, path, names)
        for site in own:
            if _key(site, path) in _AFTER:
                yield from self.check(site, {**here, **inside})
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
        inside = {**names, **_names_inside(step)}
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
        afterwards: dict[str, Visibility] = {}
        for steps, where, own in branches:
            for _, _, others in branches:
                self.mark(others, "elsewhere")
            self.mark(own, "later")
            reached += yield from self.steps(steps, where, names)
            afterwards.update((each, self.seen[each]) for each in own)
        self.seen.update(afterwards)
        return reached

    def unusual_ends(self, step: Step, path: Path, names: Names, inside: list[str]) -> Following:
        """`catch` and `finally`: there nobody knows how far the step has come."""
        if not (step.catch or step.finally_ or step.dead_letter):
            return []
        completed = {each: self.seen[each] for each in inside}
        self.mark(inside, "maybe")
        reached: list[str] = []
        for index, (clause, own) in enumerate(clause_sites(step, path)):
            within = {**names, clause.as_: FIELDS["error"]}
            for site in own:
                if site.expected is CONDITION:
                    yield from self.check(site, {**within, **STEP})
            caught = yield from self.steps(clause.steps, (*path, "catch", index, "steps"), within)
            for site in own:
                if site.expected is not CONDITION:
                    yield from self.check(site, {**within, **STEP})
            self.mark(caught, "maybe")
            reached += caught
        last = yield from self.steps(step.finally_, (*path, "finally"), {**names, **ERROR})
        self.mark(last, "maybe")
        if not _goes_on_after_failure(step):
            self.seen.update(completed)
        return reached + last

    def compensation(self, step: Compensation, path: Path, names: Names) -> Iterator[Problem]:
        names = {**names, "result": True}
        for site in sites(step, path):
            yield from self.check(site, {**names, **STEP})
        if isinstance(step, BlockCompensation):
            reached = yield from self.steps(step.steps, (*path, "steps"), names)
            self.mark(reached, "later")

    def on_failure(self, on_failure: OnFailure) -> Iterator[Problem]:
        path: Path = ("on_failure",)
        reached = yield from self.steps(on_failure.steps, (*path, "steps"), ERROR)
        for site in sites(on_failure, path):
            yield from self.check(site, ERROR)
        self.mark(reached, "maybe")

    def update(self, update: UpdateDeclaration, path: Path) -> Iterator[Problem]:
        for site in sites(update, path):
            yield from self.check(site, {"payload": trusted(update.schema_)})

    def message(self, step: Step, site: Site, path: Path) -> Names:
        """What the `match` of a `wait_for` sees."""
        if not isinstance(step, WaitForStep) or _key(site, path) != ("wait_for", "match"):
            return {}
        return {"payload": payload_of(self.definition, step.wait_for), "signal": {"type": "string"}}

    def check(self, site: Site, names: Names) -> Iterator[Problem]:
        names = {**self.names, **names}
        scope = Scope(
            names=tuple(names),
            places=self.places,
            steps=self.seen,
            loops=self.loops,
            schemas={name: known for name, known in names.items() if not isinstance(known, tuple)},
            results=self.results,
            vars=tuple(self.definition.vars),
            fields={name: known for name, known in names.items() if isinstance(known, tuple)},
        )
        found = check(site.template, scope, expected=site.expected)
        yield from (_problem(one, site.path) for one in (*site.template.problems, *found))


_IN_THE_LOOP: tuple[Path, ...] = (("key",), ("repeat", "while"))
"""Keys whose expressions see the names of a loop, and not its steps."""
_AFTER: tuple[Path, ...] = (("result",), ("repeat", "until"))
"""Keys whose expressions see what is inside the step."""


def _names_inside(step: Step) -> Names:
    """What a loop adds to the names."""
    match step:
        case ForEachStep():
            return {step.as_: True, step.index_as: {"type": "integer"}}
        case RepeatStep():
            return {"index": {"type": "integer"}}
        case _:
            return {}


def _places(definition: Definition) -> dict[str, str]:
    """Where the names exist that the definition has given."""
    places = {}
    for placed in walk(definition):
        for clause in placed.step.catch if isinstance(placed.step, Common) else ():
            places[clause.as_] = "inside its catch clause"
        if isinstance(placed.step, ForEachStep):
            places.update(dict.fromkeys((placed.step.as_, placed.step.index_as), "inside its for_each"))
    return places


def _key(site: Site, step: Path) -> Path:
    return site.path[len(step) :]


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
