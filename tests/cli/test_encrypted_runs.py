"""Every command reads the runs of a project that encrypts, and says in a sentence what it can't read."""

from __future__ import annotations

import asyncio
import json
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from temporalio.client import Client

from interpreter.cli.process.exit import ExitCode
from interpreter.temporal.dev_server.server import DevServer
from tests.cli.running_command import run_in_background
from tests.support.processes import stepfile
from tests.support.server_dump import dump, dump_run
from tests.support.waiting import until
from tests.temporal.data.keys import KEYS, write_keys

SHOP = """\
dsl: "1"
name: shop
signals: {go: {}}
updates: {ping: {result: "'hush answer'"}}
queries: {total: "'hush total'"}
defaults: {timeouts: {start_to_close: 30s}, retry: {maximum_attempts: 1}}
steps:
  - id: reserve
    activity: reserve
    args: ["${ input.item }"]
    compensate: {activity: release, args: ["${ result }"]}
  - {id: word, wait_for: {signal: go}}
output: ${ steps.reserve.result }
"""

PROJECT = """\
[tool.stepfile]
activities = ["shop_activities"]

[tool.stepfile.encryption]
keys_variable = "SHOP_KEYS"
"""

OLD, NEW = KEYS.items()
RIGHT = {"SHOP_KEYS": write_keys(dict([OLD]))}
OTHER_ID = {"SHOP_KEYS": write_keys(dict([NEW]))}
OTHER_KEY = {"SHOP_KEYS": write_keys({OLD[0]: NEW[1]})}
NONE = {"SHOP_KEYS": ""}


@pytest.fixture
def encrypting(shop: Path, server: DevServer, task_queue: str) -> Iterator[Path]:
    """A project that encrypts, while a worker of it runs."""
    (shop / "shop.yaml").write_text(SHOP)
    (shop / "pyproject.toml").write_text(PROJECT)
    words = ("worker", "--task-queue", task_queue, "--address", server.address)
    with run_in_background(*words, cwd=shop, env=RIGHT) as worker:
        worker.wait_for_output("worker on task queue")
        yield shop


class Caller:
    """Calls commands in a project."""

    def __init__(self, folder: Path, server: DevServer) -> None:
        self.folder, self._address = folder, server.address

    async def call(self, *words: str, env: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
        """Run a command; whatever happens, it has no traceback, and shows no key."""
        ended = await asyncio.to_thread(
            stepfile, *words, "--address", self._address, cwd=self.folder, env=env
        )
        for text in (ended.stdout, ended.stderr):
            assert "Traceback" not in text, text
            assert not any(each.partition(":")[2] in text for each in write_keys(KEYS).split(","))
        return ended

    async def get(self, *words: str) -> str:
        """Run a command that works, and return its standard output."""
        ended = await self.call(*words, env=RIGHT)
        assert ended.returncode == ExitCode.SUCCESS, ended.stderr
        return ended.stdout

    async def begin(self, task_queue: str) -> None:
        """Submit a run, and wait until it waits."""
        words = (
            "submit",
            "shop.yaml",
            "--input",
            "item=hush",
            "--id",
            task_queue,
            "--task-queue",
            task_queue,
        )
        await self.get(*words)

        async def waits() -> bool:
            return "word" in await self.get("status", task_queue)

        await until(waits, "the run waits")


@pytest.fixture
def caller(encrypting: Path, server: DevServer) -> Caller:
    return Caller(encrypting, server)


@pytest.mark.slow
async def test_with_the_keys(caller: Caller, client: Client, task_queue: str) -> None:
    await caller.begin(task_queue)
    assert json.loads(await caller.get("query", task_queue, "total")) == "hush total"
    assert json.loads(await caller.get("update", task_queue, "ping")) == "hush answer"
    await caller.get("signal", task_queue, "go")
    assert json.loads(await caller.get("status", task_queue, "--follow")) == "reserved hush"
    assert json.loads(await caller.get("status", task_queue, "--json"))["definition"]["name"] == "shop"
    assert "hush" not in await dump_run(client, task_queue)
    again = ("submit", "shop.yaml", "--input", "item=hush", "--id", task_queue, "--task-queue", task_queue)
    await caller.get(*again)
    cancelled = await caller.call("cancel", task_queue, "--wait", env=RIGHT)
    assert (cancelled.returncode, "undone" in cancelled.stderr) == (ExitCode.SUCCESS, True), cancelled.stderr


@pytest.mark.slow
async def test_schedules(caller: Caller, client: Client, task_queue: str) -> None:
    words = ("schedule", "create", "shop.yaml", "--every", "1h", "--id", task_queue, "--input", "item=hush")
    await caller.get(*words)
    assert "definition  shop" in await caller.get("schedule", "show", task_queue)
    assert task_queue in await caller.get("schedule", "list")
    assert "hush" not in dump((await client.get_schedule_handle(task_queue).describe()).raw_description)
    for env in (OTHER_ID, OTHER_KEY):
        shown = await caller.call("schedule", "show", task_queue, env=env)
        assert (shown.returncode, "shop" in shown.stdout) == (ExitCode.SUCCESS, True), shown.stderr
        assert "hush" not in shown.stdout
    await caller.get("schedule", "delete", task_queue)


@pytest.mark.parametrize(
    ("env", "why"),
    [
        (
            OTHER_ID,
            f'the key "{OLD[0]}", with which a payload was encrypted, is not among the keys here ("{NEW[0]}")',
        ),
        (OTHER_KEY, f'the key "{OLD[0]}" does not fit a payload that names it'),
    ],
    ids=["another id", "another key"],
)
@pytest.mark.slow
async def test_with_other_keys(caller: Caller, task_queue: str, env: Mapping[str, str], why: str) -> None:
    """A command shows what it can, and sends nothing that it can't check."""
    await caller.begin(task_queue)
    status = await caller.call("status", task_queue, env=env)
    assert status.returncode == ExitCode.SUCCESS, status.stderr
    assert why in status.stdout
    assert "hush" not in status.stdout
    assert json.loads((await caller.call("status", task_queue, "--json", env=env)).stdout)["steps"] is None
    for words in (
        ("query", task_queue, "total"),
        ("signal", task_queue, "go"),
        ("update", task_queue, "ping"),
        ("compensation", "skip", task_queue, "reserve", "--reason", "it is gone"),
        ("submit", "shop.yaml", "--input", "item=x", "--id", task_queue, "--task-queue", task_queue),
    ):
        refused = await caller.call(*words, env=env)
        assert refused.returncode == ExitCode.FAILED
        assert why in refused.stderr, words
        assert "run the command in the project whose pyproject.toml names it" in refused.stderr, words
    cancelled = await caller.call("cancel", task_queue, "--wait", env=env)
    assert cancelled.returncode == ExitCode.SUCCESS, cancelled.stderr
    assert "not shown " in cancelled.stderr


@pytest.mark.slow
async def test_without_any_key(caller: Caller, task_queue: str) -> None:
    """A project that encrypts sends nothing in plain text because a key is missing."""
    for words in (
        ("run", "shop.yaml", "--input", "item=x"),
        ("submit", "shop.yaml", "--input", "item=x"),
        ("worker",),
        ("status", task_queue),
        ("query", task_queue, "total"),
        ("signal", task_queue, "go"),
        ("update", task_queue, "ping"),
        ("cancel", task_queue),
        ("schedule", "create", "shop.yaml", "--every", "1h"),
        ("schedule", "list"),
        ("schedule", "show", task_queue),
        ("schedule", "pause", task_queue),
    ):
        refused = await caller.call(*words, env=NONE)
        assert refused.returncode == ExitCode.FAILED, words
        assert (
            "pyproject.toml: [tool.stepfile.encryption] can't be used: the environment variable SHOP_KEYS, "
            "which holds the keys, is not set" in refused.stderr
        ), words


async def test_a_run_here_and_now(caller: Caller, client: Client, task_queue: str) -> None:
    """Progress and result of `stepfile run` are read with the keys, too."""
    text = SHOP.replace("  - {id: word, wait_for: {signal: go}}\n", "")
    (caller.folder / "quick.yaml").write_text(text)
    words = ("run", "quick.yaml", "--input", "item=hush", "--id", task_queue)
    assert json.loads(await caller.get(*words)) == "reserved hush"
    assert "hush" not in await dump_run(client, task_queue)
