"""Static checks find all that can be known about an expression at its place without running it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from dsl.expressions import syntax
from dsl.expressions.errors import ExprError
from dsl.expressions.frame import Frame
from dsl.expressions.infer import infer
from dsl.expressions.kinds import BOOLEAN, TEXT, Kinds, describe_kinds, get_kind, overlap
from dsl.expressions.limits import Limits
from dsl.expressions.names import Found, check_reference
from dsl.expressions.parse import ROOTS
from dsl.expressions.scalar import Piece, Scalar
from dsl.expressions.scope import Scope
from dsl.expressions.secret_text import find_misuse
from dsl.expressions.syntax import Node
from dsl.expressions.template import Template, TemplateProblem
from dsl.expressions.torn_names import find_torn_names


class Expected(NamedTuple):
    """This is what the value of a template must be at its place."""

    kinds: Kinds
    what: str
    """Begins the message: `a condition is true or false`."""
    hint: str | None = None


_FOLDING = Limits(fuel=2_000)
"""The bounds of an expression that is evaluated only to see whether it fails."""

CONDITION = Expected(BOOLEAN, "a condition is true or false", "compare it: x != null, x > 0")


def check(template: Template, scope: Scope, *, expected: Expected | None = None) -> Iterator[TemplateProblem]:
    """Find what is wrong with a template at a place where the names of `scope` exist, in the order of the text.

    This comes on top of `template.problems`, which do not depend on the place. The problems say which names, steps,
    variables and fields do not exist at the place, or can't be read there, and which kinds can never fit
    (`type-mismatch`).
    """
    for scalar in template.list_scalars():
        for piece in scalar.pieces:
            found = _check_piece(piece, scalar, scope, expected if scalar.path == () else None)
            for error, severity in sorted(found, key=lambda item: item[0].span):
                yield TemplateProblem(scalar.path, error, severity)
    if expected is not None and template.is_constant and get_kind(template.source) not in expected.kinds:
        error = _build_kind_error(expected, (get_kind(template.source),))
        yield TemplateProblem((), error.place_at((0, len(str(template.source)))))


def _check_piece(piece: Piece, scalar: Scalar, scope: Scope, expected: Expected | None) -> Iterator[Found]:
    tree = piece.program.tree
    if tree is None:
        return
    torn = list(find_torn_names(piece.program, scope))
    for name in torn:
        yield name.explain(scope).shift(piece.offset), "error"
    for reference in piece.program.references:
        if any(reference in name.parts for name in torn):
            continue
        placed = reference.place(scalar.path, piece.offset, scalar.whole)
        yield from check_reference(placed, scope)
        if reference.root == "secrets" and "secrets" in scope.names and (misuse := find_misuse(reference)):
            yield misuse.shift(piece.offset), "error"
    if piece.program.is_path and expected is None:
        return  # all that it does is read what the references name
    for error in _find_shadowing(tree, scope) if piece.program.slots else ():
        yield error.shift(piece.offset), "error"
    if piece.program.problems or torn:
        return
    kinds, problems = infer(tree, scope)
    given = kinds if scalar.whole else TEXT
    if expected is not None and not overlap(given, expected.kinds):
        problems = (*problems, _build_kind_error(expected, given).place_at(tree.span))
    for error in problems:
        yield error.shift(piece.offset), "error"
    if not problems and not piece.program.references:
        yield from _evaluate_constant(piece)


def _evaluate_constant(piece: Piece) -> Iterator[Found]:
    """Evaluate an expression that reads nothing. If it fails now, it fails in every run.

    That may even be meant, as a way to fail: so it is a warning, but for the division by zero.
    """
    try:
        piece.evaluate(Frame({}, _FOLDING, piece.program.slots))
    except ExprError as error:
        if error.code != "expression-too-costly":  # with the fuel of a run it may succeed
            yield error, "error" if error.code == "division-by-zero" else "warning"


def _find_shadowing(tree: Node, scope: Scope) -> Iterator[ExprError]:
    for node, _ in syntax.walk(tree):
        for link in node.links if isinstance(node, syntax.Chain) else ():
            if isinstance(link, syntax.Macro) and link.variable in scope.names and link.variable not in ROOTS:
                message = f'the variable "{link.variable}" hides another "{link.variable}" that exists here'
                yield ExprError("duplicate-name", message, link.span, "choose another name")


def _build_kind_error(expected: Expected, kinds: Kinds) -> ExprError:
    return ExprError("type-mismatch", f"{expected.what}; this is {describe_kinds(kinds)}", hint=expected.hint)
