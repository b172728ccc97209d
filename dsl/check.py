"""All stages on one page: read, parse, apply the rules."""

from __future__ import annotations

from dataclasses import dataclass, replace

from dsl.model import Definition
from dsl.parse import parse
from dsl.problem import Problem
from dsl.reader import Document, read_text
from dsl.rules import RULES
from dsl.source import SourceMap


@dataclass(frozen=True, slots=True)
class Checked:
    """What is known of a definition's text: its problems, and when none is an error, its meaning."""

    source: SourceMap
    problems: tuple[Problem, ...]
    definition: Definition | None
    """None when there is an error."""


class InvalidDefinition(ValueError):
    """A definition has errors."""

    def __init__(self, checked: Checked) -> None:
        first = next(p for p in checked.problems if p.severity == "error")
        more = sum(p.severity == "error" for p in checked.problems) - 1
        super().__init__(f"{first.message}{f' (and {more} more)' if more else ''}")
        self.checked = checked


def check(document: Document) -> Checked:
    """Find every problem of a document: all of them in one go, in no particular order."""
    if not isinstance(document.data, dict):
        return Checked(document.source, document.problems, None)
    parsed = parse(document.data)
    definition = parsed.definition
    found = () if definition is None else tuple(p for rule in RULES for p in rule(definition))
    problems = (*document.problems, *parsed.problems, *(_cut(p, document.source) for p in found))
    fine = all(problem.severity != "error" for problem in problems)
    return Checked(document.source, problems, definition if fine else None)


def _cut(problem: Problem, source: SourceMap) -> Problem:
    """An expression that YAML has cut short: what follows ` #` is a comment to it."""
    if problem.code == "E_SYNTAX" and source.comment_after(problem.path):
        return replace(problem, hint="everything after ' #' is a comment: put the value in single quotes")
    return problem


def load(text: str, name: str = "<text>") -> tuple[Definition, SourceMap]:
    """Read a definition that is meant to be right.

    Raises:
        InvalidDefinition: it has errors; they are in its `checked`.
    """
    checked = check(read_text(text, name))
    if checked.definition is None:
        raise InvalidDefinition(checked)
    return checked.definition, checked.source
