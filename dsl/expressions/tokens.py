"""Text becomes tokens.

This is also where the end of a `${ ... }` is found, because only here quotes and braces can be told apart.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal, NamedTuple

from dsl.expressions.errors import ExprError

Sort = Literal["name", "number", "text", "mark", "end"]


class Token(NamedTuple):
    """A token is a piece of an expression: where it stands, and its text as written."""

    sort: Sort
    text: str
    start: int
    end: int


WORDS = ("null", "true", "false", "&&", "||", "!", "==")
"""What an unknown name may have been meant for, besides another name."""

_TOKEN = re.compile(
    r"""
    (?P<space> [ \t\r\n]+ )
  | (?P<name> [A-Za-z_][A-Za-z0-9_]* )
  | (?P<number> (?: 0 | [1-9][0-9]* ) (?: \.[0-9]+ )? (?: [eE][+-]?[0-9]+ )? (?![A-Za-z0-9_]) )
  | (?P<text> "[^"\\\r\n]*(?:\\.[^"\\\r\n]*)*" | '[^'\\\r\n]*(?:\\.[^'\\\r\n]*)*' )
  | (?P<mark> && | \|\| | == | != | <= | >= | \?\? | \?\. | [-+*/%!<>?:.,()\[\]{}] )
    """,
    re.VERBOSE,
)
_SORTS: dict[str, Sort] = {"name": "name", "number": "number", "text": "text", "mark": "mark"}
_WORD = re.compile(r"[A-Za-z0-9_.]+")
_INSTEAD = {
    "=": "compare with ==",
    "&": "write &&",
    "|": "write ||",
    "“": "quotes are ' or \"",
    "”": "quotes are ' or \"",
    "‘": "quotes are ' or \"",
    "’": "quotes are ' or \"",
    "`": "quotes are ' or \"",
    "$": "expressions do not nest: leave out the inner ${ }",
}
_NESTS = re.compile("""[{'"]""")
"""What may hold a `}` that does not end the expression."""
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|(.))", re.DOTALL)
_ESCAPES = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "/": "/", "\\": "\\", '"': '"', "'": "'"}


def tokenize(text: str, start: int = 0) -> Iterator[Token]:
    """Yield the tokens of `text` from `start` on, without spaces, and then one of sort `end`.

    Raises `bad-expression`.
    """
    place = start
    while place < len(text):
        match = _TOKEN.match(text, place)
        if match is None:
            raise _build_unreadable_error(text, place)
        place = match.end()
        sort = match.lastgroup or "space"
        if sort != "space":
            yield Token(_SORTS[sort], match.group(), match.start(), place)
    yield Token("end", "", len(text), len(text))


def find_closing_brace(text: str, start: int, most: int) -> int:
    """Find where the `}` stands that ends the expression beginning at `start`.

    Raises `bad-expression` when there is none, and `expression-too-large` when it does not come within `most` code
    points.
    """
    end = text.find("}", start, start + most)
    if end >= 0 and not _NESTS.search(text, start, end):
        return end
    depth = 0
    for token in tokenize(text, start):
        if token.sort == "mark":
            if token.text == "}" and depth == 0:
                return token.start
            depth += (token.text == "{") - (token.text == "}")
        if token.end - start > most:
            raise build_length_error(most, (start, token.end))
    raise ExprError(
        "bad-expression",
        "missing } at the end of the expression",
        (start - 2, start),
        "in YAML ' #' begins a comment and ': ' a map: put the value in single quotes",
    )


def build_length_error(most: int, span: tuple[int, int]) -> ExprError:
    """Build the error for an expression of more than `most` code points."""
    return ExprError("expression-too-large", f"the expression is longer than {most:,} characters", span)


def unquote(token: Token) -> str:
    r"""Get the value of a text token.

    Raises `bad-expression` for an escape that JSON does not know (`\'` apart).
    """

    def decode(match: re.Match[str]) -> str:
        digits, letter = match.groups()
        if digits is not None:
            return chr(int(digits, 16))
        if letter not in _ESCAPES:
            place = token.start + 1 + match.start()
            raise ExprError(
                "bad-expression",
                f"unknown escape \\{letter}",
                (place, place + 2),
                "known: \\\\ \\/ \\\" \\' \\b \\f \\n \\r \\t and \\u with four hex digits",
            )
        return _ESCAPES[letter]

    value = _ESCAPE.sub(decode, token.text[1:-1])
    try:
        return value.encode("utf-16", "surrogatepass").decode("utf-16")
    except UnicodeDecodeError:
        raise ExprError(
            "bad-expression", "half of a surrogate pair is not a character", (token.start, token.end)
        ) from None


def _build_unreadable_error(text: str, place: int) -> ExprError:
    letter = text[place]
    if letter in "'\"":
        return ExprError(
            "bad-expression", f"the text has no closing {letter}", (place, _find_line_end(text, place))
        )
    if letter.isascii() and letter.isdigit():
        word = _WORD.match(text, place)
        end = word.end() if word else place + 1
        return ExprError(
            "bad-expression",
            f'"{text[place:end]}" is not a number',
            (place, end),
            "numbers are written as in JSON: 0.5, 10, 1.5e3",
        )
    shown = f'"{letter}"' if letter.isprintable() else f"U+{ord(letter):04X}"
    return ExprError(
        "bad-expression", f"unexpected character {shown}", (place, place + 1), _INSTEAD.get(letter)
    )


def _find_line_end(text: str, start: int) -> int:
    ends = [end for end in (text.find("\n", start), text.find("\r", start)) if end >= 0]
    return min(ends, default=len(text))
