"""Text of JSON can hold half of a surrogate pair. UTF-8 can't, so Temporal's protocol can't send such a text."""

from __future__ import annotations


def is_sendable(text: str) -> bool:
    """Tell whether UTF-8 can write a text."""
    return make_sendable(text) == text


def make_sendable(text: str) -> str:
    """Put ? for each half of a surrogate pair."""
    return text if text.isascii() else text.encode(errors="replace").decode()
