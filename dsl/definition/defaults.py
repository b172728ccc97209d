"""What an activity says is laid over the defaults of its definition, key by key."""

from __future__ import annotations

from typing import TypeVar

from dsl.model import (
    ActivityStep,
    ActivityTimeouts,
    BreakerReference,
    BundledDefinition,
    DeadLetterQueue,
    Definition,
    RetryPolicy,
    RetryRef,
    ServiceStep,
    Step,
    WorkflowTimeouts,
)
from dsl.model.dead_letters import DATABASE_ACTIVITY
from dsl.model.model import Model

M = TypeVar("M", bound=Model)

ALERT_ATTEMPTS = 10
"""Attempts of an alert that does not say how many. With Temporal's default waits they last for 327 seconds."""


def resolve_activity_timeouts(definition: Definition, own: ActivityTimeouts | None) -> ActivityTimeouts:
    """Find the timeouts of an activity step. A deadline is a step's own, and never a default."""
    return overlay(definition.defaults.timeouts or ActivityTimeouts(), own)


def resolve_activity_retry(definition: Definition, own: RetryRef | None) -> RetryPolicy:
    """Find the retry policy of an activity step. A named policy stands alone."""
    if isinstance(own, str):
        return resolve_retry_policy(definition, own)
    return overlay(resolve_retry_policy(definition, definition.defaults.retry), own)


def resolve_compensation_retry(definition: Definition, own: RetryRef | None) -> RetryPolicy:
    """Find the retry policy of a compensation.

    That is its own, or that of the saga, or Temporal's default, which has no limit.
    """
    return resolve_retry_policy(definition, own if own is not None else definition.saga.retry)


def resolve_alert_retry(definition: Definition, own: RetryRef | None) -> RetryPolicy:
    """Find the retry policy of an alert. A named policy stands alone; no other is without a limit unless it says so.

    A run waits for its alerts before it ends, and must not wait for ever because a pager is down.
    """
    if isinstance(own, str):
        return resolve_retry_policy(definition, own)
    return overlay(RetryPolicy(maximum_attempts=ALERT_ATTEMPTS), own)


def resolve_circuit_breaker(definition: Definition, step: Step) -> BreakerReference | None:
    """Find the circuit breaker of a step; None if it has none.

    That is its own, or the default of the steps that call a service. A local activity calls none.
    """
    if not isinstance(step, ServiceStep) or (isinstance(step, ActivityStep) and step.local):
        return None
    ref = step.circuit_breaker if step.circuit_breaker is not None else definition.defaults.circuit_breaker
    return BreakerReference(name=ref) if isinstance(ref, str) else ref


def resolve_max_redrives(queue: DeadLetterQueue) -> int | None:
    """Find how often a letter may be redriven in vain; None where an activity of the user keeps letters."""
    return queue.max_redrives if queue.activity in (None, DATABASE_ACTIVITY) else None


def resolve_child_timeouts(child: BundledDefinition | None, own: WorkflowTimeouts | None) -> WorkflowTimeouts:
    """Find the timeouts of a child workflow: those of the step over those of its definition.

    The deadline in the definition is the child's own business.
    """
    below = child.timeouts if child is not None else WorkflowTimeouts.model_construct()
    return overlay(below, own)


def resolve_child_retry(
    definition: Definition, child: Definition | None, own: RetryRef | None
) -> RetryPolicy | None:
    """Find how a child workflow is started again; None if nothing says so.

    What the step says is laid over what the definition of the child says.
    """
    if isinstance(own, str):
        return resolve_retry_policy(definition, own)
    below = (
        resolve_retry_policy(child, child.retry) if child is not None and child.retry is not None else None
    )
    return below if own is None else overlay(below or RetryPolicy.model_construct(), own)


def resolve_retry_policy(definition: Definition, ref: RetryRef | None) -> RetryPolicy:
    """Find the policy that a reference stands for.

    Raises:
        KeyError: There is no policy of that name. `dsl.rules.retries` reports that before anything runs.
    """
    if ref is None:
        return RetryPolicy()
    return definition.retry_policies[ref] if isinstance(ref, str) else ref


def overlay(below: M, above: M | None) -> M:
    """Lay one map over another: what is said above counts, and for the rest what is said below."""
    if above is None:
        return below
    return below.model_copy(update={name: getattr(above, name) for name in above.model_fields_set})
