"""Points in time, as RFC 3339 writes them."""

from __future__ import annotations

import re
from datetime import UTC, datetime

EXAMPLE = "2027-01-01T09:00:00Z"

_RFC_3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)", re.ASCII)


def parse_time(text: str) -> datetime:
    """Read a time; it must say its offset from UTC.

    Raises:
        ValueError: the text is no time of RFC 3339.
    """
    if not _RFC_3339.fullmatch(text):
        raise ValueError(text)
    seconds, dot, rest = text.partition(".")
    if dot:  # Python reads at most microseconds
        digits = re.match(r"\d+", rest, re.ASCII)
        assert digits
        text = f"{seconds}.{digits[0][:6]:0<6}{rest[digits.end() :]}"
    return datetime.fromisoformat(text.upper()).astimezone(UTC)


def format_time(moment: datetime) -> str:
    """Milliseconds, in UTC."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
