"""A value that may be a secret is not shown, because what a check prints may be kept, as the log of a CI job is.

It is masked in every line that is shown, whatever the line is shown for, and in every message that quotes it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from typing import Final, NamedTuple

from dsl.problems.located import Located
from dsl.problems.problem import Problem
from dsl.problems.wording import LONGEST_QUOTE
from dsl.source.map import Span

_MASK: Final = "*"
_QUOTED: Final = LONGEST_QUOTE - 2
"""So many code points of a long text are left when a message quotes it."""


class Secrets(NamedTuple):
    """These are the values of a text that are not shown."""

    spans: tuple[Span, ...]
    """Where they stand in the text."""
    texts: tuple[str, ...]
    """What messages may quote."""

    def mask_line(self, number: int, line: str) -> str:
        """Mask the values in a line, counted from 1. Its length stays the same."""
        letters: list[str] | None = None
        for start, end in self.spans:
            if start.line <= number <= end.line:
                letters = list(line) if letters is None else letters
                left = start.column - 1 if number == start.line else 0
                right = end.column - 1 if number == end.line else len(line)
                letters[left:right] = _MASK * (right - left)
        return line if letters is None else "".join(letters)

    def mask_problem(self, problem: Problem) -> Problem:
        """Mask the values in the message and the hint of a problem."""
        if not self.texts:
            return problem
        hint = problem.hint and self._mask_text(problem.hint)
        return replace(problem, message=self._mask_text(problem.message), hint=hint)

    def _mask_text(self, message: str) -> str:
        for text in self.texts:
            message = message.replace(text, _MASK * len(text))
        return message


def find_secrets(found: Iterable[Located]) -> Secrets:
    """Find the values that problems call secret."""
    secrets = {span: problem.secret for problem, span in found if problem.secret}
    quoted = [json.dumps(value, ensure_ascii=False)[1:-1] for value in secrets.values()]
    return Secrets(tuple(secrets), tuple(part for each in quoted for part in (each, each[:_QUOTED])))
