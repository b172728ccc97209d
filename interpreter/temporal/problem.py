"""A problem with Temporal is reported to the user, who can solve it."""

from __future__ import annotations


class TemporalProblem(Exception):
    """Temporal can't be used now, and the user can change that.

    The text is complete: the command line prints it as it is, without a traceback.
    """

    def __init__(self, message: str, hint: str | None = None) -> None:
        """Make a problem.

        Args:
            message: What has failed, and where.
            hint: What the user can do about it.
        """
        super().__init__(message if hint is None else f"{message}\nhint: {hint}")
        self.message = message
        self.hint = hint
