"""What this package reports to a person when Temporal can't be started or reached."""

from __future__ import annotations


class TemporalProblem(Exception):
    """Temporal can't be used now, and the user (not we) can change that.

    Its text is complete: the command line prints it as it is and never shows a traceback for it.
    """

    def __init__(self, message: str, hint: str | None = None) -> None:
        """Say `message`, what failed and where, and `hint`, the remedy."""
        super().__init__(message if hint is None else f"{message}\nhint: {hint}")
        self.message = message
        self.hint = hint
