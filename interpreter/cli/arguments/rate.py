"""The option `--rate` says how many things are begun in a second."""

from __future__ import annotations

import click

LOWEST_RATE = 0.001
"""One in about a quarter of an hour. With less, a command would seem to hang."""


def parse_rate_option(text: str) -> float:
    """Read a rate.

    Raises:
        click.BadParameter: the text is no number from `LOWEST_RATE` on.
    """
    try:
        rate = float(text)
    except ValueError:
        rate = 0.0
    if not LOWEST_RATE <= rate < float("inf"):
        raise click.BadParameter(f'"{text}" is not a number from {LOWEST_RATE} on')
    return rate
