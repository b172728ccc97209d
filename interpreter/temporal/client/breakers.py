"""Look at shared circuit breakers, and give them orders: what an operator does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from temporalio.client import (
    Client,
    WithStartWorkflowOperation,
    WorkflowExecution,
    WorkflowExecutionStatus,
    WorkflowQueryFailedError,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.common import WorkflowIDConflictPolicy
from temporalio.service import RPCError, RPCStatusCode

from dsl.problems.snippet import make_printable
from dsl.scalars.text import is_sendable
from interpreter.temporal.client.breaker_orders import check_target, check_terms
from interpreter.temporal.client.breaker_problem import BreakerProblem, UnknownBreaker
from interpreter.temporal.client.decoding import CODEC_HINT, Undecodable, translate_decoding_errors
from interpreter.temporal.client.rpc_errors import describe_rpc_error
from interpreter.temporal.wire.breaker_names import (
    BREAKER_TASK_QUEUE,
    BREAKER_TYPE,
    ID_PREFIX,
    ORDER_UPDATE,
    SHOW_QUERY,
    VIEW_PREFIX,
    build_entity_id,
    build_entity_input,
)

ANSWER_TIMEOUT = timedelta(seconds=5)
"""So long an entity may take to answer."""

LOOK_EVERY = 1.0
"""Seconds between two looks of `watch`."""


UNDECODABLE = "undecodable"
"""The state of a breaker whose workers have a data converter that is not known here."""


@dataclass(frozen=True, slots=True)
class BreakerState:
    """The state of one shared circuit breaker, as workers see it."""

    name: str
    key: str | None
    """None if the breaker has no key."""
    state: str
    """`closed`, `open`, `half_open`, `forced_open` or `disabled`; `UNDECODABLE` if it can't be decoded here."""
    open_until: datetime | None
    """No call goes through before; None if that is not known, or not so."""


async def list_breakers(client: Client) -> list[BreakerState]:
    """List the shared breakers of which something is known, in the order of their names and keys.

    A breaker is known from its first failure on, until nothing was heard of it for an hour. The list needs no worker,
    and is a moment old.
    """
    query = f'WorkflowType = "{BREAKER_TYPE}" AND ExecutionStatus = "Running"'
    found = [state async for each in client.list_workflows(query) for state in await _read_states(each)]
    return sorted(found, key=lambda state: (state.name, state.key or ""))


@dataclass(frozen=True, slots=True)
class BreakerHandle:
    """Looks at the shared breakers of one name, and gives them orders.

    Orders, and `show`, are answered by a Stepfile worker that makes calls behind shared breakers.
    """

    client: Client
    name: str
    key: str | None = None
    """The key of the breaker that is given orders, if it has one."""

    async def show(self) -> Mapping[str, Any]:
        """All that is known: settings, state, orders, the last transitions with their causes, and counters.

        Raises:
            BreakerProblem: there is no such breaker, it can't be decoded here, or no worker answers.
        """
        handle = self.client.get_workflow_handle(build_entity_id(self.name))
        _require_decodable(await self.look())
        try:
            async with asyncio.timeout(ANSWER_TIMEOUT.total_seconds()):
                shown: Mapping[str, Any] = await handle.query(SHOW_QUERY, rpc_timeout=ANSWER_TIMEOUT)
        except (TimeoutError, RPCError, WorkflowQueryFailedError):
            raise _nobody_answers(self.name) from None
        return shown

    async def look(self) -> list[BreakerState]:
        """The states of the breakers of this name; this needs no worker.

        Raises:
            BreakerProblem: there is no such breaker.
        """
        if not is_sendable(self.name):
            raise _unknown(self.name)
        handle = self.client.get_workflow_handle(build_entity_id(self.name))
        try:
            described = await handle.describe()
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise BreakerProblem(describe_rpc_error(error)) from error
            raise _unknown(self.name) from None
        if described.status is not WorkflowExecutionStatus.RUNNING:
            raise _unknown(self.name)
        return await _read_states(described)

    async def watch(self) -> AsyncIterator[list[BreakerState]]:
        """The states now, and whenever they have changed. A breaker that is not known has none.

        Raises:
            BreakerProblem: the server refuses to tell.
        """
        last: list[BreakerState] | None = None
        while True:
            try:
                states = await self.look()
            except UnknownBreaker:
                states = []
            if states != last:
                yield states
            last = states
            await asyncio.sleep(LOOK_EVERY)

    async def open(self, reason: str = "", *, lasts: timedelta | None = None) -> None:
        """Let no call through, however well the service is (resilience4j's FORCED_OPEN).

        Args:
            reason: Why, in at most 500 characters; it is kept, with the identity of the client.
            lasts: After this time a probe finds out how the service is; at most 100 years. None: until another order.

        Raises:
            BreakerProblem: no definition can have such a breaker, the order can't be kept, no worker carries it out,
                or the breaker can't be decoded here. Then nothing has changed.
        """
        await self._order("open", reason, lasts)

    async def disable(self, reason: str = "", *, lasts: timedelta | None = None) -> None:
        """Let every call through and count none (resilience4j's DISABLED); else as `open`."""
        await self._order("disable", reason, lasts)

    async def close(self, reason: str = "") -> None:
        """Go on as a breaker that is closed and has counted nothing; this ends other orders. Else as `open`."""
        await self._order("close", reason, None)

    async def reset(self, reason: str = "") -> None:
        """Do as `close`, and forget all transitions before it, and the counters."""
        await self._order("reset", reason, None)

    async def _order(self, command: str, reason: str, lasts: timedelta | None) -> None:
        check_target(self.name, self.key)
        check_terms(reason, lasts)
        with suppress(UnknownBreaker):  # what its workers can't decode would stop the entity for good
            _require_decodable(await self.look())
        message = {
            "key": self.key or "",
            "command": command,
            "by": self.client.service_client.config.identity,
            "reason": reason,
            "lasts": lasts.total_seconds() if lasts is not None else None,
        }
        start: WithStartWorkflowOperation[Any, Any] = WithStartWorkflowOperation(
            BREAKER_TYPE,
            build_entity_input(self.name),
            id=build_entity_id(self.name),
            task_queue=BREAKER_TASK_QUEUE,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        )
        started = asyncio.ensure_future(start.workflow_handle())
        try:
            async with asyncio.timeout(ANSWER_TIMEOUT.total_seconds()):
                # temporalio says `list` without a type in one of the overloads
                await self.client.execute_update_with_start_workflow(  # pyright: ignore[reportUnknownMemberType]
                    ORDER_UPDATE, message, start_workflow_operation=start
                )
        except WorkflowUpdateFailedError as failed:
            raise BreakerProblem(f"the order was refused: {failed.cause}") from failed
        except (TimeoutError, WorkflowUpdateRPCTimeoutOrCancelledError):
            raise _nobody_answers(self.name) from None
        except RPCError as error:
            raise BreakerProblem(describe_rpc_error(error)) from error
        finally:  # temporalio keeps an error for whoever asks for the handle, and complains if nobody does
            started.cancel()
            await asyncio.gather(started, return_exceptions=True)


def _unknown(name: str) -> UnknownBreaker:
    return UnknownBreaker(
        f'nothing is known of a shared circuit breaker "{make_printable(name)}"',
        "it is known from the first call behind it; `stepfile breaker list` shows those that are",
    )


def _nobody_answers(name: str) -> BreakerProblem:
    return BreakerProblem(
        f'no worker answers for the circuit breaker "{make_printable(name)}"',
        "a Stepfile worker answers from its first call behind a shared breaker on",
    )


def _require_decodable(states: Sequence[BreakerState]) -> None:
    """
    Raises:
        BreakerProblem: the states can't be decoded here.
    """
    for each in states:
        if each.state == UNDECODABLE:
            raise BreakerProblem(
                f'the circuit breaker "{make_printable(each.name)}" can\'t be decoded here', CODEC_HINT
            )


async def _read_states(execution: WorkflowExecution) -> list[BreakerState]:
    """The memo of an entity has the state of each breaker. One without any has nothing but closed ones."""
    name = execution.id.removeprefix(ID_PREFIX)
    try:
        with translate_decoding_errors():
            memo = await execution.memo()
    except Undecodable:
        return [BreakerState(name, None, UNDECODABLE, None)]
    told = [
        _read_state(name, each.removeprefix(VIEW_PREFIX), view)
        for each, view in memo.items()
        if each.startswith(VIEW_PREFIX) and view is not None
    ]
    return told or [BreakerState(name, None, "closed", None)]


def _read_state(name: str, key: str, view: Mapping[str, Any]) -> BreakerState:
    until = datetime.fromisoformat(view["open_until"]) if view["open_until"] else None
    return BreakerState(name, key or None, view["state"], until)
