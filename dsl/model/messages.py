"""A run can be sent messages and asked questions. Steps wait for messages, and send them."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from dsl.model.common import DeadlineStep
from dsl.model.model import Model, key
from dsl.model.values import (
    Condition,
    Identifier,
    JsonSchema,
    Many,
    Maybe,
    PositiveDurationOrExpression,
    Result,
    Value,
    Word,
)

MessageName = Word
Names = Annotated[Many[MessageName], Field(min_length=1)]


class SignalDeclaration(Model):
    """Declare a signal that the run takes."""

    noun = "a signal"

    schema_: Maybe[JsonSchema] = key(
        "JSON Schema (2020-12) of the payload. One that does not fit is refused: logged, counted in `status`, and "
        "never seen by the steps.",
        example={"type": "object", "required": ["by"]},
        default=None,
        alias="schema",
    )


class UpdateDeclaration(Model):
    """Declare an update that the run takes: a message with an answer."""

    noun = "an update"

    schema_: Maybe[JsonSchema] = key(
        "JSON Schema (2020-12) of the payload. One that does not fit is refused before it is part of the history.",
        example={"type": "object", "required": ["items"]},
        default=None,
        alias="schema",
    )
    when: Maybe[Condition] = key(
        "Expression, of `payload` too; when it is false the update is refused before it is part of the history.",
        example="vars.open",
        default=None,
    )
    set: dict[Identifier, Value] = key(
        "Variables and their new values.",
        example={"total": "${ vars.total + payload.amount }"},
        default={},
        min_length=1,
    )
    until: Maybe[Condition] = key(
        "Expression; the answer waits until it is true.",
        example="steps.reserve.status == 'completed'",
        default=None,
    )
    result: Maybe[Result] = key("The answer; without it null.", example="vars.total", default=None)


class Awaited(Model):
    """Say which messages a `wait_for` waits for."""

    noun = '"wait_for"'

    signal: Maybe[MessageName] = key(
        "A signal or an update. The result is its payload.", example="approved", default=None
    )
    any: Many[MessageName] = key(
        "The first of these. The result is `{signal, payload}`.",
        example=["approved", "declined"],
        default=(),
        min_length=1,
    )
    all: Many[MessageName] = key(
        "One of each. The result is a map of name → payload.",
        example=["paid", "packed"],
        default=(),
        min_length=1,
    )
    match: Maybe[Condition] = key(
        "Expression, of `payload` and `signal` too; a message for which it is false is left for others.",
        example="payload.order_id == input.order_id",
        default=None,
    )
    timeout: Maybe[PositiveDurationOrExpression] = key(
        "How long to wait before the step fails with Timeout.WaitFor, or an expression that yields a duration.",
        example="24h",
        default=None,
    )

    @property
    def names(self) -> tuple[str, ...]:
        """List all messages that it waits for."""
        return self.all or self.any or (self.signal or "",)


class WaitForStep(DeadlineStep):
    """Wait for a message."""

    noun = "a wait_for step"
    kind = "wait_for"

    wait_for: Awaited = key(
        "The message: one `signal`, the first of `any`, or `all`. Messages that came before are not lost.",
        example={"signal": "approved", "timeout": "24h"},
    )


class SignalToSend(Model):
    """Say which signal is sent, and to which workflow."""

    noun = '"signal"'

    workflow_id: Value = key("Id of the workflow.", example="cart-${ input.customer }")
    name: Word = key("Name of the signal.", example="add_item")
    args: Maybe[Value] = key(
        "A list is the positional arguments; anything else is one argument.",
        example=[{"sku": "${ input.sku }"}],
        default=None,
    )


class SignalStep(DeadlineStep):
    """Send a signal to another workflow."""

    noun = "a signal step"
    kind = "signal"

    signal: SignalToSend = key(
        "The signal. The step has completed when the server has accepted it.",
        example={"workflow_id": "cart-17", "name": "add_item", "args": [{"sku": "A1"}]},
    )
