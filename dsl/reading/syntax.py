"""Syntax errors in the words of the person who wrote the file."""

from __future__ import annotations

from typing import NamedTuple

from dsl.problem import Problem


class Mistake(NamedTuple):
    """What the parser says, the offset where it gave up, and the offset where the thing began."""

    words: str
    where: int
    since: int


def syntax_problem(text: str, mistake: Mistake) -> Problem:
    return Problem("yaml-syntax", mistake.words)
