"""The language has one exception, at parse time and at run time alike."""

from __future__ import annotations

from typing import Literal

Span = tuple[int, int]
"""The start and the end (exclusive) in code points."""

NOWHERE: Span = (-1, -1)
"""The span of an error that nobody has placed yet."""

Code = Literal[
    "bad-expression",
    "unknown-name",
    "duplicate-name",
    "bad-name",
    "secret-computed",
    "unknown-step",
    "unreadable-step",
    "unknown-variable",
    "unknown-function",
    "wrong-argument-count",
    "type-mismatch",
    "unknown-field",
    "index-out-of-range",
    "null-value",
    "number-too-large",
    "division-by-zero",
    "unusable-value",
    "expression-too-costly",
    "expression-too-large",
]


class ExprError(Exception):
    """Something is wrong with an expression. `str()` gives `CODE: message (hint)`.

    `span` counts code points of the YAML scalar's text once the error has left a `Template`; `path_inside` is then
    the way from the template's source to that scalar. `step` is the id of a step that exists but can't be read.
    """

    def __init__(self, code: Code, message: str, span: Span = NOWHERE, hint: str | None = None) -> None:
        super().__init__(code, message, span, hint)
        self.code: Code = code
        self.message = message
        self.span = span
        self.hint = hint
        self.path_inside: tuple[str | int, ...] = ()
        self.step: str | None = None

    def __str__(self) -> str:
        return f"{self.code}: {self.message}" + (f" ({self.hint})" if self.hint else "")

    def place_at(self, span: Span) -> ExprError:
        """Place the error at `span`, unless something nearer to the cause has already placed it."""
        if self.span == NOWHERE:
            self.span = span
        return self

    def shift(self, offset: int, path_inside: tuple[str | int, ...] = ()) -> ExprError:
        """Copy the error for an expression that begins `offset` code points into its scalar."""
        start, end = self.span
        copy = ExprError(self.code, self.message, (start + offset, end + offset), self.hint)
        copy.path_inside = path_inside
        copy.step = self.step
        return copy
