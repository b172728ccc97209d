"""The activities of the soak, on workers that may lack a guard on purpose: then the soak must find what they do."""

from __future__ import annotations

import os

from interpreter import lifecycle
from interpreter.calls import children
from interpreter.effects import ResetReport
from interpreter.predecessor import NO_PREDECESSOR
from interpreter.state.reset import take_over_undone
from interpreter.state.run import Run
from interpreter.temporal.workflow.reset_gate import ResetGate
from tests.soak.activities import move, move_all_back, move_back
from tests.soak.repairs.guards import UNGUARDED

ACTIVITIES = (move, move_back, move_all_back)


def _go_on(run: Run, report: ResetReport) -> None:
    take_over_undone(run, report)


match os.environ.get(UNGUARDED):
    case "never asks":
        ResetGate.is_closed = property(lambda _: False)  # type: ignore[assignment, method-assign]
    case "goes on":
        vars(lifecycle).update(take_over_undone=_go_on)
    case "tells no child":
        vars(children).update(_find_predecessor=lambda *_: NO_PREDECESSOR)
    case _:
        pass
