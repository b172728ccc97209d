"""A template is a YAML value with expressions in it, compiled."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from dsl.expressions.errors import ExprError
from dsl.expressions.frame import Frame
from dsl.expressions.limits import Limits
from dsl.expressions.plan import Plan, plan
from dsl.expressions.references import Reference
from dsl.expressions.scalar import Piece, Scalar, Severity, parse_expression
from dsl.scalars.json_value import JsonValue


class TemplateProblem(NamedTuple):
    """This is what is wrong with one scalar of a template."""

    path_inside: tuple[str | int, ...]
    """The way from the template's source to the scalar; () when the source is the scalar."""
    error: ExprError
    """Its span counts code points of the scalar's text."""
    severity: Severity = "error"


@dataclass(frozen=True, slots=True, eq=False)
class Template:
    """A template is immutable, shared between runs, and equal only to itself."""

    source: JsonValue
    """What it was compiled from."""
    problems: tuple[TemplateProblem, ...]
    """What is wrong with it, as far as it can be told without knowing where it stands (see `check`)."""
    roots: frozenset[str]
    """The names of the roots that it reads."""
    whole_roots: frozenset[str]
    """The names of the roots that it may read as a whole, so that they may be part of its value."""
    is_constant: bool
    """Whether there is no expression in it at all."""
    secret_paths: tuple[tuple[str | int, ...], ...]
    """The ways to the texts with secrets in them. In its value a `SecretText` stands there."""
    _plan: Plan
    _only: Piece | None
    """The one expression that is all of the source, if it is. This is the common case, and takes no detours."""

    @staticmethod
    def value(data: JsonValue) -> Template:
        """Compile any JSON data. This never raises.

        Every text in the data may hold `${ }`, and `$${` stands for a literal `${`.
        """
        return _build_template(data, plan(data))

    @staticmethod
    def expression(text: str) -> Template:
        """Compile a key that always holds an expression; `${ }` around it may be left out. This never raises."""
        return _build_template(text, Plan(text, (), (parse_expression(text),), (-1,)))

    def find_references(self) -> Iterator[Reference]:
        """Find every access chain from a root, in the order of the text."""
        return _find_references(self._plan)

    def list_scalars(self) -> tuple[Scalar, ...]:
        """List the scalars that hold expressions, in the order of the source."""
        return self._plan.scalars

    def count_parts(self) -> int:
        """Count the parts of its expressions: the operators, values, calls and links that they are made of."""
        return sum(piece.program.parts for scalar in self._plan.scalars for piece in scalar.pieces)

    def prepare(self) -> None:
        """Compile what evaluating would compile when it first comes to it."""
        for scalar in self._plan.scalars:
            for piece in scalar.pieces:
                piece.program.prepare()

    def evaluate(self, context: Mapping[str, Any], limits: Limits = Limits.V1) -> tuple[JsonValue, int]:
        """Compute the value, and the fuel spent on it. Each scalar has a meter of its own.

        `context` holds the JSON data of each root. The value shares structure with it and with the source, so it must
        never be changed in place. Raises `ExprError`; its `path_inside` leads to the scalar.
        """
        if self._only is not None:
            frame = Frame(context, limits, self._only.program.slots)
            return self._only.evaluate(frame), limits.fuel - frame.left
        for problem in self.problems:
            if problem.severity == "error":
                raise problem.error.shift(0, problem.path_inside)
        spent = 0
        values: list[JsonValue] = []
        for scalar in self._plan.scalars:
            frame = Frame(context, limits, scalar.slots)
            try:
                values.append(scalar.evaluate(frame))
            except ExprError as error:
                raise error.shift(0, scalar.path) from None
            spent += frame.spent
        return self._plan.fill(values), spent


def _build_template(source: JsonValue, made: Plan) -> Template:
    problems = [
        TemplateProblem(scalar.path, error, severity)
        for scalar in made.scalars
        for error, severity in scalar.problems
    ]
    problems.extend(TemplateProblem(path, error) for path, error in made.refused)
    broken = any(problem.severity == "error" for problem in problems)
    constant = not broken and not any(scalar.pieces for scalar in made.scalars)
    references = [each for s in made.scalars for p in s.pieces for each in p.program.references]
    roots = frozenset(each.root for each in references)
    whole_roots = frozenset(each.root for each in references if not each.fields)
    only = made.scalars[0].pieces[0] if not broken and _is_single(made) else None
    secrets = tuple(scalar.path for scalar in made.scalars if scalar.has_secrets)
    return Template(source, tuple(problems), roots, whole_roots, constant, secrets, made, only)


def _is_single(made: Plan) -> bool:
    return not made.containers and any(scalar.whole and not scalar.has_secrets for scalar in made.scalars)


def _find_references(made: Plan) -> Iterator[Reference]:
    for scalar in made.scalars:
        for piece in scalar.pieces:
            for reference in piece.program.references:
                yield reference.place(scalar.path, piece.offset, scalar.whole)
