"""What may be wrong with a shared circuit breaker, or with an order for it."""

from __future__ import annotations

from interpreter.temporal.problem import TemporalProblem


class BreakerProblem(TemporalProblem):
    """There is no such circuit breaker, or nobody carries out what is asked of it."""


class UnknownBreaker(BreakerProblem):
    """Nothing is known of the breaker: nobody has called behind it for a while."""
