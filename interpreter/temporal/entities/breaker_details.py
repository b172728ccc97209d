"""Tell people what an entity knows of its breakers: as data, and in Temporal's UI."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from dsl.scalars.time import format_time
from interpreter.program.model_json import encode_model
from interpreter.shared_breaker.authority import SharedBreaker
from interpreter.shared_breaker.group import BreakerGroup

SHOWN_IN_UI = 20
"""So many breakers, and so many transitions of each, are told in Temporal's UI."""


def show_group(name: str, group: BreakerGroup, now: datetime) -> dict[str, Any]:
    """All that is known of the breakers of one name, as `stepfile breaker show` shows it."""
    return {
        "name": name,
        "settings": encode_model(group.settings),
        "settings_since": format_time(group.stamped.since) if group.has_settings else None,
        "breakers": [
            _show_breaker(key, one, len(group.waiters.get(key, ())), now)
            for key, one in group.breakers.items()
        ],
    }


def _show_breaker(key: str, one: SharedBreaker, waiting: int, now: datetime) -> dict[str, Any]:
    view, order = one.look(now), one.order
    return {
        "key": key or None,
        "state": view.state.value,
        "open_until": format_time(view.open_until) if view.open_until is not None else None,
        "generation": view.generation,
        "probes_under_way": len(one.leases),
        "waiting_steps": waiting,
        "order": None
        if order is None
        else {
            "command": order.command.value,
            "by": order.by,
            "reason": order.reason,
            "until": format_time(order.until) if order.until is not None else None,
        },
        **one.past.to_json(),
    }


def describe_breakers(shown: Mapping[str, Any]) -> str:
    """Tell it as Markdown, shortened."""
    lines = [f"### Circuit breaker {shown['name']}"]
    for each in shown["breakers"][-SHOWN_IN_UI:]:
        key = f" ({each['key']})" if each["key"] is not None else ""
        until = f" until {each['open_until']}" if each["open_until"] else ""
        lines.append(f"- **{each['state']}**{key}{until}; {each['waiting_steps']} steps wait")
        for change in each["transitions"][-SHOWN_IN_UI:]:
            by = f", by {change['by']}" if change["by"] else ""
            lines.append(f"  - {change['at']}: {change['before']} → {change['after']}: {change['cause']}{by}")
    return "\n".join(lines)
