"""A time from which on something is meant: a time, or how long ago that was."""

from __future__ import annotations

from datetime import UTC, datetime

import click


def parse_since_option(text: str) -> datetime:
    """Read a time such as `2027-01-01T09:00:00Z`, or a duration before now such as `2h`.

    Raises:
        click.BadParameter: the text is neither.
    """
    from dsl.scalars.duration import parse_duration
    from dsl.scalars.time import EXAMPLE, parse_time

    try:
        return parse_time(text)
    except ValueError:
        pass
    try:
        return datetime.now(UTC) - parse_duration(text)
    except (ValueError, OverflowError):
        raise click.BadParameter(
            f'"{text}" is neither a time nor a duration; write for example {EXAMPLE} or 2h'
        ) from None
