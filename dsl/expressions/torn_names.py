"""A name with a hyphen is read as a subtraction, and one side of it does not exist: `input.my-key`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from dsl.expressions.errors import ExprError, Span
from dsl.expressions.names import check_reference
from dsl.expressions.program import Program
from dsl.expressions.references import Reference
from dsl.expressions.scope import Scope
from dsl.expressions.secret_text import SECRET_NAME

_NAME = re.compile(r"(?<!\w)[A-Za-z_]\w*(?:-[A-Za-z_]\w*)+(?![\w(])", re.ASCII)
"""A name with a hyphen. What is called, as in `a-size(b)`, is the name of a function and no part of it."""


@dataclass(frozen=True, slots=True)
class TornName:
    """A name that was probably meant as a whole."""

    name: str
    span: Span
    parts: tuple[Reference, ...]
    """What is read instead."""

    def explain(self, scope: Scope) -> ExprError:
        """Say what is wrong with the whole name, or else how it is written."""
        meant = self._find_meant()
        if meant is not None:
            for error, severity in check_reference(meant, scope):
                if severity == "error" or (error.hint or "").startswith("did you mean"):
                    return error
            if meant.root == "secrets":
                why, hint = "a secret can't have this name", f"it has {SECRET_NAME}"
                return ExprError("unknown-name", why, self.span, hint)
        hint = f"a name with a hyphen stands in brackets: ['{self.name}']"
        return ExprError("unknown-name", f'unknown name "{self.name}"', self.span, hint)

    def _find_meant(self) -> Reference | None:
        """Find the reference that the whole name would be; None if only running can tell what it is read from."""
        first = self.parts[0]
        if first.root_span[0] == self.span[0]:
            return Reference((), self.name, (), (), self.span, ())
        for place, (start, _) in enumerate(first.field_spans):
            if start == self.span[0]:
                return first._replace(
                    fields=(*first.fields[:place], self.name),
                    optional=first.optional[: place + 1],
                    field_spans=(*first.field_spans[:place], self.span),
                )
        return None


def find_torn_names(program: Program, scope: Scope) -> Iterator[TornName]:
    """Find names that were torn, in the order of the text. A subtraction of what exists is none.

    Several in one chain, as in `my-item.my-key`, are one problem, which is about the first.
    """
    last: TornName | None = None
    for match in _NAME.finditer(program.text) if "-" in program.text else ():
        span = match.span()
        parts = tuple(each for each in program.references if _lies_in(each, span))
        if not _is_torn(parts, span, scope):
            continue
        if last is not None and parts[0] == last.parts[-1]:
            last = replace(last, parts=(*last.parts, *parts))
            continue
        if last is not None:
            yield last
        last = TornName(match[0], span, parts)
    if last is not None:
        yield last


def _is_torn(parts: tuple[Reference, ...], span: Span, scope: Scope) -> bool:
    """Tell whether a side does not exist. At the beginning of a chain, that must be the left one."""
    if parts and parts[0].root_span[0] == span[0]:
        return len(parts) > 1 and parts[0].root not in (*scope.names, *scope.places)
    return any(each.root not in scope.names and each.root_span[0] > span[0] for each in parts)


def _lies_in(reference: Reference, span: Span) -> bool:
    return any(span[0] <= start < span[1] for start, _ in (reference.root_span, *reference.field_spans))
