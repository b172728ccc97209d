"""Which answers are worth another attempt, and when (chapter 7.1.3; RFC 9110)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

RETRYABLE = frozenset({408, 425, 429})
"""Request Timeout, Too Early, Too Many Requests; every 5xx besides."""


def is_retryable(status: int) -> bool:
    """Whether the same request may be answered better later."""
    return status in RETRYABLE or status >= 500


def is_expected(status: int, expect: list[int | str]) -> bool:
    """Whether a status, or its class (`2xx`), is among the expected."""
    return status in expect or f"{status // 100}xx" in expect


def retry_after(value: str | None, now: datetime, longest: timedelta) -> timedelta | None:
    """How long a server asks to be left alone (RFC 9110 section 10.2.3): seconds, or a date.

    Returns:
        None when it does not ask, or not in a way that can be understood; never more than `longest`.
    """
    if value is None:
        return None
    text = value.strip()
    if text.isascii() and text.isdigit():
        return min(timedelta(seconds=min(int(text), 10**9)), longest)
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    wait = moment.replace(tzinfo=moment.tzinfo or UTC) - now
    return min(max(wait, timedelta(0)), longest)
