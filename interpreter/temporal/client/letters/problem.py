"""What can be wrong with an order to a letter, in words for people."""

from __future__ import annotations

from interpreter.temporal.problem import TemporalProblem


class LetterProblem(TemporalProblem):
    """There is no such letter, or nothing can be done with it."""
