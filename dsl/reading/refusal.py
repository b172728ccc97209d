"""A refusal ends the reading: after this problem there is nothing to go on with."""

from __future__ import annotations

from dsl.problems.problem import Problem


class RefusalError(Exception):
    """This carries the one problem from the depths of the reader to its face. It never leaves
    `dsl.reading.reader`."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem
