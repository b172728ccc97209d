"""Points in time, as RFC 3339 writes them."""

from __future__ import annotations

import re
from datetime import UTC, datetime

EXAMPLE = "2027-01-01T09:00:00Z"

_DATE = r"[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
_OF_DAY = r"([01][0-9]|2[0-3]):[0-5][0-9]"
PATTERN = rf"{_DATE}[Tt ]{_OF_DAY}:[0-5][0-9](\.[0-9]{{1,9}})?([Zz]|[+-]{_OF_DAY})"
"""A time of RFC 3339, but for the days that a month does not have."""


def parse_time(text: str) -> datetime:
    """Read a time; it must say its offset from UTC.

    Raises:
        ValueError: the text is no time of RFC 3339.
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
    """Write a time in UTC with milliseconds: `2027-01-01T09:00:00.000Z`. All times that people see look like this."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
