"""What holds for an activity: its own words over the definition's defaults, key by key."""

from __future__ import annotations

from typing import TypeVar

from dsl.model import (
    ActivityStep,
    ActivityTimeouts,
    BreakerReference,
    BundledDefinition,
    Definition,
    RetryPolicy,
    RetryRef,
    ServiceStep,
    Step,
    WorkflowTimeouts,
)
from dsl.model.model import Model

M = TypeVar("M", bound=Model)


def resolve_activity_timeouts(definition: Definition, own: ActivityTimeouts | None) -> ActivityTimeouts:
    """The timeouts of an activity step; a deadline is a step's own and never a default."""
    return overlay(definition.defaults.timeouts or ActivityTimeouts(), own)


def resolve_activity_retry(definition: Definition, own: RetryRef | None) -> RetryPolicy:
    """The retry policy of an activity step. A named policy stands alone."""
    if isinstance(own, str):
        return resolve_retry_policy(definition, own)
    return overlay(resolve_retry_policy(definition, definition.defaults.retry), own)


def resolve_compensation_retry(definition: Definition, own: RetryRef | None) -> RetryPolicy:
    """The retry policy of a compensation: its own, else the saga's, else Temporal's default (no limit)."""
    return resolve_retry_policy(definition, own if own is not None else definition.saga.retry)


def resolve_circuit_breaker(definition: Definition, step: Step) -> BreakerReference | None:
    """The circuit breaker of a step: its own, else the default of those that call a service. A local activity calls
    none, and can't have one."""
    if not isinstance(step, ServiceStep) or (isinstance(step, ActivityStep) and step.local):
        return None
    ref = step.circuit_breaker if step.circuit_breaker is not None else definition.defaults.circuit_breaker
    return BreakerReference(name=ref) if isinstance(ref, str) else ref


def resolve_child_timeouts(child: BundledDefinition | None, own: WorkflowTimeouts | None) -> WorkflowTimeouts:
    """The timeouts of a child workflow: a step's over its definition's. The deadline is the child's own business."""
    below = child.timeouts if child is not None else WorkflowTimeouts.model_construct()
    return overlay(below, own)


def resolve_child_retry(
    definition: Definition, child: Definition | None, own: RetryRef | None
) -> RetryPolicy | None:
    """How a child workflow is started again: a step's words over its definition's; None if both are silent."""
    if isinstance(own, str):
        return resolve_retry_policy(definition, own)
    below = (
        resolve_retry_policy(child, child.retry) if child is not None and child.retry is not None else None
    )
    return below if own is None else overlay(below or RetryPolicy.model_construct(), own)


def resolve_retry_policy(definition: Definition, ref: RetryRef | None) -> RetryPolicy:
    """The policy that a name or a policy stands for.

    Raises:
        KeyError: there is no policy of that name (`dsl.rules.retries` reports it before anything runs).
    """
    if ref is None:
        return RetryPolicy()
    return definition.retry_policies[ref] if isinstance(ref, str) else ref


def overlay(below: M, above: M | None) -> M:
    """What is said above, and for the rest what is said below."""
    if above is None:
        return below
    return below.model_copy(update={name: getattr(above, name) for name in above.model_fields_set})
