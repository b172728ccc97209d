"""Run the drill, print its numbers, and draw them: `make drill`.

`DRILL_DOWN` is how many seconds the service is down: 60, or fewer for a quick look. Arguments choose among the
variants. With `DRILL_PAGE`, a folder, the plot and what it shows are written there. Variants that were not chosen are
shown as they were measured before.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import tempfile
import time
from asyncio.subprocess import DEVNULL, PIPE
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from temporalio.client import WorkflowHandle

from benchmarks.drill.plot import draw
from benchmarks.drill.result import Drill, Seconds, measure
from benchmarks.drill.variants import VARIANTS
from interpreter.temporal.dev_server.server import DevServer, run_dev_server
from stepfile import prepare, read_text, start

PROCESSES = 4
RATE = 20
"""Runs that begin in a second."""
BEFORE, AFTER = 10, 1.5
"""Seconds of the drill before the outage, and how many times as long as the outage runs begin after it."""
PATIENCE = 300
"""Seconds until the last run must have ended."""


async def main() -> None:
    """Run all variants, and write what was measured."""
    down = int(os.environ.get("DRILL_DOWN", "60"))
    drills: dict[str, Drill] = {}
    chosen = {name: VARIANTS[name] for name in sys.argv[1:]} or VARIANTS
    for name, text in chosen.items():
        print(f"{name}: {BEFORE} s well, {down} s down, {AFTER * down} s after ...", file=sys.stderr)
        drills[name] = await _drill(text, down)
        print(f"{name}: {json.dumps(measure(drills[name], RATE))}", file=sys.stderr)
    numbers = {name: measure(drill, RATE) for name, drill in drills.items()}
    print(json.dumps(numbers, indent=2))
    folder = os.environ.get("DRILL_PAGE")
    if folder:
        _write_page(Path(folder), {name: drill.summarize() for name, drill in drills.items()})


def _write_page(folder: Path, shown: dict[str, Seconds]) -> None:
    data = folder / "outage-drill.json"
    known = json.loads(data.read_text(encoding="utf-8")) if data.exists() else {}
    all_of_them = known | {name: seconds.to_json() for name, seconds in shown.items()}
    data.write_text(json.dumps(all_of_them) + "\n", encoding="utf-8")
    drawn = {name: Seconds.from_json(all_of_them[name]) for name in VARIANTS if name in all_of_them}
    (folder / "outage-drill.svg").write_text(draw(drawn, RATE), encoding="utf-8")


async def _drill(text: str, down: int) -> Drill:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "up").touch()
        async with run_dev_server() as server, AsyncExitStack() as workers:
            for _ in range(PROCESSES):
                await _start_worker(workers, server, folder)
            return await _offer(server, text, folder, down)


async def _start_worker(workers: AsyncExitStack, server: DevServer, folder: Path) -> None:
    arguments = ("-m", "benchmarks.drill.worker", server.address, "drill", str(folder))
    process = await asyncio.create_subprocess_exec(sys.executable, *arguments, stdout=PIPE, stderr=DEVNULL)

    async def end() -> None:
        process.kill()
        await process.wait()

    workers.push_async_callback(end)
    assert process.stdout is not None
    await process.stdout.readline()


async def _offer(server: DevServer, text: str, folder: Path, down: int) -> Drill:
    """Start a run every so often, and let the service go down and come back meanwhile."""
    client, submission = await server.connect(), prepare(read_text(text))
    runs: list[asyncio.Task[WorkflowHandle[Any, Any]]] = []
    began = time.time()
    down_at, up_at = began + BEFORE, began + BEFORE + down
    is_down = is_up_again = False
    next_at = began
    while (now := time.time()) < up_at + AFTER * down:
        if now >= down_at and not is_down:
            is_down = True
            (folder / "up").unlink()
        if now >= up_at and not is_up_again:
            is_up_again = True
            (folder / "up").touch()
        starting = start(client, submission, workflow_id=f"drill-{len(runs)}", task_queue="drill")
        runs.append(asyncio.create_task(starting))
        # A machine that has stood still does not make up for it: the peak would be that of this program.
        next_at = max(next_at + 1 / RATE, now)
        await asyncio.sleep(next_at - time.time())
    handles = await asyncio.gather(*runs)
    async with asyncio.timeout(PATIENCE):
        for handle in handles:  # one after the other: a server takes only so many long polls
            await handle.result()
    lines = [line.split() for line in (folder / "ledger").read_text().splitlines()]
    events = [(await handle.describe()).history_length for handle in handles]
    return Drill(down_at, up_at, [(float(at), state == "up") for at, state in lines], len(runs), events)


if __name__ == "__main__":
    asyncio.run(main())
