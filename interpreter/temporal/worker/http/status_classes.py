"""Which answers are worth another attempt, and when (chapter 7.1.3; RFC 9110)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

RETRYABLE = frozenset({408, 425, 429})
"""Request Timeout, Too Early, Too Many Requests; every 5xx besides."""

_TOO_MANY_DIGITS = 10
"""So many digits are longer than any wait; Python refuses to read thousands of them."""


def is_retryable(status: int) -> bool:
    """Whether the same request may be answered better later."""
    return status in RETRYABLE or status >= 500


def is_expected(status: int, expect: list[int | str]) -> bool:
    """Whether a status, or its class (`2xx`), is among the expected."""
    return status in expect or f"{status // 100}xx" in expect


def parse_retry_after(value: str | None, now: datetime, longest: timedelta) -> timedelta | None:
    """How long a server asks to be left alone (RFC 9110 section 10.2.3): seconds, or a date.

    Returns:
        None when it does not ask, or not in a way that can be understood; never more than `longest`.
    """
    if value is None:
        return None
    text = value.strip()
    if text.isascii() and text.isdigit():
        digits = text.lstrip("0")
        return (
            longest
            if len(digits) >= _TOO_MANY_DIGITS
            else min(timedelta(seconds=int(digits or "0")), longest)
        )
    try:
        moment = parsedate_to_datetime(text)
        wait = moment.replace(tzinfo=moment.tzinfo or UTC) - now
    except (ValueError, OverflowError, TypeError):
        return None
    return min(max(wait, timedelta(0)), longest)
