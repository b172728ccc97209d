"""Expressions: what they name exists, and has run before they are evaluated."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping

from dsl.definition.sites import Site, find_clause_sites, find_sites
from dsl.definition.walk import collect_ids, list_bodies, walk
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
from dsl.rules.results import infer_payload, infer_results
from dsl.rules.schemas import trust_schema
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
    top = list(find_sites(definition, ()))
    for site in top:
        if site.path[0] not in ("output", "on_failure", "updates", "queries"):
            yield from flow.check_site(site, {})
    reached = yield from flow.check_steps(definition.steps, ("steps",), {})
    for site in top:
        if site.path[0] == "output":
            yield from flow.check_site(site, {})
    flow.mark(reached, "maybe")  # at any time: nobody knows how far the run has come
    for site in top:
        if site.path[0] == "queries":
            yield from flow.check_site(site, {})
    for name, update in definition.updates.items():
        yield from flow.check_update(update, ("updates", name))
    if definition.on_failure is not None:
        yield from flow.check_on_failure(definition.on_failure)
    yield from flow.check_steps(definition.finally_, ("finally",), ERROR)


class _Flow:
    def __init__(self, definition: Definition) -> None:
        self.definition = definition
        self.names: Names = {**EVERYWHERE, "input": trust_schema(definition.input)}
        self.seen: dict[str, Visibility] = dict.fromkeys(_find_ids(definition), "later")
        self.results = infer_results(definition)
        self.places = {**_find_places(definition), **PLACES}
        self.loops = frozenset(
            placed.step.id
            for placed in walk(definition)
            if isinstance(placed.step, ForEachStep) and placed.step.id is not None
        )

    def mark(self, ids: list[str], seen: Visibility) -> None:
        self.seen.update(dict.fromkeys(ids, seen))

    def check_steps(self, steps: tuple[Step, ...], path: Path, names: Names) -> Following:
        reached: list[str] = []
        for index, step in enumerate(steps):
            reached += yield from self.check_step(step, (*path, index), names)
        return reached

    def check_step(self, step: Step, path: Path, names: Names) -> Following:
        here = {**names, **STEP}
        own = list(find_sites(step, path))
        inside = _find_names_inside(step)

        for site in own:
            if _get_key(site, path) not in _AFTER:
                more = (
                    inside
                    if _get_key(site, path) in _IN_THE_LOOP
                    else self.find_message_names(step, site, path)
                )
                yield from self.check_site(site, {**here, **more})
        reached = yield from self.check_action(step, path, names)
        for site in own:
            if _get_key(site, path) in _AFTER:
                yield from self.check_site(site, {**here, **inside})
        if isinstance(step, ForEachStep | RepeatStep):
            self.mark(reached, "elsewhere")
            reached = []
        if isinstance(step, Undoable) and step.compensate is not None:
            yield from self.check_compensation(step.compensate, (*path, "compensate"), names)
        reached += yield from self.check_unusual_ends(step, path, names, reached)
        if step.id is not None:
            self.mark([step.id], "ran")
            reached.append(step.id)
        if step.when is not None:
            self.mark(reached, "maybe")
        return reached

    def check_action(self, step: Step, path: Path, names: Names) -> Following:
        """The steps inside; what is seen of them after it."""
        inside = {**names, **_find_names_inside(step)}
        if isinstance(step, SwitchStep | ParallelStep | RaceStep):
            reached = yield from self.check_branches(step, path, inside)
            if not isinstance(step, ParallelStep):
                self.mark(reached, "maybe")
            return reached
        reached = []
        for way, steps in list_bodies(step):
            reached += yield from self.check_steps(steps, (*path, *way), inside)
        return reached

    def check_branches(self, step: Step, path: Path, names: Names) -> Following:
        """Branches, of which none sees another."""
        branches = [(steps, (*path, *way), collect_ids(steps)) for way, steps in list_bodies(step)]
        reached: list[str] = []
        afterwards: dict[str, Visibility] = {}
        for steps, where, own in branches:
            for _, _, others in branches:
                self.mark(others, "elsewhere")
            self.mark(own, "later")
            reached += yield from self.check_steps(steps, where, names)
            afterwards.update((each, self.seen[each]) for each in own)
        self.seen.update(afterwards)
        return reached

    def check_unusual_ends(self, step: Step, path: Path, names: Names, inside: list[str]) -> Following:
        """`catch` and `finally`: there nobody knows how far the step has come."""
        if not (step.catch or step.finally_ or step.dead_letter):
            return []
        completed = {each: self.seen[each] for each in inside}
        self.mark(inside, "maybe")
        reached: list[str] = []
        for index, (clause, own) in enumerate(find_clause_sites(step, path)):
            within = {**names, clause.as_: FIELDS["error"]}
            for site in own:
                if site.expected is CONDITION:
                    yield from self.check_site(site, {**within, **STEP})
            caught = yield from self.check_steps(clause.steps, (*path, "catch", index, "steps"), within)
            for site in own:
                if site.expected is not CONDITION:
                    yield from self.check_site(site, {**within, **STEP})
            self.mark(caught, "maybe")
            reached += caught
        last = yield from self.check_steps(step.finally_, (*path, "finally"), {**names, **ERROR})
        self.mark(last, "maybe")
        if not _goes_on_after_failure(step):
            self.seen.update(completed)
        return reached + last

    def check_compensation(self, step: Compensation, path: Path, names: Names) -> Iterator[Problem]:
        names = {**names, "result": True}
        for site in find_sites(step, path):
            yield from self.check_site(site, {**names, **STEP})
        if isinstance(step, BlockCompensation):
            reached = yield from self.check_steps(step.steps, (*path, "steps"), names)
            self.mark(reached, "later")

    def check_on_failure(self, on_failure: OnFailure) -> Iterator[Problem]:
        path: Path = ("on_failure",)
        reached = yield from self.check_steps(on_failure.steps, (*path, "steps"), ERROR)
        for site in find_sites(on_failure, path):
            yield from self.check_site(site, ERROR)
        self.mark(reached, "maybe")

    def check_update(self, update: UpdateDeclaration, path: Path) -> Iterator[Problem]:
        for site in find_sites(update, path):
            yield from self.check_site(site, {"payload": trust_schema(update.schema_)})

    def find_message_names(self, step: Step, site: Site, path: Path) -> Names:
        """What the `match` of a `wait_for` sees."""
        if not isinstance(step, WaitForStep) or _get_key(site, path) != ("wait_for", "match"):
            return {}
        return {"payload": infer_payload(self.definition, step.wait_for), "signal": {"type": "string"}}

    def check_site(self, site: Site, names: Names) -> Iterator[Problem]:
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
        yield from (_build_problem(one, site.path) for one in (*site.template.problems, *found))


_IN_THE_LOOP: tuple[Path, ...] = (("key",), ("repeat", "while"))
"""Keys whose expressions see the names of a loop, and not its steps."""
_AFTER: tuple[Path, ...] = (("result",), ("repeat", "until"))
"""Keys whose expressions see what is inside the step."""


def _find_names_inside(step: Step) -> Names:
    """What a loop adds to the names."""
    match step:
        case ForEachStep():
            return {step.as_: True, step.index_as: {"type": "integer"}}
        case RepeatStep():
            return {"index": {"type": "integer"}}
        case _:
            return {}


def _find_places(definition: Definition) -> dict[str, str]:
    """Where the names exist that the definition has given."""
    places = {}
    for placed in walk(definition):
        for clause in placed.step.catch if isinstance(placed.step, Common) else ():
            places[clause.as_] = "inside its catch clause"
        if isinstance(placed.step, ForEachStep):
            places.update(dict.fromkeys((placed.step.as_, placed.step.index_as), "inside its for_each"))
    return places


def _get_key(site: Site, step: Path) -> Path:
    return site.path[len(step) :]


def _goes_on_after_failure(step: Step) -> bool:
    """Whether a step after this one can be reached although this one has failed."""
    if isinstance(step.dead_letter, DeadLetter) and step.dead_letter.then == "continue":
        return True
    return not all(clause.steps and _leaves(clause.steps[-1]) for clause in step.catch)


def _leaves(step: Step) -> bool:
    return isinstance(step, RaiseStep | ReturnStep) and step.when is None


def _build_problem(found: TemplateProblem, path: Path) -> Problem:
    return Problem(
        found.error.code,
        found.error.message,
        (*path, *found.path_inside),
        hint=found.error.hint,
        severity=found.severity,
        within=found.error.span,
    )


def _find_ids(definition: Definition) -> Iterator[str]:
    for placed in walk(definition):
        step = placed.step
        if isinstance(step, Common) and step.id is not None:
            yield step.id
