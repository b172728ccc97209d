"""Why a run can't be run again, or resumed."""

from __future__ import annotations

from interpreter.temporal.problem import TemporalProblem


class RepairProblem(TemporalProblem):
    """The run can't be run again, or not from where it has failed. Nothing was started."""
