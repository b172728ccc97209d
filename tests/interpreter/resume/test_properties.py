"""Whatever a run does, and whenever it is ended: resumed, each effect is there once, or the plan is refused.

`STEPFILE_EXAMPLES=20000 pytest tests/interpreter/resume` looks at more runs, and at others every time.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, currently_in_test_context, event, given, settings
from hypothesis import strategies as st

from interpreter.program.model import Node
from interpreter.resume.plan import Plan
from interpreter.resume.planning import build_plan
from interpreter.resume.remains import Remains
from interpreter.state.keys import idempotency_key
from interpreter.state.run import Run
from tests.interpreter.definitions import START_TO_CLOSE, World, worlds
from tests.interpreter.resume.service import Outcome, Workflow
from tests.interpreter.test_properties import EXAMPLES, SOAK

GRAIN = 0.25


@dataclass(frozen=True)
class Story:
    """A run that is ended in some way, and is resumed when all is well, or nearly so."""

    world: World
    kill_at: float | None
    """When it is terminated, with its worker."""
    cancel_at: float | None
    many_runs: bool
    """Whether it continues as new wherever it can."""
    is_repaired: bool
    """Whether all activities succeed from then on; else they do what they have done, and are tried once more."""


_moments = st.none() | st.integers(0, 60).map(lambda n: n * GRAIN + 0.13)
stories = st.builds(
    Story,
    worlds() | worlds(handling=True) | worlds(handling=True, flow=True),
    _moments,
    _moments,
    st.booleans(),
    st.booleans(),
)


def tell(story: Story) -> Iterator[tuple[Workflow, Outcome, Plan | None]]:
    """The runs of a story, each with the plan with which it began."""
    workflow = Workflow.of(story.world.text)
    outcome = workflow.execute(
        story.world.behaviours,
        kill_at=story.kill_at,
        cancel_at=story.cancel_at,
        signals=story.world.signals,
        many_runs=story.many_runs,
    )
    yield workflow, outcome, None
    for is_last in (False, True):
        if outcome.status == "completed":
            return
        plan = build_plan(outcome.remains, despite_cleanup=True)
        if currently_in_test_context():
            event("refused" if plan.state is None else "resumed")
        if plan.state is None:
            return
        well = story.is_repaired or is_last
        behaviours = _mend(story.world.behaviours) if well else story.world.behaviours
        signals = (("go", 1.07), ("stop", 2.07), ("go", 3.07)) if story.world.signals else ()
        outcome = workflow.execute(behaviours, state=plan.state, signals=signals, many_runs=story.many_runs)
        yield workflow, outcome, plan


def _mend(behaviours: Mapping[str, list[dict[str, Any]]]) -> dict[str, list[dict[str, Any]]]:
    """Let all activities succeed, each as fast as at its first try, if that was in time.

    Otherwise a compensation that is tried without end would have none.
    """
    return {
        name: [{"ok": {"x": 1}, "takes": _cut(each[0].get("takes", "0ms"))}]
        for name, each in behaviours.items()
    }


def _cut(takes: str) -> str:
    return takes if _read_milliseconds(takes) < _read_milliseconds(START_TO_CLOSE) else "0ms"


def _read_milliseconds(text: str) -> int:
    return int(text.removesuffix("ms"))


def check(story: Story) -> None:
    for workflow, outcome, plan in tell(story):
        no_effect_is_there_twice(workflow)
        if plan is None:
            continue
        nothing_is_asked_for_that_was_undone(workflow)
        what_is_reported_is_there(workflow, outcome, plan)
        what_is_kept_is_not_called(workflow, outcome, plan)


def no_effect_is_there_twice(workflow: Workflow) -> None:
    places = Counter(key.partition("#")[0] for key in workflow.service.effects)
    assert not {place for place, number in places.items() if number > 1}


def nothing_is_asked_for_that_was_undone(workflow: Workflow) -> None:
    assert not workflow.service.refused


def what_is_reported_is_there(workflow: Workflow, outcome: Outcome, plan: Plan) -> None:
    """A step that counts as completed has its effect, unless this very run has undone it, or has tried to.

    Of a compensation that has failed nobody knows what it has done. The run reports it, and no other run may go on
    from there.
    """
    assert plan.state is not None
    stuck = [undo.node for undo in outcome.run.saga.undos if undo.stuck]
    unknown = {each.path for node in stuck for each in node.walk()}
    loops = tuple(f"{path}[" for path in unknown)
    before: Mapping[str, int] = plan.state["undone"]
    run = outcome.run
    for node in _list_completed(run):
        undone_now = run.undone.get(node.path, 0) > before.get(node.path, 0)
        is_unknown = node.path in unknown or node.path.startswith(loops)
        if not undone_now and not is_unknown and not _was_undone_around(run, node, before):
            assert idempotency_key(run, node) in workflow.service.effects, f"{node.path} is missing"


def what_is_kept_is_not_called(workflow: Workflow, outcome: Outcome, plan: Plan) -> None:
    """But for dead letters, and in a block that the resumed run itself may have tried again."""
    retried = _list_inside_retried(workflow)
    kept = {
        each.key
        for each in plan.steps
        if each.action == "keep" and each.key is not None and retried.isdisjoint(_list_names(each.step))
    }
    made = {call.key for call in outcome.run.effects.calls if not call.undoes}  # type: ignore[attr-defined]
    letters = {key for key in made if key in kept}
    assert not {key for key in letters if not _is_letter(outcome, key)}


def _list_inside_retried(workflow: Workflow) -> set[str]:
    nodes = workflow.program.nodes.values()
    return {
        each.path for node in nodes if node.retry is not None for part in node.parts for each in part.walk()
    }


def _list_names(path: str) -> set[str]:
    """The step and the loops around it: of `a[3]/b` these are `a` and `b`."""
    return {each.partition("[")[0] for each in path.split("/")}


def _is_letter(outcome: Outcome, key: str) -> bool:
    calls = outcome.run.effects.calls  # type: ignore[attr-defined]
    return all(call.name == "keep" for call in calls if call.key == key and not call.undoes)


def _list_completed(run: Run) -> Iterator[Node]:
    """The calls that the run says have completed, of iterations those that are not left."""
    pending = [(node, run.program.steps) for node in run.program.steps]
    while pending:
        node, _ = pending.pop()
        step = run.progress.steps.get(node.path)
        if step is None:
            continue
        if node.kind == "activity" and step.state == "completed":
            yield node
        if node.is_loop:
            frames = step.frames.items()
            pending += [(each.in_frame(*names), ()) for names in frames for each in node.body]
            if step.state == "completed" and node.kind == "for_each" and not step.failures:
                yield from _list_items(node, step.total or 0)
        elif step.state != "caught" and node.kind != "race":
            pending += [(each, ()) for each in node.parts]


def _list_items(loop: Node, total: int) -> Iterator[Node]:
    """The calls of a completed loop that were made for each item in any case."""
    step: Any = loop.step
    for number in range(total):
        key = f"k{number}" if step.key_ is not None else number
        frame, key_frame = f"{loop.path}[{number}]/", f"{loop.key_path}[{key}]/"
        for node in loop.body:
            if node.kind == "activity" and node.when is None and not node.catch and node.dead_letter is None:
                yield node.in_frame(frame, key_frame)


def _was_undone_around(run: Run, node: Node, before: Mapping[str, int]) -> bool:
    """Whether a loop around it was undone as a whole in this run."""
    around = node.path
    while "/" in around:
        around = around.rpartition("/")[0].rpartition("[")[0]
        if run.undone.get(around, 0) > before.get(around, 0):
            return True
    return False


examples = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=not SOAK,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def _call(name: str, **more: Any) -> dict[str, Any]:
    return {"id": name, "activity": name, "retry": {"maximum_attempts": 1}, **more}


_UNDO = {"activity": "undo", "retry": {"maximum_attempts": 1}}
_OK, _FAIL = {"ok": {"x": 1}}, {"fail": {"type": "Fatal", "non_retryable": True}}
_LEFT = [{"id": "r", "raise": {"type": "Raised"}, "catch": [{}], "finally": [_call("last")]}]
FOUND: dict[str, tuple[list[dict[str, Any]], dict[str, list[dict[str, Any]]], float | None]] = {
    "a compensation of the resumed run does a half and fails": (
        [
            _call("a", compensate={"steps": [{**_UNDO, "activity": "half"}, _UNDO]}),
            {"id": "w", "wait": "500ms"},
            _call("b"),
        ],
        {"b": [_FAIL], "undo": [_FAIL]},
        0.13,
    ),
    "a compensation of a block of the resumed run does a half and fails": (
        [
            {
                "id": "block",
                "steps": [_call("a")],
                "compensate": {"steps": [{**_UNDO, "activity": "half"}, _UNDO]},
            },
            _call("b"),
        ],
        {"a": [{**_OK, "takes": "500ms"}], "b": [_FAIL], "undo": [_FAIL]},
        0.13,
    ),
    "a block is stopped while it is undone to be tried again": (
        [
            {
                "id": "block",
                "steps": [_call("a", compensate=_UNDO), _call("b")],
                "retry": {"maximum_attempts": 3, "initial_interval": "1s"},
                "timeouts": {"deadline": "2s"},
            }
        ],
        {"b": [{"fail": {}}], "undo": [{**_OK, "takes": "3000ms"}]},
        None,
    ),
    "a loop is undone as a whole": (
        [
            {"id": "loop", "for_each": [1], "steps": _LEFT, "compensate": _UNDO},
            {"id": "end", "raise": {"type": "Raised"}},
        ],
        {},
        None,
    ),
    "a block is tried again in the resumed run": (
        [{"id": "block", "steps": [_call("a"), _call("b")], "retry": {"maximum_attempts": 2}}],
        {"b": [{"fail": {}}]},
        None,
    ),
}
"""The smallest stories of what was wrong once, in the product or in the model of this test."""


@pytest.mark.parametrize(("steps", "behaviours", "kill_at"), FOUND.values(), ids=FOUND.keys())
@pytest.mark.parametrize("is_repaired", [False, True])
def test_a_story_that_was_found(
    steps: list[dict[str, Any]],
    behaviours: dict[str, list[dict[str, Any]]],
    kill_at: float | None,
    is_repaired: bool,
) -> None:
    names = ("a", "b", "last", "undo", "half")
    timeouts = {"timeouts": {"start_to_close": START_TO_CLOSE}}
    definition = {"dsl": "1", "name": "found", "defaults": timeouts, "steps": steps}
    world = World(definition, {name: behaviours.get(name, [_OK]) for name in names}, None)
    check(Story(world, kill_at, None, many_runs=False, is_repaired=is_repaired))


@examples
@given(stories)
def test_resumed_or_refused(story: Story) -> None:
    check(story)


def test_its_twin_that_takes_nothing_for_undone_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """A plan that keeps steps although they were undone says that something is done which is not."""
    monkeypatch.setattr(Remains, "undone", frozenset())

    @settings(examples, phases=[Phase.generate])
    @given(stories)
    def search(story: Story) -> None:
        check(story)

    with pytest.raises(AssertionError):
        search()
