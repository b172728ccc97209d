"""Options that are durations are written as durations are in the language."""

from __future__ import annotations

from datetime import timedelta

import click


def parse_duration_option(text: str) -> timedelta:
    """Read a duration such as `30s`, `1h30m` or `PT30S`.

    Raises:
        click.BadParameter: the text is not a duration.
    """
    from dsl.scalars.duration import EXAMPLES, parse_duration

    try:
        return parse_duration(text)
    except ValueError:
        raise click.BadParameter(
            f'"{text}" is not a duration; write for example {", ".join(EXAMPLES)}'
        ) from None
