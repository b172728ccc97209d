"""What is said of a request that Temporal has not carried out does not claim more than is known."""

from __future__ import annotations

import pytest
from temporalio.service import RPCError, RPCStatusCode

from interpreter.temporal.client.rpc_errors import describe_rpc_error, is_answer_lost

LOST = {"CANCELLED", "UNKNOWN", "DEADLINE_EXCEEDED", "INTERNAL", "UNAVAILABLE"}


@pytest.mark.parametrize("status", [each for each in RPCStatusCode if each is not RPCStatusCode.OK])
def test_only_an_answer_that_has_come_is_a_refusal(status: RPCStatusCode) -> None:
    error = RPCError("no", status, b"")
    what = "Temporal has not answered" if status.name in LOST else "Temporal refused"
    assert describe_rpc_error(error) == f"{what}: no ({status.name})"
    assert is_answer_lost(error) is (status.name in LOST)
