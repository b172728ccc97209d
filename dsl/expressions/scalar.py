"""A YAML scalar is cut into pieces: text, and expressions in `${ }`."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

from dsl.expressions.errors import ExprError
from dsl.expressions.frame import Frame
from dsl.expressions.json_text import format_text
from dsl.expressions.limits import Limits
from dsl.expressions.measure import measure
from dsl.expressions.program import Program, get_program
from dsl.expressions.secret_text import SecretPart, SecretText
from dsl.expressions.tokens import find_closing_brace

Severity = Literal["error", "warning"]


class Piece(NamedTuple):
    """A piece is an expression, and where its text begins in the scalar."""

    program: Program
    offset: int

    def evaluate(self, frame: Frame) -> Any:
        """Compute the value of the expression. Raises `ExprError`, placed in the scalar."""
        program = self.program
        code = program.code
        try:
            frame.charge(1 + code.price)
            value = code.run(frame)
            if not program.is_path:
                measure(frame, value)
        except ExprError as error:
            raise error.place_at((0, len(program.text))).shift(self.offset) from None
        return value


class Scalar(NamedTuple):
    """A scalar is literal text and expressions in turn. `whole` keeps the type of its only expression."""

    path: tuple[str | int, ...]
    parts: tuple[str | Piece, ...]
    whole: bool
    problems: tuple[tuple[ExprError, Severity], ...]
    slots: int = 0
    """The number of variables that its macros need."""
    has_secrets: bool = False
    """Whether secrets are a part of it. Then its value is a `SecretText`."""

    @property
    def pieces(self) -> tuple[Piece, ...]:
        """List the expressions, in the order of the text."""
        return tuple(part for part in self.parts if isinstance(part, Piece))

    def evaluate(self, frame: Frame) -> Any:
        """Compute the value of the scalar. Raises `ExprError`."""
        if self.has_secrets:
            return SecretText(self.format_parts(frame))
        if self.whole:
            piece = self.parts[0]
            assert isinstance(piece, Piece)
            return piece.evaluate(frame)
        return "".join(self.format_parts(frame))

    def format_parts(self, frame: Frame) -> list[Any]:
        """Write the text of every part but secrets. Together they may be as long as one text."""
        written: list[SecretPart] = []
        length = 0
        for part in self.parts:
            text = part if isinstance(part, str) else _format_piece(part, frame)
            written.append(text)
            length += len(text)
            if length > frame.limits.text:
                raise _place_error(
                    part,
                    ExprError(
                        "expression-too-large", f"the text is longer than {frame.limits.text:,} characters"
                    ),
                )
        return written


def _format_piece(piece: Piece, frame: Frame) -> SecretPart:
    if piece.program.secret is not None:
        frame.charge(1)
        return {"secret": piece.program.secret}
    value = piece.evaluate(frame)
    try:
        return format_text(frame, value)
    except ExprError as error:
        raise _place_error(piece, error) from None


def _place_error(part: str | Piece, error: ExprError) -> ExprError:
    if isinstance(part, str):
        return error.place_at((0, 0))
    start = part.offset
    return error.place_at((start, start + len(part.program.text)))


def parse_interpolated(text: str, path: tuple[str | int, ...], limits: Limits = Limits.V1) -> Scalar:
    """Cut a text at its `${ }`. This never raises: syntax errors become problems of the scalar."""
    parts: list[str | Piece] = []
    problems: list[tuple[ExprError, Severity]] = []
    literal, place = "", 0
    warned = False
    while (start := text.find("${", place)) >= 0:
        literal += text[place:start]
        place = start + 2
        if literal.endswith("$"):
            literal += "{"
            if not warned and (warning := _find_escaped_expression(text, place, limits)):
                problems.append((warning, "warning"))
            warned = True
            continue
        try:
            end = find_closing_brace(text, place, limits.expression)
        except ExprError as error:
            problems.append((error, "error"))
            return Scalar(path, (), False, tuple(problems))
        piece = Piece(get_program(text[place:end]), place)
        problems.extend((error.shift(place), "error") for error in piece.program.problems)
        parts.extend((literal, piece) if literal else (piece,))
        literal, place = "", end + 1
    literal += text[place:]
    whole = len(parts) == 1 and isinstance(parts[0], Piece) and not literal
    parts.extend((literal,) if literal else ())
    slots = max((part.program.slots for part in parts if isinstance(part, Piece)), default=0)
    has_secrets = any(part.program.secret is not None for part in parts if isinstance(part, Piece))
    return Scalar(path, tuple(parts), whole, tuple(problems), slots, has_secrets)


def _find_escaped_expression(text: str, start: int, limits: Limits) -> ExprError | None:
    """Warn of an expression behind `$$`: `costs $${ price }` prints `costs ${ price }`, which is seldom meant."""
    try:
        end = find_closing_brace(text, start, limits.expression)
    except ExprError:
        return None
    if get_program(text[start:end]).problems:
        return None
    hint = "for a dollar sign before a value write ${ '$' }${ ... }"
    return ExprError("bad-expression", "$${ prints ${ literally", (start - 3, end + 1), hint)


def parse_expression(text: str) -> Scalar:
    """Parse a key that always holds an expression. `${ }` around it is optional, and so are spaces around that."""
    begin = len(text) - len(text.lstrip())
    if not text.startswith("${", begin):
        return _build_single(text, 0, ())
    try:
        end = find_closing_brace(text, begin + 2, Limits.V1.expression)
    except ExprError as error:
        return Scalar((), (), True, ((error, "error"),))
    rest = text[end + 1 :]
    if not rest.strip():
        return _build_single(text[begin + 2 : end], begin + 2, ())
    span = (end + 1, len(text))
    problem = ExprError(
        "bad-expression", "this key takes a single expression", span, "put all of it inside one ${ }"
    )
    return Scalar((), (), True, ((problem, "error"),))


def _build_single(text: str, offset: int, path: tuple[str | int, ...]) -> Scalar:
    piece = Piece(get_program(text), offset)
    problems: tuple[tuple[ExprError, Severity], ...] = tuple(
        (error.shift(offset), "error") for error in piece.program.problems
    )
    return Scalar(path, (piece,), True, problems, piece.program.slots)
