"""A run that waits does not keep the message with which it was started.

temporalio keeps parts of that message as long as the run is in the cache of its worker: memo, headers, and the
result of the run before it. Each part of a message keeps the whole of it in memory. This one has the text of the
definition four times, for temporalio copies all payloads in each of three steps of decoding. So the parts are
replaced by copies. That changes nothing of what the run sees. The arguments are forgotten by the workflow itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import cast

from temporalio.api.common.v1 import Memo, Payload, Payloads
from temporalio.worker import (
    ExecuteWorkflowInput,
    UnsandboxedWorkflowRunner,
    WorkflowInstance,
    WorkflowInstanceDetails,
)


class LeanRunner(UnsandboxedWorkflowRunner):
    """A runner of temporalio for workflows outside of its sandbox, which detaches their start."""

    def create_instance(self, det: WorkflowInstanceDetails) -> WorkflowInstance:
        """Create the instance of a workflow."""
        result = Payloads()
        result.CopyFrom(det.last_completion_result)
        for payloads in (det.info.raw_memo, det.info.headers):
            cast("dict[str, Payload]", payloads).update(_copy(payloads))  # temporalio has made a dict of each
        return super().create_instance(replace(det, last_completion_result=result))


def detach_headers(input: ExecuteWorkflowInput) -> None:
    """Replace the headers of a run by copies."""
    input.headers = _copy(input.headers)


def _copy(payloads: Mapping[str, Payload]) -> dict[str, Payload]:
    copies = Memo()  # a message that has them all
    for name, payload in payloads.items():
        copies.fields[name].CopyFrom(payload)
    return dict(copies.fields)
