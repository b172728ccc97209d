"""Record the histories that the replay tests replay: one of every rehearsal, from a real server.

    make record
    python -m tests.replay.record approval saga     # those of these definitions only

Recorded, never written by hand: a history without the flags that the core wrote into it replays green whatever
the code does.
"""

from __future__ import annotations

import asyncio
import re
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from temporalio.client import Client

from interpreter.temporal.dev_server.server import run_dev_server
from tests.support.cases import DEFINITIONS, RunCase, run_cases
from tests.support.ending import check
from tests.support.server_world import run_on_server

HISTORIES = Path(__file__).parents[1] / "histories"
IDENTITY = "recorder"
AT_ONCE = 16
"""Runs at the same time: more would make a run late on two cores."""


async def record(names: Sequence[str] = ()) -> None:
    """Run every rehearsal, or those of the definitions with these names, and write its history; what is not rehearsed
    any more is removed."""
    rehearsals = [case for case in run_cases() if case.file.parent == DEFINITIONS]
    kept = {history_file(case) for case in rehearsals if names and case.file.stem not in names}
    cases = [case for case in rehearsals if history_file(case) not in kept]
    async with run_dev_server() as server:
        client = await Client.connect(server.address, identity=IDENTITY)
        for old in {*HISTORIES.glob("*.json")} - kept:
            old.unlink()
        turns = asyncio.Semaphore(AT_ONCE)
        failed = [
            each for each in await asyncio.gather(*(_try(case, client, turns) for case in cases)) if each
        ]
    if failed:
        sys.exit(f"not recorded: {', '.join(failed)}")


async def _try(case: RunCase, client: Client, turns: asyncio.Semaphore) -> str | None:
    """Record one history; its name if the run did not go as the rehearsal says."""
    async with turns:
        try:
            await _record(case, client)
        except Exception as error:
            print(f"{_slug(case.id)}: {type(error).__name__}: {error}", file=sys.stderr)
            return _slug(case.id)
    return None


def history_file(case: RunCase) -> Path:
    """Where the history of a rehearsal is kept."""
    return HISTORIES / f"{_slug(case.id)}.json"


async def _record(case: RunCase, client: Client) -> None:
    workflow_id = _slug(case.id)
    check(case, await run_on_server(case, client, workflow_id))
    history = await client.get_workflow_handle(workflow_id).fetch_history()
    text = history.to_json().replace(tempfile.gettempdir(), "")
    history_file(case).write_text(without_paths(text) + "\n", encoding="utf-8")
    print(f"{history_file(case).name}: {len(history.events)} events", file=sys.stderr)


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def without_paths(text: str) -> str:
    """Stack traces name the files of this machine; only the part inside the project says anything."""
    root = str(Path(__file__).parents[2])
    site = re.compile(r'File \\"[^"]*/(site-packages/[^"]*)\\"')
    python = re.compile(r'File \\"[^"]*/(lib/python[0-9.]*/[^"]*)\\"')
    return python.sub(r'File \\"\1\\"', site.sub(r'File \\"\1\\"', text.replace(f"{root}/", "")))


if __name__ == "__main__":
    asyncio.run(record(sys.argv[1:]))
