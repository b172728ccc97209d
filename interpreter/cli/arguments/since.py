"""The option `--since` takes a time, or a duration before now."""

from __future__ import annotations

from datetime import UTC, datetime

import click


def parse_since_option(text: str) -> datetime:
    """Read a time such as `2027-01-01T09:00:00Z`, or a duration such as `24h` before now.

    Raises:
        click.BadParameter: the text is neither.
    """
    from dsl.scalars.duration import parse_duration
    from dsl.scalars.time import EXAMPLE, parse_time

    try:
        return datetime.now(UTC) - parse_duration(text)
    except (ValueError, OverflowError):
        pass
    try:
        return parse_time(text)
    except ValueError:
        raise click.BadParameter(
            f'"{text}" is neither a duration nor a time; write for example 24h, 7d or {EXAMPLE}'
        ) from None
