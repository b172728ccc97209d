"""Record the histories of runs that write search attributes, which the replay tests replay.

python -m tests.replay.record_indexed
"""

from __future__ import annotations

import asyncio

from temporalio.client import Client

from interpreter.temporal.client.search_attributes import register_search_attributes
from interpreter.temporal.dev_server.server import run_dev_server
from tests.replay.record import HISTORIES, IDENTITY, without_paths
from tests.temporal.runs.mixed_runs import Mixed, run_all, serve

INDEXED_HISTORIES = HISTORIES / "indexed"

RUNS = (
    Mixed("failed-not-undone-and-with-a-letter", "late", letter=True, undo="fails"),
    Mixed("completed-with-a-letter", letter=True),
)


async def record_indexed() -> None:
    """Let runs go wrong on a server that has the attributes, and write their histories."""
    async with run_dev_server() as server:
        client = await Client.connect(server.address, identity=IDENTITY)
        await register_search_attributes(client)
        async with serve(client, "stepfile"):
            await run_all(client, "stepfile", RUNS)
        for run in RUNS:
            history = await client.get_workflow_handle(run.id).fetch_history()
            file = INDEXED_HISTORIES / f"{run.id}.json"
            file.write_text(without_paths(history.to_json()) + "\n", encoding="utf-8")


if __name__ == "__main__":
    asyncio.run(record_indexed())
