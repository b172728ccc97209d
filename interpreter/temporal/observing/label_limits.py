"""Keeps the number of values of labels small: each one costs whoever stores the metrics."""

from __future__ import annotations

from threading import Lock

from interpreter.temporal.observing.metrics import OTHER, MetricLimits


class LabelLimits:
    """The definitions, steps and shared breakers with labels of their own in a process: first come, first served."""

    def __init__(self, limits: MetricLimits) -> None:
        """
        Args:
            limits: How many there may be.
        """
        self._limits = limits
        self._definitions: set[str] = set()
        self._steps: set[tuple[str, str]] = set()
        self._breakers: set[str] = set()
        self._lock = Lock()

    def admit_definition(self, name: str) -> str:
        """The label for a definition."""
        with self._lock:
            return self._admit_definition(name)

    def admit_step(self, definition: str, step: str) -> tuple[str, str]:
        """The labels for a definition and a step of it."""
        with self._lock:
            label = self._admit_definition(definition)
            if label == OTHER:
                return OTHER, OTHER
            pair = (label, step)
            if pair not in self._steps:
                if len(self._steps) >= self._limits.steps:
                    return label, OTHER
                self._steps.add(pair)
            return pair

    def admit_shared_breaker(self, name: str) -> str:
        """The label for a circuit breaker that runs of all definitions share."""
        with self._lock:
            return _admit(name, self._breakers, self._limits.definitions)

    def _admit_definition(self, name: str) -> str:
        return _admit(name, self._definitions, self._limits.definitions)


def _admit(name: str, admitted: set[str], most: int) -> str:
    if name not in admitted:
        if len(admitted) >= most:
            return OTHER
        admitted.add(name)
    return name
