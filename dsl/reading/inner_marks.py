"""Colons and question marks inside words are hidden from the parser.

YAML 1.2 allows `{url: https://example.com/a?b=c}`. The C parser of ruamel.yaml takes these marks for structure inside
`[ ]` and `{ }`, and refuses the text. So it gets another character in their place, one that the text does not have.
No place in the text changes by that.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

_INNER_MARK: Final = re.compile(
    r"""
    (!(?<![^\s\[{,]!)\S*)                            # a tag, which may hold colons, is left alone
    | :(?<=[^\s\[\]{},"']:) (?=[^\s\[\]{},])        # a colon with something of a word on both sides
    | \?(?<=[^\s\[\]{},"':-]\?)                     # a question mark after a word
    | \?(?<=[^\s\[\]{},"':?-]\ \?)
    """,
    re.VERBOSE,
)
"""Each way begins with its own character, which `re` finds quickly."""
_PRIVATE: Final = range(0xE000, 0xF900)
"""Unicode's area for private use."""


class HiddenMarks(NamedTuple):
    """This is a text whose inner marks are hidden."""

    original: str
    text: str
    """The text for the parser."""
    colon: str = ":"
    question: str = "?"

    def reveal(self, part: str) -> str:
        """Put the marks back into a part of the text."""
        return part.replace(self.colon, ":").replace(self.question, "?")


def hide_inner_marks(text: str) -> HiddenMarks:
    """Replace the marks inside words by characters that the text does not have.

    A text that has all characters for private use stays as it is.
    """
    unused = [chr(code) for code in _PRIVATE if chr(code) not in text][:2]
    if len(unused) < 2:
        return HiddenMarks(text, text)
    colon, question = unused

    def hide(match: re.Match[str]) -> str:
        return match[1] or (colon if match[0] == ":" else question)

    return HiddenMarks(text, _INNER_MARK.sub(hide, text), colon, question)
