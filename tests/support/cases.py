"""A run case is a definition, how its activities behave, and how the run must end. These tests are data.

`NAME.case.yaml` holds:

    definition: FILE            # default: NAME.yaml beside it
    activities: {}              # for all cases that have no activities of their own
    cases:
      - name: what it shows
        matrix: F01             # the rows of the fault matrix that it shows, if there are any
        input: {...}
        activities: {A: [{fail: {type: X}}, {ok: 1}]}   # see `Script`; without this, the demo activities
        workflows: {T: [{ok: 1}]}               # the same for the workflow types of children
        one_run: why            # why the case can't be compared if the run continues as new on a server
        cancel: [STEP, ...]     # request the cancellation while STEP runs, then again for each further STEP;
                                    # "STEP after 3s" is 3 seconds after STEP has begun
        send: [{signal: S, payload: {...}, at: "STEP after 3s"}, {update: U, at: 2s}, {query: Q, at: STEP},
               {order: skip, payload: {step: STEP, by: ann, reason: gone}, at: STEP.compensate after 3s}]
                                    # messages, sent one after the other; `at` is a step, a time since
                                    # the start, or `start`: the first one may be sent with the start
        expect:
          status: completed | failed | cancelled
          result: ...
          error: {type, message, step, ...}     # the given keys are compared
          calls: [A, [B, C], uA]                # the attempts in order; those of an inner list in any order
          answers: [...]                        # the answers to updates and queries: a value, or {refused: TYPE}
          arguments: {uA: [[1]]}                # the arguments of each call of the given activities
          compensations: {A: completed}         # step -> how its undoing has ended, in order
          steps: {A: completed}                 # the states of the given steps are compared
          attempts: {A: 3}
          breakers: {service: open}             # the states of the given breakers are compared
          events: S St(3) C completed           # the history on the server, see `tests.support.history`
          letters: [{queue: q, step: A}]        # the dead letters, in order
          same_arguments: [A]                   # all calls of A have the same arguments
          took: 3s                              # exactly this, in virtual time
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from dsl.reading.reader import Document, read_file

CASES = Path(__file__).parents[1] / "cases" / "run"
DEFINITIONS = Path(__file__).parents[2] / "definitions"


@dataclass(frozen=True)
class RunCase:
    """A `RunCase` is one run, and how it must end."""

    id: str
    file: Path
    input: Any
    activities: dict[str, list[dict[str, Any]]] | None
    workflows: dict[str, list[dict[str, Any]]]
    cancel: tuple[str, ...]
    send: tuple[dict[str, Any], ...]
    one_run: str | None
    expect: dict[str, Any]
    matrix: tuple[str, ...] = ()
    """The rows of the fault matrix that it shows."""

    @property
    def needs_demo_activities(self) -> bool:
        """Tell whether it calls the shipped demo activities, which can't be imported without temporalio."""
        return self.activities is None

    @property
    def document(self) -> Document:
        """Read the definition."""
        return read_file(self.file)


def load_yaml(file: Path) -> Any:
    """Read a file of YAML as plain data."""
    return YAML(typ="safe", pure=False).load(file.read_text(encoding="utf-8"))


@cache
def run_cases() -> tuple[RunCase, ...]:
    """Load all cases: those of the language, and the rehearsals beside the shipped definitions."""
    files = [*sorted(CASES.glob("*.case.yaml")), *sorted(DEFINITIONS.glob("*.rehearsal.yaml"))]
    return tuple(case for file in files for case in _cases_of(file))


def _cases_of(file: Path) -> list[RunCase]:
    data = load_yaml(file)
    stem = file.name.split(".")[0]
    definition = file.parent / data.get("definition", f"{stem}.yaml")
    return [
        RunCase(
            id=f"{stem}: {case['name']}",
            file=definition,
            input=case.get("input"),
            activities=case.get("activities", data.get("activities")),
            workflows=case.get("workflows", {}),
            cancel=tuple(case.get("cancel", ())),
            send=tuple(case.get("send", ())),
            one_run=case.get("one_run"),
            expect=case["expect"],
            matrix=tuple(str(case.get("matrix", "")).split()),
        )
        for case in data["cases"]
    ]
