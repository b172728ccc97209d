"""Activities that behave as a case says.

They are plain functions, and run on the fake as they are. For a real worker they are made into activities of Temporal
by `tests.support.temporal_activities`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from dsl.scalars.duration import parse_duration
from tests.support.fake_attempt import ActivityFailed, send_heartbeat


@dataclass
class Script:
    """What each activity does at its first attempt, its second, ...; the last behaviour repeats.

    A behaviour is a map: `ok: VALUE` (default null), `fail: {type, message, details, non_retryable,
    next_retry_delay}`; `takes: DURATION` before either; `deaf: true` to ignore a request to stop.
    """

    behaviours: Mapping[str, list[dict[str, Any]]]
    calls: list[str] = field(default_factory=list)
    """Name of each attempt that has started, in order."""
    arguments: list[list[Any]] = field(default_factory=list)
    finished: list[str] = field(default_factory=list)
    heartbeat: Callable[[], None] = send_heartbeat
    """Is called again and again while a behaviour takes its time."""

    def activities(self) -> dict[str, Callable[..., Any]]:
        """The activities, by their names."""
        return {name: self._activity(name) for name in self.behaviours}

    def _activity(self, name: str) -> Callable[..., Any]:
        async def scripted(*args: Any) -> Any:
            behaviour = self._next(name)
            self.calls.append(name)
            self.arguments.append(list(args))
            await self._take(behaviour)
            self.finished.append(name)
            if "fail" in behaviour:
                raise _error(behaviour["fail"] or {})
            return behaviour.get("ok")

        return scripted

    def _next(self, name: str) -> dict[str, Any]:
        behaviours = self.behaviours[name] or [{}]
        return behaviours[min(self.calls.count(name), len(behaviours) - 1)]

    async def _take(self, behaviour: dict[str, Any]) -> None:
        seconds = parse_duration(behaviour.get("takes", "0s")).total_seconds()
        loop = asyncio.get_running_loop()
        ends = loop.time() + seconds
        while (left := ends - loop.time()) > 0:
            try:
                await asyncio.sleep(min(left, 0.2))
                if not behaviour.get("deaf"):
                    self.heartbeat()
            except asyncio.CancelledError:
                if not behaviour.get("deaf"):
                    raise


def _error(said: dict[str, Any]) -> ActivityFailed:
    delay = said.get("next_retry_delay")
    return ActivityFailed(
        said.get("message", "scripted"),
        said.get("type", "Scripted"),
        details=said.get("details"),
        non_retryable=said.get("non_retryable", False),
        retry_after=parse_duration(delay) if delay else None,
    )
