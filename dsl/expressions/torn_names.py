"""A name with a hyphen is read as a subtraction, and one side of it does not exist: `input.my-key`."""

from __future__ import annotations

import re
from collections.abc import Container, Iterator
from dataclasses import dataclass

from dsl.expressions.errors import ExprError, Span
from dsl.expressions.program import Program
from dsl.expressions.references import Reference
from dsl.expressions.secret_text import SECRET_NAME

_FIELD = re.compile(r"\.([A-Za-z_]\w*(?:-[A-Za-z_]\w*)+)", re.ASCII)


@dataclass(frozen=True, slots=True)
class TornName:
    """A name of a field that was probably meant as a whole."""

    name: str
    span: Span
    parts: tuple[Reference, ...]
    """What is read instead."""

    @property
    def error(self) -> ExprError:
        """Say how such a name is written, if it can be."""
        if self.parts[0].root == "secrets":
            return ExprError(
                "unknown-name", "a secret can't have this name", self.span, f"it has {SECRET_NAME}"
            )
        hint = f"a name with a hyphen stands in brackets: ['{self.name}']"
        return ExprError("unknown-name", f'unknown name "{self.name}"', self.span, hint)


def find_torn_names(program: Program, known: Container[str]) -> Iterator[TornName]:
    """Find names of fields that were torn, in the order of the text. A subtraction of what exists is none.

    Args:
        program: The expression.
        known: The names that exist at its place.
    """
    for match in _FIELD.finditer(program.text) if "-" in program.text else ():
        span = match.span(1)
        parts = tuple(each for each in program.references if _lies_in(each, span))
        if any(each.root not in known and each.root_span[0] > span[0] for each in parts):
            yield TornName(match[1], span, parts)


def _lies_in(reference: Reference, span: Span) -> bool:
    return any(span[0] <= start < span[1] for start, _ in (reference.root_span, *reference.field_spans))
