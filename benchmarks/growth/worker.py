"""A worker runs in a process of its own, and answers what it has used; see `benchmarks.worker`.

It is run as `python -m benchmarks.growth.worker VARIANT ADDRESS`.
"""

from __future__ import annotations

import asyncio
import sys
from enum import Enum

from temporalio.client import Client
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from benchmarks.growth.peer import Peer
from benchmarks.long.activities import add_one
from benchmarks.worker import answer_until_input_ends
from interpreter.cli.process.exit import exit_process
from stepfile import create_worker

CACHED_RUNS = 2_000


class Variant(Enum):
    """A `Variant` is an interpreter; its value is the name of its task queue."""

    YAML = "yaml"
    PEER = "peer"


def make_worker(variant: Variant, client: Client) -> Worker:
    """Make a worker for an interpreter. Both run without the sandbox, with the same activity and cache."""
    if variant is Variant.YAML:
        return create_worker(client, [add_one], task_queue=variant.value, max_cached_workflows=CACHED_RUNS)
    return Worker(
        client,
        task_queue=variant.value,
        workflows=[Peer],
        activities=[add_one],
        workflow_runner=UnsandboxedWorkflowRunner(),
        max_cached_workflows=CACHED_RUNS,
    )


if __name__ == "__main__":
    asyncio.run(
        answer_until_input_ends(lambda client: make_worker(Variant(sys.argv[1]), client), sys.argv[2])
    )
    exit_process(0)
