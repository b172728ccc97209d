"""Who reads which events of a history."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TypeAlias

from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent

from interpreter.wording import Line

Handler: TypeAlias = Callable[[HistoryEvent], Awaitable[Sequence[Line]]]
"""Puts one event into words. Most events are only worth remembering, until a later one tells how it went on."""

Handlers: TypeAlias = Mapping[EventType.ValueType, Handler]
