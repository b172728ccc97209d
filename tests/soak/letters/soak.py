"""The soak runs a definition with many items, kills workers meanwhile, and redrives with the command."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from temporalio.client import Client, WorkflowHandle
from temporalio.service import RPCError

from dsl.reading.reader import read_text
from interpreter.letters.status import LetterStatus
from interpreter.letters.summary import LetterSummary
from stepfile import LetterFilter, list_letters, prepare, start
from tests.soak.cluster import TASK_QUEUE, Cluster
from tests.soak.ledger import Ledger
from tests.soak.letters.activities import REFUSED
from tests.soak.letters.sinks import IN_TEMPORAL, Sink
from tests.support.processes import STEPFILE
from tests.support.waiting import until

DEFINITION = Path(__file__).parent / "items.yaml"
QUEUE = "unpaid"
RUN = "letters"
DEADLINE = 1800.0
"""How many seconds the run, or the command, may take."""


@dataclass(slots=True)
class LetterReport:
    """A `LetterReport` says how the soak has ended."""

    items: int
    failing: int
    wrong: list[str] = field(default_factory=list)
    done: Counter[str] = field(default_factory=Counter)
    """What was done to the cluster → how often."""
    run_seconds: float = 0.0
    redrive_seconds: float = 0.0

    def __str__(self) -> str:
        blows = ", ".join(f"{what} {count}×" for what, count in self.done.items())
        lines = [
            f"{self.items} items, {self.failing} of them failed for good; {blows}",
            f"the run took {self.run_seconds:.0f} s, the redrive of its letters {self.redrive_seconds:.0f} s",
        ]
        return "\n".join([*lines, *(f"WRONG: {each}" for each in self.wrong)])


async def run_letter_soak(
    directory: Path, items: int, percent: float, seed: int, rate: float, *, sink: Sink = IN_TEMPORAL
) -> LetterReport:
    """Run it.

    Args:
        directory: Where the ledger, the database of the server, and the logs of the workers are.
        items: How many items there are.
        percent: How many of a hundred fail for good.
        seed: Which items fail, and when the blows come.
        rate: Letters that are redriven a second.
        sink: Where the letters are kept; it is away for a while, too.
    """
    chance = random.Random(seed)
    failing = sorted(chance.sample(range(items), max(1, round(items * percent / 100))))
    report = LetterReport(items, len(failing))
    cluster = Cluster(directory, "tests.soak.letters.activities", project=sink.project)
    report.done = cluster.done
    ledger = Ledger(cluster.ledger)
    ledger.create()
    _refuse(directory, failing)
    try:
        client = await cluster.start()
        text = DEFINITION.read_text().replace("{unpaid: {}}", f"{{unpaid: {sink.queue}}}")
        submission = prepare(read_text(text), {"items": items})
        async with _measure(report, "run_seconds"):
            handle = await start(client, submission, workflow_id=RUN, task_queue=TASK_QUEUE)
            ended = asyncio.create_task(_wait(handle))
            for place in (0, 1):
                await _wait_until(ledger, (place + 1) * items // 3, ended)
                await cluster.kill_worker(place)
                if place == 0:
                    await sink.take_away(cluster)
            await ended
        report.wrong += check_written(await _list(client, sink), failing)
        _refuse(directory, ())
        async with _measure(report, "redrive_seconds"):
            redrive = asyncio.create_task(_redrive(client, sink, rate))
            await _wait_until(ledger, items - len(failing) // 2, redrive)
            await cluster.kill_worker(0)
            report.wrong += await redrive
        report.wrong += check_redriven(
            await _list(client, sink), await _list(client, sink, LetterStatus.RESOLVED), failing
        )
    finally:
        await cluster.stop()
    report.wrong += [*_check_ledger(ledger, items), *cluster.unexpected_ends]
    return report


def _refuse(directory: Path, items: object) -> None:
    assert isinstance(items, list | tuple)
    (directory / REFUSED).write_text(" ".join(map(str, items)))


async def _wait(handle: WorkflowHandle[object, object]) -> None:
    async with asyncio.timeout(DEADLINE):
        while True:
            try:
                await handle.result()
            except RPCError:  # the server is down for a moment
                await asyncio.sleep(1)
            else:
                return


async def _wait_until(ledger: Ledger, effects: int, work: asyncio.Task[object]) -> None:
    """Wait until so many effects are done, or the work that does them has ended."""
    await until(lambda: len(ledger.effects()) >= effects or work.done(), "the work goes on", within=DEADLINE)


async def _redrive(client: Client, sink: Sink, rate: float) -> list[str]:
    """Redrive all letters with the command, as often as it takes: a letter whose worker was killed takes longer."""
    address = client.service_client.config.target_host
    words = ["dlq", "redrive", "--queue", QUEUE, "--rate", f"{rate:g}", "--reason", "repaired", "--yes"]
    words += ["--wait", f"{DEADLINE:.0f}s", "--address", address]
    command = await asyncio.create_subprocess_exec(
        STEPFILE,
        *words,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        cwd=sink.project,
    )
    output, _ = await command.communicate()
    return [] if command.returncode == 0 else [f"the command has failed: {output.decode()[-2000:]}"]


async def _list(client: Client, sink: Sink, *states: LetterStatus) -> list[LetterSummary]:
    wanted = LetterFilter(queue=QUEUE)
    wanted = wanted.in_states(*states) if states else wanted
    return await list_letters(client, wanted, letters_database=sink.database)


def check_written(letters: list[LetterSummary], failing: list[int]) -> list[str]:
    """Say what is wrong with the letters of a run in which these items have failed."""
    wrong = _compare("letters after the run", Counter(each.key for each in letters), failing)
    wrong += [f"{each.id} counts {each.failures} failures" for each in letters if each.failures != 1]
    return wrong + [f"{each.id} is {each.status}" for each in letters if each.status is not LetterStatus.OPEN]


def check_redriven(kept: list[LetterSummary], resolved: list[LetterSummary], failing: list[int]) -> list[str]:
    """Say what is wrong with the letters after the redrive of all of them."""
    wrong = [f"{each.id} is still {each.status.value}" for each in kept]
    return wrong + _compare("resolved letters", Counter(each.key for each in resolved), failing)


def _compare(what: str, found: Counter[str], items: list[int]) -> list[str]:
    wanted = Counter(_build_key(item) for item in items)
    missing, extra = wanted - found, found - wanted
    return [f"{what}: {key} is missing" for key in missing] + [f"{what}: {key} is too much" for key in extra]


def _check_ledger(ledger: Ledger, items: int) -> list[str]:
    found = Counter(effect.key for effect in ledger.effects())
    return _compare("effects", found, list(range(items)))


def _build_key(item: int) -> str:
    return f"{RUN}/charge_all[{item}]/charge"


@asynccontextmanager
async def _measure(report: LetterReport, name: str) -> AsyncIterator[None]:
    began = time.monotonic()
    yield
    setattr(report, name, time.monotonic() - began)
