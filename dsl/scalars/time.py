"""Points in time are written as in RFC 3339."""

from __future__ import annotations

import re
from datetime import UTC, datetime

EXAMPLE = "2027-01-01T09:00:00Z"

_DATE = r"[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
_OF_DAY = r"([01][0-9]|2[0-3]):[0-5][0-9]"
PATTERN = rf"{_DATE}[Tt ]{_OF_DAY}:[0-5][0-9](\.[0-9]{{1,9}})?([Zz]|[+-]{_OF_DAY})"
"""A time of RFC 3339, but it allows for days that a month does not have."""


def parse_time(text: str) -> datetime:
    """Read a time. It must say its offset from UTC.

    Raises:
        ValueError: The text is no time of RFC 3339.
    """
    if not re.fullmatch(PATTERN, text):
        raise ValueError(text)
    seconds, dot, rest = text.partition(".")
    if dot:  # Python reads at most microseconds
        digits = re.match(r"\d+", rest, re.ASCII)
        assert digits
        text = f"{seconds}.{digits[0][:6]:0<6}{rest[digits.end() :]}"
    return datetime.fromisoformat(text.upper()).astimezone(UTC)


def format_time(moment: datetime) -> str:
    """Write a time in UTC with milliseconds, as all times that people see: `2027-01-01T09:00:00.000Z`."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
