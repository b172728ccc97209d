"""A time from which on something is meant: a time, or how long ago that was."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import click


def parse_since_option(text: str) -> datetime:
    """Read a time such as `2027-01-01T09:00:00Z`, a day in UTC, or how long ago it was, such as `2h`.

    Raises:
        click.BadParameter: the text is none of these.
    """
    from dsl.scalars.duration import parse_duration
    from dsl.scalars.time import EXAMPLE, parse_time

    try:
        return parse_time(f"{text}T00:00:00Z" if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text) else text)
    except ValueError:
        pass
    try:
        return datetime.now(UTC) - parse_duration(text)
    except (ValueError, OverflowError):
        raise click.BadParameter(
            f'"{text}" is neither a time nor a duration; write for example {EXAMPLE}, {EXAMPLE[:10]} or 2h'
        ) from None
