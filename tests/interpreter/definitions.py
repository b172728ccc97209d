"""Random definitions, and random behaviour of the activities that they call."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

GRAIN = 0.25
"""Everything takes a multiple of this many seconds, so that much happens at the same moment."""
START_TO_CLOSE = "3100ms"
"""No multiple of the grain: an attempt is in time or not."""


@dataclass(frozen=True)
class World:
    """One run: what is run, how activities behave, and when somebody asks it to stop."""

    definition: dict[str, Any]
    behaviours: dict[str, list[dict[str, Any]]]
    """As `tests.support.script` has them."""
    cancel: tuple[int, float] | None
    """With which event of the run somebody asks it to stop, and how many seconds later; None: nobody does."""
    signals: tuple[tuple[str, float], ...] = ()
    """What the run is sent, and how many seconds after its start."""

    @property
    def text(self) -> str:
        """The definition as YAML, of which JSON is a part."""
        return json.dumps(self.definition)


@st.composite
def worlds(draw: st.DrawFn, *, handling: bool = False, flow: bool = False) -> World:
    """Anything that the language can say about one run, in proportions that make it interesting.

    Args:
        draw: Hypothesis's.
        handling: With what handles errors: `catch`, `finally`, `retry` of blocks, dead letters, the pivot. Without,
            the first error decides, and what must follow can be told exactly.
        flow: With branches, loops and messages. Then no two things take equally long, so that which comes first does
            not depend on the order in which the timers of one moment are set.
    """
    return _Author(draw, handling, flow).world()


class _Author:
    def __init__(self, draw: st.DrawFn, handling: bool, flow: bool) -> None:
        self.draw = draw
        self.handling = handling
        self.flow = flow
        self.in_race = False
        self.count = 0
        self.durations = 0
        self.behaviours: dict[str, list[dict[str, Any]]] = {}

    def world(self) -> World:
        definition: dict[str, Any] = {
            "dsl": "1",
            "name": "random",
            "vars": {"n": 0},
            "defaults": {"timeouts": {"start_to_close": START_TO_CLOSE}, "retry": {"maximum_attempts": 2}},
            "steps": self.steps(depth=0),
        }
        if self.draw(st.booleans()):  # at last, so that there is something to undo
            definition["steps"].append({"id": "last", "raise": {"type": "Raised"}})
        if self.rarely():
            definition["timeouts"] = {"deadline": self.duration(1, 40)}
        if self.draw(st.integers(0, 3)):
            definition["saga"] = self.saga()
        if self.rarely():
            definition["on_failure"] = self.on_failure()
        if self.rarely():
            definition["output"] = "${ vars.n }"
        if self.handling:
            self.behave("keep")
            definition["dead_letter_queues"] = {"q": {"activity": "keep", "retry": {"maximum_attempts": 2}}}
            if not self.rarely():
                definition["finally"] = [self.last("run"), {"wait": "250ms"}]
        after = st.sampled_from([0.0, 0.0, GRAIN, 3 * GRAIN])
        cancel = self.draw(st.none() | st.tuples(st.integers(0, 20), after))
        if not self.flow:
            return World(definition, self.behaviours, cancel)
        definition["signals"] = {"go": {}, "stop": {}}
        sent = st.tuples(st.sampled_from(["go", "stop"]), st.integers(0, 40).map(lambda n: n * GRAIN + 0.06))
        signals = self.draw(st.lists(sent, max_size=6))
        if cancel is not None:
            cancel = (cancel[0], cancel[1] + 0.11)
        return World(definition, self.behaviours, cancel, tuple(signals))

    def steps(self, depth: int) -> list[dict[str, Any]]:
        most = 3 if depth else 6
        count = self.draw(st.integers(1 if depth else 3, most))
        return [self.step(depth) for _ in range(count)]

    def step(self, depth: int) -> dict[str, Any]:
        self.count += 1
        name = f"s{self.count}"
        kinds = (
            ["activity"] * 9 + ["steps"] * (4 if depth < 2 else 0) + ["set", "wait"] * 2 + ["raise", "return"]
        )
        if self.flow and depth < 2:
            kinds += ["parallel", "race", "switch", "for_each", "repeat"] * 3
        if self.flow:
            kinds += ["wait_for"] * 2
        match self.draw(st.sampled_from(kinds)):
            case "activity":
                step = self.activity(name)
            case "parallel" | "race" as kind:
                step = self.branches(kind, depth)
                self.with_compensation(step, name)
            case "switch":
                cases = [
                    {"when": "vars.n > 0", "steps": self.steps(depth + 1)},
                    {"default": self.steps(depth + 1)},
                ]
                step = {"switch": cases[: self.draw(st.integers(1, 2))]}
                self.with_compensation(step, name)
            case "for_each":
                step = self.for_each(depth)
                self.with_compensation(step, name)
            case "repeat":
                step = {"repeat": {"maximum_iterations": self.draw(st.integers(1, 3))}}
                if self.draw(st.booleans()):
                    step["repeat"]["until"] = self.draw(st.sampled_from(["vars.n > 1", "index == 1", "true"]))
                if self.draw(st.booleans()):
                    step["repeat"]["every"] = self.duration(1, 4)
                step["steps"] = self.steps(depth + 1)
                self.with_compensation(step, name)
            case "wait_for":
                step = {"wait_for": self.awaited()}
            case "steps":
                step = {"steps": self.steps(depth + 1)}
                if self.rarely():
                    step["result"] = "vars.n"
                self.with_compensation(step, name)
            case "set":
                step = {"set": {"n": "${ vars.n + 1 }"}}
            case "wait":
                step = {"wait": self.duration(0, 12)}
            case "raise":
                step = {"raise": {"type": "Raised"}}
            case _:
                step = {"return": "left"}
        if self.handling:
            before, self.in_race = self.in_race, self.in_race or "race" in step
            self.with_handling(step, name, depth)
            self.in_race = before
        if step.keys() & {"activity", "steps", "wait", "parallel", "race", "switch"} and self.rarely():
            step["timeouts"] = {"deadline": self.duration(1, 20)}
        if "finally" not in step and self.rarely():
            step["when"] = self.draw(
                st.sampled_from([True, True, False, "vars.n > 0", "vars.n > 0", "[][0]"])
            )
        return {"id": name, **step}

    def with_handling(self, step: dict[str, Any], name: str, depth: int) -> None:
        if self.draw(st.booleans()):
            step["catch"] = [self.clause(depth) for _ in range(self.draw(st.integers(1, 2)))]
        if self.rarely():
            step["finally"] = [self.last(name), {"wait": "250ms"}]
        if self.rarely():
            then = {} if "for_each" in step else {"then": self.draw(st.sampled_from(["fail", "continue"]))}
            step["dead_letter"] = {"queue": "q", **then}
        if step.keys() == {"steps"} | (step.keys() - {"for_each", "repeat"}) and self.sometimes():
            step["retry"] = {"initial_interval": "250ms", "maximum_attempts": self.draw(st.integers(2, 3))}
            step["steps"].append(self.unsteady())
        if step.keys() & {"activity", "steps"} and self.rarely() and self.rarely() and not self.in_race:
            step["pivot"] = True

    def branches(self, kind: str, depth: int) -> dict[str, Any]:
        before, self.in_race = self.in_race, self.in_race or kind == "race"
        names = ["one", "two", "three"][: self.draw(st.integers(2, 3))]
        step: dict[str, Any] = {kind: {name: self.steps(depth + 1) for name in names}}
        if kind == "parallel" and self.rarely():
            step["on_branch_failure"] = "settle"
        self.in_race = before
        return step

    def for_each(self, depth: int) -> dict[str, Any]:
        step: dict[str, Any] = {
            "for_each": list(range(self.draw(st.integers(0, 3)))),
            "concurrency": self.draw(st.sampled_from([1, 1, 1, 2, 3])),
            "steps": self.steps(depth + 1),
        }
        if self.rarely():
            step["key"] = "'k' + string(item)"
        if self.sometimes():
            step["tolerate_failures"] = self.draw(st.sampled_from([1, 2, "34%", "50%", "100%"]))
        if self.rarely():
            step["collect"] = self.draw(st.sampled_from(["failed", "none"]))
        return step

    def awaited(self) -> dict[str, Any]:
        which: list[dict[str, Any]] = [{"signal": "go"}, {"any": ["go", "stop"]}, {"all": ["go", "stop"]}]
        return {**self.draw(st.sampled_from(which)), "timeout": self.duration(1, 8)}

    def unsteady(self) -> dict[str, Any]:
        """What gives a block a reason to be tried again."""
        self.count += 1
        name = f"s{self.count}"
        self.behaviours[f"do_{name}"] = self.draw(st.sampled_from([[_FAIL[0]], [_FAIL[0], _OK[0]]]))
        return {"id": name, "activity": f"do_{name}", "retry": {"maximum_attempts": 1}}

    def clause(self, depth: int) -> dict[str, Any]:
        types = st.sampled_from(["Any", "Scripted", "Fatal", "Raised", "Timeout", "DeadlineExceeded"])
        clause: dict[str, Any] = {"errors": self.draw(st.lists(types, min_size=1, max_size=3, unique=True))}
        if self.draw(st.booleans()):
            clause["compensate"] = True
        if self.rarely():
            clause["when"] = self.draw(st.sampled_from([True, False, "error.attempts == 2", "[][0]"]))
        if depth < 2 and self.sometimes():
            clause["steps"] = [self.step(2) for _ in range(self.draw(st.integers(1, 2)))]
        if self.rarely():
            clause["result"] = "error.type"
        return clause

    def last(self, name: str) -> dict[str, Any]:
        self.behave(f"last_{name}")
        return {"id": f"last_{name}", "activity": f"last_{name}", "args": ["${ error?.type }"]}

    def activity(self, name: str) -> dict[str, Any]:
        step: dict[str, Any] = {"activity": f"do_{name}"}
        self.behave(f"do_{name}")
        if self.rarely():
            step["retry"] = {"maximum_attempts": self.draw(st.integers(1, 3))}
        if self.rarely():
            step["args"] = self.draw(st.sampled_from([[1], ["${ step.key }"], ["${ [][0] }"]]))
        self.with_compensation(step, name)
        return step

    def with_compensation(self, step: dict[str, Any], name: str) -> None:
        if self.rarely():
            return
        if self.draw(st.integers(0, 3)):
            compensation = self.undoing(f"undo_{name}")
            if self.rarely():
                compensation["args"] = self.draw(st.sampled_from([["${ result.x }"], ["${ result ?? 0 }"]]))
        else:
            parts = [self.undoing(f"undo_{name}_{part}") for part in range(self.draw(st.integers(1, 2)))]
            if self.rarely():
                parts.insert(1, {"wait": self.duration(0, 8)})
            compensation = {"steps": parts}
        if self.rarely():
            compensation["timeouts"] = {"deadline": self.duration(1, 20)}
        if "activity" in step and self.draw(st.booleans()):
            compensation["after"] = self.draw(st.sampled_from(["completed", "unknown", "attempted"]))
        step["compensate"] = compensation

    def undoing(self, activity: str) -> dict[str, Any]:
        """Without a limit of attempts it goes on until it succeeds, so in the end it must."""
        limit = self.draw(st.sampled_from([None, 1, 1, 2]))
        self.behave(activity, at_last=[{"ok": 1}] if limit is None else [])
        return {"activity": activity, **({"retry": {"maximum_attempts": limit}} if limit else {})}

    def saga(self) -> dict[str, Any]:
        return {
            "parallel": not self.draw(st.integers(0, 2)),
            "continue_on_error": self.draw(st.booleans()),
            "on_cancel": self.draw(st.sampled_from(["compensate", "compensate", "compensate", "ignore"])),
        }

    def on_failure(self) -> dict[str, Any]:
        self.behave("tell")
        last = self.draw(st.sampled_from([{"raise": {"type": "Later"}}, {"return": "left"}, {"wait": "1s"}]))
        steps = [{"id": "tell", "activity": "tell", "args": ["${ error.type }"]}, last]
        return {"steps": steps, **({"result": {"error": "${ error.type }"}} if self.rarely() else {})}

    def behave(self, activity: str, at_last: list[dict[str, Any]] | None = None) -> None:
        tries = self.draw(st.lists(_behaviours, min_size=1, max_size=3))
        for each in tries:
            each["takes"] = f"{each['takes'] + self.its_own()}ms"
        self.behaviours[activity] = [*tries, *(at_last or [])]

    def duration(self, low: int, high: int) -> str:
        return f"{int(self.draw(st.integers(low, high)) * GRAIN * 1000) + self.its_own()}ms"

    def its_own(self) -> int:
        """Milliseconds that only one duration has, if it matters."""
        self.durations += 1
        return self.durations if self.flow else 0

    def sometimes(self) -> bool:
        return self.draw(st.integers(0, 2)) == 2

    def rarely(self) -> bool:
        return self.draw(st.integers(0, 4)) == 4


_OK: list[dict[str, Any]] = [{"ok": {"x": 1}}, {"ok": {"x": 1}}, {"ok": 1}]
_FAIL: list[dict[str, Any]] = [{"fail": {}}, {"fail": {"type": "Fatal", "non_retryable": True}}]

_behaviours = st.builds(
    lambda takes, end, deaf: {"takes": int(takes * GRAIN * 1000), "deaf": deaf, **end},
    st.one_of(st.just(0), st.integers(0, 4), st.integers(0, 16)),
    st.sampled_from(_OK * 3 + _FAIL),
    st.integers(0, 3).map(lambda n: n == 3),
)
