"""A duration as an option: in the language's own words."""

from __future__ import annotations

from datetime import timedelta

import click


def parse_duration_option(text: str) -> timedelta:
    """Read `30s`, `1h30m`, `PT30S`.

    Raises:
        click.BadParameter: it is no duration.
    """
    from dsl.scalars.duration import EXAMPLES, parse_duration

    try:
        return parse_duration(text)
    except ValueError:
        raise click.BadParameter(
            f'"{text}" is no duration; write for example {", ".join(EXAMPLES)}'
        ) from None
