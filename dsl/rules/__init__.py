"""The rules find what the form of a definition can't express.

There is one file for each group of rules, and one tuple of all of them. A rule is given a whole definition. It yields
problems with paths, and does not know where these are in the text.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from dsl.model import Definition
from dsl.problems.problem import Problem
from dsl.rules.actions import check_actions
from dsl.rules.alerts import check_alerts
from dsl.rules.blocks import check_blocks
from dsl.rules.breaker_waits import check_breaker_waits
from dsl.rules.breakers import check_breakers
from dsl.rules.cancellations import check_cancellations
from dsl.rules.catch import check_catch
from dsl.rules.children import check_children
from dsl.rules.conditions import check_conditions
from dsl.rules.dead_letters import check_dead_letters
from dsl.rules.defaults import check_defaults
from dsl.rules.error_types import check_error_types
from dsl.rules.expressions import check_expressions
from dsl.rules.ids import check_ids
from dsl.rules.local_activities import check_local_activities
from dsl.rules.messages import check_messages
from dsl.rules.requests import check_requests
from dsl.rules.retries import check_retries
from dsl.rules.retry_times import check_retry_times
from dsl.rules.saga import check_saga
from dsl.rules.schemas import check_schemas
from dsl.rules.secrets import check_secrets
from dsl.rules.timeouts import check_timeouts
from dsl.rules.unknown_outcomes import check_unknown_outcomes
from dsl.rules.unlimited_retries import check_unlimited_retries
from dsl.rules.variables import check_variables
from dsl.rules.write_only import check_write_only

RULES: tuple[Callable[[Definition], Iterator[Problem]], ...] = (
    check_ids,
    check_actions,
    check_requests,
    check_blocks,
    check_messages,
    check_local_activities,
    check_defaults,
    check_timeouts,
    check_retries,
    check_saga,
    check_unknown_outcomes,
    check_catch,
    check_error_types,
    check_dead_letters,
    check_alerts,
    check_breakers,
    check_breaker_waits,
    check_children,
    check_schemas,
    check_secrets,
    check_write_only,
    check_variables,
    check_conditions,
    check_expressions,
    check_retry_times,
    check_unlimited_retries,
    check_cancellations,
)
"""What is checked of a definition whose form is right, or was put right."""
