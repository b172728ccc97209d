"""The status of a response says whether another attempt is of use, and when (chapter 7.1.3; RFC 9110)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

RETRYABLE = frozenset({408, 425, 429})
"""Request Timeout, Too Early and Too Many Requests. Every 5xx is retryable, too."""

_TOO_MANY_DIGITS = 10
"""A number of seconds with so many digits is longer than any wait. Python refuses to read thousands of digits."""


def is_retryable(status: int) -> bool:
    """Tell whether the same request may succeed later."""
    return status in RETRYABLE or status >= 500


def is_expected(status: int, expect: list[int | str]) -> bool:
    """Tell whether a status, or its class (`2xx`), is among the expected ones."""
    return status in expect or f"{status // 100}xx" in expect


def parse_retry_after(value: str | None, now: datetime, longest: timedelta) -> timedelta | None:
    """Read how long a server asks to wait before the next request (RFC 9110 section 10.2.3).

    Args:
        value: The value of the header: a number of seconds or a date; None if there is no such header.
        now: The time now.
        longest: The longest wait that is returned.

    Returns:
        The wait, or None if the server does not ask for one, or in a way that can't be understood.
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
