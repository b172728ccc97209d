"""Say which times, at which runs are to be started, Temporal does not understand; it alone knows all their forms."""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import get_close_matches
from zoneinfo import available_timezones

from temporalio.service import RPCError, RPCStatusCode

from dsl.problems.snippet import make_printable

_CRON_HINT = (
    "write `MIN HOUR DAY MONTH WEEKDAY`, such as `0 9 * * 1-5`, or @hourly, @daily, @weekly, `@every 30m`"
)
_ZONE_HINT = "time zones have the names of the IANA database, such as Europe/Oslo or UTC"

_REFUSAL = re.compile(r"(?:Invalid schedule spec: |invalid CronSchedule(?:, |\.?$))(.*)", re.DOTALL)
"""What a server says of a schedule, or of a cron workflow; at the end is the reason, which may be missing."""

_UNKNOWN_ZONE = re.compile(r"unknown time zone (.*)|time: invalid location name", re.DOTALL)


def explain_refused_times(
    error: RPCError, cron: Sequence[str], time_zone: str | None = None
) -> tuple[str, str] | None:
    """Say that Temporal does not understand a cron expression, or that it does not know a time zone.

    Args:
        error: What a server has answered.
        cron: The cron expressions that it was sent.
        time_zone: Their time zone.

    Returns:
        What it has refused, and what it would take; None if the error is about something else.
    """
    refusal = _REFUSAL.fullmatch(error.message)
    if error.status is not RPCStatusCode.INVALID_ARGUMENT or refusal is None:
        return None
    reason = refusal[1]
    if zone := _UNKNOWN_ZONE.fullmatch(reason):
        return _explain_zone(zone[1] or time_zone or "")
    if not cron or "interval" in reason.lower():  # which may stand beside cron expressions
        return None
    return _explain_cron(cron, reason)


def _explain_zone(name: str) -> tuple[str, str]:
    zones = available_timezones()
    city = _get_city(name)
    same = [zone for zone in zones if _get_city(zone) == city]
    close = get_close_matches(name, same or zones, n=1, cutoff=0.0 if same else 0.6)
    suggestion = f'did you mean "{close[0]}"? ' if close else ""
    return f'Temporal knows no time zone "{make_printable(name)}"', suggestion + _ZONE_HINT


def _get_city(zone: str) -> str:
    return zone.strip().lower().replace(" ", "_").rpartition("/")[2]


def _explain_cron(cron: Sequence[str], reason: str) -> tuple[str, str]:
    quoted = [f'"{make_printable(each)}"' for each in cron]
    what = "the cron expression" if len(quoted) == 1 else "one of the cron expressions"
    why = f": {make_printable(reason)}" if reason else ""
    return f"Temporal does not understand {what} {', '.join(quoted)}{why}", _CRON_HINT
