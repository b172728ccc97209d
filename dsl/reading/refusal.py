"""The end of reading: a problem after which there is nothing to go on with."""

from __future__ import annotations

from dsl.problems.problem import Problem


class RefusalError(Exception):
    """Carries the one problem from the depths of the reader to its face; never leaves `dsl.reading.reader`."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem
