"""A run whose data only its workers can decode is shown as far as it can be, and no command breaks on it."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import subprocess
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest
import pytest_asyncio
from temporalio import activity
from temporalio.api.common.v1 import Payload
from temporalio.client import Client, WorkflowExecutionStatus, WorkflowFailureError
from temporalio.converter import DataConverter, DefaultFailureConverterWithEncodedAttributes, PayloadCodec
from temporalio.exceptions import ApplicationError

from dsl.reading.reader import read_text
from interpreter.cli.process.exit import ExitCode
from interpreter.temporal.client.compensations import order_compensation
from interpreter.temporal.client.decoding import CODEC_HINT
from interpreter.temporal.client.own_predecessor import PredecessorProblem
from interpreter.temporal.client.run_handle import RunHandle
from interpreter.temporal.client.schedule_options import ScheduleOptions
from interpreter.temporal.client.schedules import create_schedule
from interpreter.temporal.client.start import start
from interpreter.temporal.client.submission import Submission, prepare
from interpreter.temporal.dev_server.server import DevServer
from interpreter.temporal.plugin import create_worker
from tests.support.processes import stepfile
from tests.support.waiting import until

SHOP = """\
dsl: "1"
name: shop
signals: {go: {}}
updates: {ping: {result: "'pong'"}}
queries: {total: "${ 7 }"}
defaults: {timeouts: {start_to_close: 30s}}
steps:
  - {id: charge, activity: charge, args: ["${ input }"]}
  - {id: word, wait_for: {any: [go, ping]}}
output: secret
"""

HELD = """\
dsl: "1"
name: held
defaults: {timeouts: {start_to_close: 30s}}
steps:
  - id: hold
    activity: charge
    args: [full]
    compensate: {activity: charge, args: [offline], retry: {initial_interval: 1h}}
  - {id: last, raise: {type: No, message: no}}
"""


class Reversing(PayloadCodec):
    """A codec that nobody else has."""

    async def encode(self, payloads: Sequence[Payload]) -> list[Payload]:
        return [
            Payload(metadata={"encoding": b"binary/reversed"}, data=each.SerializeToString()[::-1])
            for each in payloads
        ]

    async def decode(self, payloads: Sequence[Payload]) -> list[Payload]:
        return [
            Payload.FromString(each.data[::-1]) if each.metadata["encoding"] == b"binary/reversed" else each
            for each in payloads
        ]


@activity.defn
async def charge(card: str) -> None:
    """Fail as the card says."""
    if card == "empty":
        raise ApplicationError("insufficient funds", type="CardDeclined", non_retryable=True)
    if card == "offline":
        raise ConnectionError("no answer")


@pytest_asyncio.fixture
async def owner(server: DevServer, task_queue: str) -> AsyncIterator[Client]:
    """Return a client that has the codec, while a worker that has it runs."""
    converter = dataclasses.replace(
        DataConverter.default,
        payload_codec=Reversing(),
        failure_converter_class=DefaultFailureConverterWithEncodedAttributes,
    )
    client = await Client.connect(server.address, data_converter=converter)
    async with create_worker(client, [charge], task_queue=task_queue):
        yield client


def _prepare(card: str) -> Submission:
    return prepare(read_text(SHOP), card)


async def _call(server: DevServer, *words: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    ended = await asyncio.to_thread(stepfile, *words, "--address", server.address, cwd=cwd)
    assert "Traceback" not in ended.stderr
    return ended


async def test_a_run_that_fails_again_and_again(owner: Client, server: DevServer, task_queue: str) -> None:
    handle = await start(owner, _prepare("offline"), workflow_id=task_queue, task_queue=task_queue)

    async def retries() -> bool:
        activities = (await handle.describe()).raw_description.pending_activities
        return bool(activities) and activities[0].attempt > 1

    await until(retries, "the activity is retried")
    status = await _call(server, "status", task_queue)
    assert status.returncode == ExitCode.SUCCESS, status.stderr
    lines = status.stdout.splitlines()
    assert lines[0] == "definition  shop"
    assert any(
        line.startswith("  charge  retrying    (attempt ")
        and "ConnectionError: its message can't be decoded here" in line
        for line in lines
    )
    assert any(
        line.startswith("not shown   steps, ") and 'encoding "binary/reversed"' in line for line in lines
    )
    record = json.loads((await _call(server, "status", task_queue, "--json")).stdout)
    assert (record["status"], record["steps"]) == ("running", None)
    assert "binary/reversed" in record["undecodable"]
    assert [each["step"] for each in record["pending"]] == ["charge"]

    for words in (("signal", task_queue, "go"), ("query", task_queue, "total")):
        refused = await _call(server, *words)
        assert refused.returncode == ExitCode.FAILED
        assert "can't be decoded here" in refused.stderr
    cancelled = await _call(server, "cancel", task_queue, "--wait")
    assert f"{task_queue} cancelled after" in cancelled.stderr
    assert "not shown " in cancelled.stderr


async def test_an_order_about_a_compensation_is_not_sent(
    owner: Client, server: DevServer, task_queue: str
) -> None:
    handle = await start(owner, prepare(read_text(HELD), {}), workflow_id=task_queue, task_queue=task_queue)

    async def is_stuck() -> bool:
        activities = (await handle.describe()).raw_description.pending_activities
        return bool(activities) and activities[0].attempt > 1

    await until(is_stuck, "the compensation waits for its next attempt")
    before = (await handle.describe()).history_length
    for kind in ("retry", "skip"):
        refused = await _call(server, "compensation", kind, task_queue, "hold", "--reason", "it is gone")
        assert (refused.returncode, refused.stdout) == (ExitCode.FAILED, "")
        assert (
            f"nothing was sent: the definition of the run {task_queue} can't be decoded here"
            in refused.stderr
        )
        assert CODEC_HINT in refused.stderr
    assert (await handle.describe()).history_length == before, "the run has heard of nothing"
    await order_compensation(
        RunHandle.find(owner, task_queue), "skip", "hold", "it is gone", waiting=lambda _: None
    )
    with pytest.raises(WorkflowFailureError) as failed:
        await handle.result()
    assert isinstance(failed.value.cause, ApplicationError)
    (report,) = failed.value.cause.details[0]["compensations"]
    assert report["error"]["message"].endswith(
        "has skipped it: it is gone (attempt 2: ConnectionError: no answer)"
    )


async def test_a_run_that_has_failed(owner: Client, server: DevServer, task_queue: str) -> None:
    await start(owner, _prepare("empty"), workflow_id=task_queue, task_queue=task_queue)
    followed = await _call(server, "status", task_queue, "--follow")
    assert followed.returncode == ExitCode.FAILED
    status = await _call(server, "status", task_queue)
    for text in (followed.stderr, status.stdout):
        assert f"{task_queue} failed after " in text
        assert "  CardDeclined: its message can't be decoded here\n" in text


async def test_a_result_is_not_shown_as_null(owner: Client, server: DevServer, task_queue: str) -> None:
    handle = await start(owner, _prepare("full"), workflow_id=task_queue, task_queue=task_queue)
    await handle.signal("go")
    followed = await _call(server, "status", task_queue, "--follow")
    assert (followed.returncode, followed.stdout) == (ExitCode.SUCCESS, "")
    assert "not shown " in followed.stderr
    record = json.loads((await _call(server, "status", task_queue, "--json")).stdout)
    assert record["status"] == "completed"
    assert "result" not in record


async def test_an_answer_that_only_the_worker_can_encode(
    owner: Client, server: DevServer, task_queue: str, tmp_path: Path
) -> None:
    """A command without the codec starts a run for workers that have it."""
    (tmp_path / "shop.yaml").write_text(SHOP)
    words = ("submit", "shop.yaml", "--id", task_queue, "--task-queue", task_queue)
    answered = await _call(server, *words, "--update", "ping", cwd=tmp_path)
    assert answered.returncode == ExitCode.FAILED
    assert "the answer can't be decoded here" in answered.stderr


async def test_its_id_can_not_be_used_again(
    owner: Client, client: Client, server: DevServer, task_queue: str
) -> None:
    """What the run has undone is not known, and decides about the keys of the next one."""
    await start(owner, _prepare("empty"), workflow_id=task_queue, task_queue=task_queue)
    with pytest.raises(PredecessorProblem, match="can't be decoded here"):
        await start(client, _prepare("full"), workflow_id=task_queue, task_queue=task_queue)


async def test_a_schedule(owner: Client, server: DevServer, task_queue: str) -> None:
    options = ScheduleOptions(cron=("0 9 * * *",))
    await create_schedule(owner, _prepare("full"), options, schedule_id=task_queue, task_queue=task_queue)
    shown = await _call(server, "schedule", "show", task_queue)
    assert shown.returncode == ExitCode.SUCCESS, shown.stderr
    assert "  definition  shop\n" in shown.stdout
    assert (
        "  not shown   version and hash of the definition: its data can't be decoded here "
        '(their encoding "binary/reversed" is not known here)\n' in shown.stdout
    )
    record = json.loads((await _call(server, "schedule", "show", task_queue, "--json")).stdout)
    assert record["definition"] == {"name": "shop"}
    assert record["undecodable"] == 'their encoding "binary/reversed" is not known here'
    assert (await _call(server, "schedule", "list")).returncode == ExitCode.SUCCESS


async def test_among_others_in_a_list(
    owner: Client, client: Client, server: DevServer, task_queue: str
) -> None:
    """There is one sentence for it, and the others are listed."""
    await start(owner, _prepare("empty"), workflow_id=f"{task_queue}-hidden", task_queue=task_queue)
    plain = prepare(read_text(SHOP.replace("name: shop", "name: shop\nversion: '2'")), "x")
    waiting = await start(client, plain, workflow_id=f"{task_queue}-plain", task_queue=f"{task_queue}-none")

    async def are_listed() -> bool:
        query = f"TaskQueue IN ('{task_queue}', '{task_queue}-none')"
        states = {each.id: each.status async for each in client.list_workflows(query)}
        return len(states) == 2 and states[f"{task_queue}-hidden"] is WorkflowExecutionStatus.FAILED

    await until(are_listed, "both runs are listed")

    async def find(*words: str) -> tuple[list[str], str]:
        listed = await _call(server, "list", "--definition", "shop", "--since", "5m", "--json", *words)
        ids = [each["workflow_id"] for each in json.loads(listed.stdout)]
        return sorted(each for each in ids if each.startswith(task_queue)), listed.stderr

    hidden, shown = f"{task_queue}-hidden", f"{task_queue}-plain"
    ids, said = await find()
    assert ids == [hidden, shown]
    assert "version, and what was undone, are not shown of " in said
    assert hidden in said
    ids, said = await find("--version", "2")
    assert ids == [shown]
    assert "not listed, because nobody can tell here whether " in said
    assert hidden in said
    ids, said = await find("--failed-at", "charge")
    assert ids == []
    assert hidden in said
    ids, said = await find("--error-type", "CardDeclined")
    assert ids == [hidden], "the type of its error is not encoded"
    assert "nobody can tell" not in said
    ids, said = await find("--error-type", "Down")
    assert (ids, hidden in said) == ([], False)
    ids, said = await find("--error-type", "CardDeclined", "--failed-at", "charge")
    assert ids == []
    assert "not listed, because nobody can tell here whether " in said
    ids, said = await find("--has-letters")
    assert (ids, "nobody can tell" in said) == ([], False)
    await waiting.terminate()


async def test_show_and_log(owner: Client, server: DevServer, task_queue: str) -> None:
    """What needs no decoding is told, and the rest is said to be missing."""
    handle = await start(owner, _prepare("empty"), workflow_id=task_queue, task_queue=task_queue)
    with pytest.raises(WorkflowFailureError):
        await handle.result()
    shown = await _call(server, "show", task_queue)
    assert shown.returncode == ExitCode.SUCCESS
    assert "  CardDeclined: its message can't be decoded here\n" in shown.stdout
    assert "not shown   input and definition: its data can't be decoded here (their encoding " in shown.stdout
    alone = await _call(server, "show", task_queue, "--yaml")
    assert (alone.returncode, alone.stdout) == (ExitCode.FAILED, "")
    assert "is not shown: its data can't be decoded here" in alone.stderr
    told = await _call(server, "log", task_queue)
    assert "step charge started" in told.stdout
    assert "step charge failed: " in told.stdout
    assert "insufficient" not in told.stdout
    assert "is told: its data can't be decoded here" in told.stderr


async def test_a_run_of_another_type(owner: Client, server: DevServer, task_queue: str) -> None:
    await owner.start_workflow("foreign", "input", id=task_queue, task_queue=f"{task_queue}-nobody")
    for command in ("status", "cancel", "show", "log"):
        refused = await _call(server, command, task_queue)
        assert refused.returncode == ExitCode.FAILED
        assert "is not a run of Stepfile: its workflow type is foreign" in refused.stderr
