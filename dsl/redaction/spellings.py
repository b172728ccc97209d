"""Find a text however it is written: plain, escaped for JSON, a URL or HTML, or inside of base64.

Letters and digits are written the same by all of them but base64. So a text is looked for in two steps. The longest
run of letters and digits in it is its *anchor*. Only where the anchor occurs, which is quick to see, a pattern that
knows all spellings of the other characters is compiled and tried.
"""

from __future__ import annotations

import base64
import html
import re
from collections.abc import Iterator
from functools import cached_property, lru_cache

_BASE64 = r"(?:[A-Za-z0-9+/_-]|%(?:25)*(?i:2[bf]))"
"""A character in both alphabets of base64; escaped for a URL, or not."""
_SHORT_ESCAPES = {"\n": "n", "\r": "r", "\t": "t", "\b": "b", "\f": "f"}


class Spelling:
    """A way to write one text."""

    def __init__(self, anchor: str, pattern: str) -> None:
        """
        Args:
            anchor: A part that this spelling never changes.
            pattern: A regular expression for the whole.
        """
        self._anchor, self._source = anchor, pattern

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        return re.compile(self._source)

    def may_be_in(self, text: str) -> bool:
        """Tell quickly whether a text, or data that is written in it, may hold the text in this spelling."""
        return self._anchor in text

    def replace_in(self, text: str, replacement: str) -> str:
        """Replace what is written like this. Without it the text is returned, the very object."""
        if self._anchor not in text:
            return text
        replaced, count = self._pattern.subn(lambda _: replacement, text)
        return replaced if count else text


@lru_cache(maxsize=1000)
def list_spellings(text: str) -> tuple[Spelling, ...]:
    """List the ways to write a text that is not empty."""
    return (
        Spelling(_find_anchor(text), _spell(text)),
        *_spell_in_base64(text.encode(errors="surrogatepass")),
    )


def _find_anchor(text: str) -> str:
    runs: list[str] = re.findall(r"[A-Za-z0-9]*", text)
    return max(runs, key=len)


def _spell(text: str) -> str:
    """Build the pattern of a text.

    All backslashes in a row are taken together, those of the text and those that escape what follows. No part is
    tried in two ways, so that no text makes the search slow.
    """
    parts: list[str] = []
    for backslashes, character in re.findall(r"(\\*)([^\\]?)", text, re.DOTALL):
        # at the head of the pattern: a search does not begin amid a row of them
        backslash = r"\\" if parts else r"(?<!\\)\\"
        if backslashes:
            parts.append(f"(?:{backslash}{{{len(backslashes)},}}+|{_spell_percent(backslashes)})")
            backslash = r"\\"
        if character:
            escape = f"{backslash}*+" if backslashes else f"{backslash}++"
            parts.append(_spell_character(character, f"{backslash}*+", escape))
    return "".join(parts)


def _spell_character(character: str, optional: str, escape: str) -> str:
    """Build the pattern of one character.

    Args:
        character: Any but a backslash.
        optional: Pattern of backslashes that may stand before it.
        escape: Pattern of those that make an escape of the letter behind it.
    """
    if character.isascii() and character.isalnum():
        return character
    units = character.encode("utf-16-be", errors="surrogatepass").hex(" ", 2).split()
    ways = [
        f"{optional}{re.escape(character)}",
        _spell_percent(character),
        "".join(f"{escape}u(?i:{unit})" for unit in units),
    ]
    if len(units) > 1:
        ways.append(f"{escape}U(?i:{ord(character):08x})")  # as Python writes it
    elif units[0].startswith("00"):
        ways.append(f"{escape}x(?i:{units[0][2:]})")
    if character in _SHORT_ESCAPES:
        ways.append(f"{escape}{_SHORT_ESCAPES[character]}")
    if character == " ":
        ways.append(r"\+")
    if (escaped := html.escape(character)) != character:
        ways.append(re.escape(escaped))
    return f"(?:{'|'.join(ways)})"


def _spell_percent(text: str) -> str:
    """Build the pattern of a text escaped for a URL. Whoever escapes twice writes %25 for %."""
    return "".join(f"%(?:25)*(?i:{byte:02x})" for byte in text.encode(errors="surrogatepass"))


def _spell_in_base64(data: bytes) -> Iterator[Spelling]:
    """Yield a spelling for each of the three ways in which data may lie inside of what was encoded.

    A character of base64 holds six bits. The first and the last may hold bits of what stands beside the data, too;
    they are no part of the anchor, and are replaced with it.
    """
    for before in range(3):
        encoded = base64.b64encode(bytes(before) + data).decode()
        core = encoded[(0, 2, 3)[before] : (before + len(data)) * 8 // 6]
        pattern = "".join(map(_spell_base64, core))
        head = _BASE64 if before else ""
        tail = f"{_BASE64}?(?:=|%(?:25)*(?i:3d))*" if (before + len(data)) % 3 else ""
        yield Spelling(_find_anchor(core), f"{head}{pattern}{tail}")


def _spell_base64(character: str) -> str:
    """Build the pattern of one character in both alphabets of base64, escaped for a URL or JSON or not."""
    match character:
        case "+":
            return "(?:[+-]|(?i:%(?:25)*2b))"
        case "/":
            return r"(?:\\*/|_|(?i:%(?:25)*2f))"
        case _:
            return character
