"""A failure is handled only when the retries are over, and without a limit they never are. That is the default.

Some errors are never retried, and get through all the same: those of `http`, those that the policy names, and those
that the code of an activity calls non-retryable. Nobody sees the last ones here. So whoever relies on them says
`maximum_attempts: 0`, or names their types in `catch`.
"""

from __future__ import annotations

from collections.abc import Iterator

from dsl.definition.defaults import (
    resolve_activity_retry,
    resolve_activity_timeouts,
    resolve_circuit_breaker,
    resolve_compensation_retry,
    resolve_retry_policy,
)
from dsl.definition.walk import list_bodies, walk
from dsl.model import (
    LEAVES,
    ActivityAction,
    ActivityCompensation,
    ActivityStep,
    BlockCompensation,
    BlockStep,
    Common,
    Compensation,
    CompensationCommon,
    Definition,
    ForEachStep,
    Pages,
    RepeatStep,
    RetryPolicy,
    ReturnStep,
    SetStep,
    Step,
    WaitForStep,
    WaitStep,
    WaitUntilStep,
)
from dsl.problems.problem import Problem
from dsl.rules.retries import RETRIED_TIMEOUTS
from dsl.scalars.error_types import ANY
from dsl.source.map import Path

_RETRIED = (ANY, *RETRIED_TIMEOUTS)
"""What `catch` may name without naming an error that the code of an activity may call non-retryable."""
_QUIET = (ReturnStep, SetStep, WaitStep, WaitUntilStep)
"""The kinds that can fail only by an expression."""


def check_unlimited_retries(definition: Definition) -> Iterator[Problem]:
    """Warn of `catch`, `dead_letter` and alerts where no failure comes, because it is retried without limit."""
    try:
        yield from _check_steps(definition)
        yield from _check_compensations(definition)
    except KeyError:  # `dsl.rules.retries` reports that there is no such policy
        return


def _check_steps(definition: Definition) -> Iterator[Problem]:
    defaults: list[bool] = []
    for placed in walk(definition):
        step = placed.step
        if not isinstance(step, Common):
            continue
        if isinstance(step, ActivityStep) and step.dead_letter is None and definition.defaults.dead_letter:
            defaults.append(_may_fail(definition, step))
        clauses = [index for index, one in enumerate(step.catch) if all(e in _RETRIED for e in one.errors)]
        if not (clauses or step.dead_letter) or not _retries(step) or _may_fail(definition, step):
            continue
        if clauses:
            yield _report("this clause", (*placed.path, "catch", clauses[0]))
        else:
            yield _report("the dead-letter queue", (*placed.path, "dead_letter"))
    if defaults and not any(defaults):
        yield _report("the dead-letter queue", ("defaults", "dead_letter"))


def _check_compensations(definition: Definition) -> Iterator[Problem]:
    undoing = [p.step for p in walk(definition) if isinstance(p.step, CompensationCommon)]
    may_fail = any(_may_undoing_fail(definition, each) for each in undoing)
    if definition.saga.dead_letter is not None and undoing and not may_fail:
        yield _report("the dead-letter queue", ("saga", "dead_letter"))
    if definition.saga.on_not_undone is not None and undoing and not may_fail:
        yield _report("this alert", ("saga", "on_not_undone"))


def _report(what: str, path: Path) -> Problem:
    return Problem(
        "unlimited-retries",
        f"{what} waits for the last attempt, and there is no limit to the attempts",
        path,
        hint="set retry.maximum_attempts or timeouts.schedule_to_close; maximum_attempts: 0 says that only errors "
        "which are never retried are meant",
        severity="warning",
        at="key",
    )


def _retries(step: Step) -> bool:
    """Tell whether a step calls an activity, or tries itself again. If not, there is nothing to be limited."""
    if isinstance(step, ActivityStep) or (isinstance(step, BlockStep) and step.retry is not None):
        return True
    pages = isinstance(step, ForEachStep) and isinstance(step.for_each, Pages)
    return pages or any(_retries(each) for body in list_bodies(step) for each in body.steps)


def _may_fail(definition: Definition, step: Step) -> bool:
    """Tell whether a step can end with a failure other than one that is never retried."""
    if step.timeouts is not None and step.timeouts.deadline is not None:
        return True
    if isinstance(step, ActivityStep):
        guarded = resolve_circuit_breaker(definition, step) is not None or step.result_schema is not None
        return guarded or _is_limited(definition, step, resolve_activity_retry(definition, step.retry))
    if isinstance(step, WaitForStep):
        return step.wait_for.timeout is not None
    if isinstance(step, LEAVES):
        return not isinstance(step, _QUIET)
    if isinstance(step, BlockStep) and step.retry is not None:
        return _has_limit(resolve_retry_policy(definition, step.retry))
    if isinstance(step, RepeatStep) and step.repeat.maximum_iterations is not None:
        return True
    if isinstance(step, ForEachStep) and isinstance(step.for_each, Pages):
        call = step.for_each.pages
        if _is_limited(definition, call, resolve_activity_retry(definition, call.retry)):
            return True
    return any(_may_fail(definition, each) for body in list_bodies(step) for each in body.steps)


def _may_undoing_fail(definition: Definition, undoing: Compensation) -> bool:
    if isinstance(undoing, ActivityCompensation):
        return _is_limited(definition, undoing, resolve_compensation_retry(definition, undoing.retry))
    if isinstance(undoing, BlockCompensation):
        deadline = undoing.timeouts is not None and undoing.timeouts.deadline is not None
        return deadline or any(_may_fail(definition, each) for each in undoing.steps)
    return True


def _is_limited(definition: Definition, call: ActivityAction, policy: RetryPolicy) -> bool:
    timeouts = resolve_activity_timeouts(definition, call.timeouts)
    waits = timeouts.schedule_to_close or timeouts.schedule_to_start or timeouts.deadline
    return waits is not None or _has_limit(policy)


def _has_limit(policy: RetryPolicy) -> bool:
    """Tell whether a policy says when the retries are over. 0 says that it is meant to be never."""
    named = policy.non_retryable_error_types or any(c.maximum_attempts for c in policy.by_error.values())
    return policy.maximum_attempts is not None or bool(named)
