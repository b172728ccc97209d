"""Run cases: a definition, how its activities behave, and how the run must end. Tests are data.

`NAME.case.yaml` holds:

    definition: FILE            # default: NAME.yaml beside it
    activities: {}              # of all cases that do not say it
    cases:
      - name: what it shows
        matrix: F01             # rows of the fault matrix, where there are any
        input: {...}
        activities: {A: [{fail: {type: X}}, {ok: 1}]}   # see `Script`; without it, the demo activities
        workflows: {T: [{ok: 1}]}               # the same for registered types that are run as children
        one_run: why            # when it can't be compared if the run continues as new on a server: why not
        cancel: [STEP, ...]     # ask the run to stop while STEP runs; the next STEP for another request;
                                    # "STEP after 3s": only then
        send: [{signal: S, payload: {...}, at: "STEP after 3s"}, {update: U, at: 2s}, {query: Q, at: STEP}]
                                    # messages, one after the other; `at` a step, a time since the
                                    # start, or `start`: it comes along (the first)
        expect:
          status: completed | failed | cancelled
          result: ...
          error: {type, message, step, ...}     # the given keys are compared
          calls: [A, [B, C], uA]                # attempts, in order; those of an inner list in any
          answers: [...]                        # to updates and queries: a value, or {refused: TYPE}
          arguments: {uA: [[1]]}                # of each call of the given activities
          compensations: {A: completed}         # step -> how its undoing ended, in order
          steps: {A: completed}                 # states, the given steps are compared
          attempts: {A: 3}
          breakers: {service: open}             # states, the given ones are compared
          events: S St(3) C completed           # history on the server, see `tests.support.history`
          letters: [{queue: q, step: A}]        # what was kept, in order
          same_arguments: [A]                   # all calls of A got the same
          took: 3s                              # in virtual time, exactly
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
    """One run and its expected end."""

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
    """Rows of the fault matrix that it shows."""

    @property
    def needs_demo_activities(self) -> bool:
        """Whether it calls the shipped demo activities, which can't be imported without temporalio."""
        return self.activities is None

    @property
    def document(self) -> Document:
        return read_file(self.file)


def load_yaml(file: Path) -> Any:
    return YAML(typ="safe", pure=False).load(file.read_text(encoding="utf-8"))


@cache
def run_cases() -> tuple[RunCase, ...]:
    """All cases: those of the language, and the rehearsals beside the shipped definitions."""
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
