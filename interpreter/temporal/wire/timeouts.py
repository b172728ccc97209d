"""Temporal's kinds of timeouts, by the names that definitions have for them."""

from __future__ import annotations

from temporalio.exceptions import TimeoutType

TIMEOUT_NAMES = {
    TimeoutType.START_TO_CLOSE: "StartToClose",
    TimeoutType.SCHEDULE_TO_CLOSE: "ScheduleToClose",
    TimeoutType.SCHEDULE_TO_START: "ScheduleToStart",
    TimeoutType.HEARTBEAT: "Heartbeat",
}
