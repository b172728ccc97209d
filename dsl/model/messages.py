"""A run can be sent messages and asked questions. Steps wait for messages, and send them."""

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
    """Declare a signal that a run accepts."""

    noun = "a signal"

    schema_: Maybe[JsonSchema] = key(
        "JSON Schema (2020-12) of the payload. A signal whose payload does not fit is refused: it is logged and "
        "counted in `status`, and no step ever sees it.",
        example={"type": "object", "required": ["by"]},
        default=None,
        alias="schema",
    )


class UpdateDeclaration(Model):
    """Declare an update that a run accepts. An update is a message with an answer."""

    noun = "an update"

    schema_: Maybe[JsonSchema] = key(
        "JSON Schema (2020-12) of the payload. An update whose payload does not fit is refused before it becomes "
        "part of the history.",
        example={"type": "object", "required": ["items"]},
        default=None,
        alias="schema",
    )
    when: Maybe[Condition] = key(
        "Expression, which can also read `payload`. If it is false, the update is refused before it becomes part of "
        "the history.",
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
        "Expression. The update is answered as soon as it is true.",
        example="steps.reserve.status == 'completed'",
        default=None,
    )
    result: Maybe[Result] = key(
        "Expression whose value is the answer. Without it, the answer is null.",
        example="vars.total",
        default=None,
    )


class Awaited(Model):
    """Say which messages a `wait_for` waits for."""

    noun = '"wait_for"'

    signal: Maybe[MessageName] = key(
        "The signal or update to wait for. The result of the step is its payload.",
        example="approved",
        default=None,
    )
    any: Many[MessageName] = key(
        "Several signals or updates; the step waits for the first one. The result of the step is `{signal, "
        "payload}`.",
        example=["approved", "declined"],
        default=(),
        min_length=1,
    )
    all: Many[MessageName] = key(
        "Several signals or updates; the step waits for one of each. The result of the step is a map of name → "
        "payload.",
        example=["paid", "packed"],
        default=(),
        min_length=1,
    )
    match: Maybe[Condition] = key(
        "Expression, which can also read `payload` and `signal`. A message for which it is false is left for other "
        "steps.",
        example="payload.order_id == input.order_id",
        default=None,
    )
    timeout: Maybe[PositiveDurationOrExpression] = key(
        "How long to wait: a duration, or an expression that yields one. After that the step fails with "
        "`Timeout.WaitFor`.",
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
        "What to wait for: one `signal`, the first of `any`, or one of each of `all`. Messages that came before the "
        "step began are not lost.",
        example={"signal": "approved", "timeout": "24h"},
    )


class SignalToSend(Model):
    """Say which signal is sent, and to which workflow."""

    noun = '"signal"'

    workflow_id: Value = key("Id of the workflow.", example="cart-${ input.customer }")
    name: Word = key("Name of the signal.", example="add_item")
    args: Maybe[Value] = key(
        "The arguments. A list holds the positional arguments; any other value is the only argument.",
        example=[{"sku": "${ input.sku }"}],
        default=None,
    )


class SignalStep(DeadlineStep):
    """Send a signal to another workflow."""

    noun = "a signal step"
    kind = "signal"

    signal: SignalToSend = key(
        "The signal to send. The step completes when the server has accepted the signal.",
        example={"workflow_id": "cart-17", "name": "add_item", "args": [{"sku": "A1"}]},
    )
