"""People write durations as `500ms`, `30s`, `1h30m`, `2d`, or as ISO 8601's `PT30S`."""

from __future__ import annotations

import re
from datetime import timedelta

_AMOUNT = r"[0-9]{1,8}(?:\.[0-9]{1,3})?"
"""It has at most three decimals, because nothing is shorter than a millisecond."""
_SHORT = rf"(?:({_AMOUNT})d)?(?:({_AMOUNT})h)?(?:({_AMOUNT})m)?(?:({_AMOUNT})s)?(?:([0-9]{{1,8}})ms)?"
_ISO = rf"P(?:({_AMOUNT})D)?(?:T(?:({_AMOUNT})H)?(?:({_AMOUNT})M)?(?:({_AMOUNT})S)?)?"
_UNITS = ("days", "hours", "minutes", "seconds", "milliseconds")


def _build_grammar(needs: str) -> str:
    return re.sub(r"\((?!\?)", "(?:", rf"(?=.*{needs})(?:{_SHORT}|{_ISO})")


PATTERN = f"^{_build_grammar('[0-9]')}$"
"""The whole grammar as one regular expression. The JSON Schema and `parse_duration` share it."""

POSITIVE_PATTERN = f"^{_build_grammar('[1-9]')}$"
"""The grammar of durations that must be longer than zero (timeouts, intervals)."""

EXAMPLES = ("500ms", "30s", "5m", "1h30m", "2d", "PT30S")

_DURATION = re.compile(_build_grammar("[0-9]"))
_AMOUNTS = re.compile(f"{_SHORT}|{_ISO}")


def parse_duration(text: str) -> timedelta:
    """Read a duration. The smallest unit is one millisecond.

    Raises:
        ValueError: `text` is not a duration.
    """
    match = _AMOUNTS.fullmatch(text)
    if match is None or not _DURATION.fullmatch(text):
        raise ValueError(f"not a duration: {text!r}")
    short, iso = match.groups()[:5], match.groups()[5:]
    amounts = short if any(short) else (*iso, None)
    return timedelta(**{unit: float(amount or 0) for unit, amount in zip(_UNITS, amounts, strict=True)})


def format_duration(duration: timedelta) -> str:
    """Write a duration in the short form, largest unit first: `1h30m`, `500ms`, `0s`."""
    left = duration // timedelta(milliseconds=1)
    parts: list[str] = []
    for unit, size in (("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)):
        amount, left = divmod(left, size)
        if amount:
            parts.append(f"{amount}{unit}")
    return "".join(parts) or "0s"
