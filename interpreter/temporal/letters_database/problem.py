"""What can be wrong with the database of letters, in words for people."""

from __future__ import annotations

from interpreter.temporal.problem import TemporalProblem


class LettersDatabaseProblem(TemporalProblem):
    """The database can't be used, now or with these settings."""
