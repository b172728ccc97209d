"""A refusal ends the reading: after this problem there is nothing to go on with."""

from __future__ import annotations

from dsl.problems.problem import Problem


class RefusalError(Exception):
    """A refusal carries its problem out of the depths of the reader. It never leaves `dsl.reading.reader`."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem
