"""Letters and breakers of another project of the namespace, which encrypts, hide nothing that can be read here."""

from __future__ import annotations

import json
import subprocess
from collections.abc import AsyncIterator
from uuid import uuid4

import pytest
import pytest_asyncio
from temporalio.client import Client

from interpreter.cli.process.exit import ExitCode
from interpreter.letters.status import LetterStatus
from interpreter.temporal.client.decoding import CODEC_HINT
from interpreter.temporal.client.letters.problem import LetterProblem
from interpreter.temporal.dev_server.server import DevServer
from interpreter.temporal.wire.breaker_names import (
    BREAKER_TYPE,
    VIEW_PREFIX,
    build_entity_id,
    build_entity_input,
)
from stepfile import BreakerHandle, BreakerProblem, LetterFilter, list_breakers, list_letters
from stepfile.encryption import encrypt_payloads
from tests.support.processes import stepfile
from tests.support.waiting import until
from tests.temporal.data.keys import KEYS
from tests.temporal.letters.support import Desk

WHY = 'their encoding "binary/stepfile-encrypted" is not known here'


@pytest_asyncio.fixture
async def owner(server: DevServer) -> Client:
    """A client of the other project."""
    return await server.connect(encrypt_payloads(lambda: KEYS))


@pytest_asyncio.fixture
async def letters(client: Client, owner: Client, task_queue: str) -> AsyncIterator[tuple[str, str]]:
    """The ids of two letters of one queue: one can be decoded here, one can't. No worker runs."""
    ours, theirs = Desk(client, task_queue), Desk(owner, task_queue)
    ids = await ours.write(), await theirs.write()

    async def are_listed() -> bool:
        return len(await theirs.letters()) == 2

    await until(are_listed, "both are listed")
    yield ids
    for each in ids:
        await ours.handle(each).terminate()


@pytest_asyncio.fixture
async def breaker(owner: Client, task_queue: str) -> AsyncIterator[str]:
    """The name of a breaker of the other project. Nobody works on the task queue of its entity."""
    name = f"b{uuid4().hex[:10]}"
    view = {"state": "open", "open_until": None}
    entity = await owner.start_workflow(
        BREAKER_TYPE,
        build_entity_input(name),
        id=build_entity_id(name),
        task_queue=task_queue,
        memo={VIEW_PREFIX: view},
    )

    async def is_listed() -> bool:
        return any(each.name == name and each.state == "open" for each in await list_breakers(owner))

    await until(is_listed, "the breaker is listed")
    yield name
    await entity.terminate()


def call(server: DevServer, *words: str) -> subprocess.CompletedProcess[str]:
    ended = stepfile(*words, env={"TEMPORAL_ADDRESS": server.address})
    assert "Traceback" not in ended.stderr
    return ended


@pytest.mark.parametrize(
    ("words", "shows"),
    [(("list",), "order"), (("list", "--json"), '"charge"'), (("stats",), " order ")],
    ids=["list", "json", "stats"],
)
def test_letters_that_can_be_decoded_are_shown(
    server: DevServer, letters: tuple[str, str], task_queue: str, words: tuple[str, ...], shows: str
) -> None:
    shown = call(server, "dlq", *words, "--queue", task_queue)
    assert shown.returncode == ExitCode.FAILED, "one is missing"
    assert shows in shown.stdout
    assert letters[1] not in shown.stdout
    assert shown.stderr == (
        f"left out, because the letters can't be decoded here: {letters[1]} ({WHY})\nhint: {CODEC_HINT}\n"
    )


def test_gauges_say_how_many_letters_they_leave_out(
    server: DevServer, letters: tuple[str, str], task_queue: str
) -> None:
    counted = call(server, "dlq", "stats", "--queue", task_queue, "--prometheus")
    assert counted.returncode == ExitCode.SUCCESS
    assert f'stepfile_dead_letter_queue_letters{{queue="{task_queue}",state="open"}} 1' in counted.stdout
    assert "stepfile_dead_letter_queue_undecodable_letters 1\n" in counted.stdout
    assert f"left out, because the letters can't be decoded here: {letters[1]}" in counted.stderr


async def test_orders_are_given_to_the_letters_that_can_be_decoded(
    server: DevServer, client: Client, letters: tuple[str, str], task_queue: str
) -> None:
    words = ("dlq", "resolve", "--queue", task_queue, "--wait", "0s", "--yes")
    ordered = call(server, *words)
    assert ordered.returncode == ExitCode.FAILED
    assert f"left out, because the letters can't be decoded here: {letters[1]}" in ordered.stderr
    assert letters[1] not in ordered.stdout
    (waiting,) = (await Desk(client, task_queue).store.read_letter(letters[0])).waiting
    assert waiting.command.value == "resolve"


def test_there_may_be_others(server: DevServer, letters: tuple[str, str], task_queue: str) -> None:
    words = ("dlq", "purge", "--queue", task_queue, "--definition", "nothing-like-it", "--yes")
    nothing = call(server, *words)
    assert nothing.returncode == ExitCode.FAILED
    assert nothing.stderr.endswith(f"hint: {CODEC_HINT}\nnothing was ordered\n")
    assert letters[1] in nothing.stderr
    assert "no such dead letter" not in nothing.stderr


async def test_a_program_is_told_that_it_would_not_see_all(
    client: Client, owner: Client, letters: tuple[str, str], task_queue: str
) -> None:
    with pytest.raises(LetterProblem, match=f"the letter {letters[1]} can't be decoded here"):
        await list_letters(client, LetterFilter(queue=task_queue))
    assert {each.id for each in await list_letters(owner, LetterFilter(queue=task_queue))} == set(letters)
    assert await list_letters(client, LetterFilter(queue=f"{task_queue}-2", states=tuple(LetterStatus))) == []


def test_a_breaker_is_listed(server: DevServer, breaker: str) -> None:
    listed = call(server, "breaker", "list", "--json")
    assert listed.returncode == ExitCode.SUCCESS, listed.stderr
    (found,) = (each for each in json.loads(listed.stdout) if each["name"] == breaker)
    assert found == {"name": breaker, "key": None, "state": "undecodable", "open_until": None}


def test_a_breaker_is_not_shown(server: DevServer, breaker: str) -> None:
    shown = call(server, "breaker", "show", breaker)
    assert shown.returncode == ExitCode.FAILED
    assert f'the circuit breaker "{breaker}" can\'t be decoded here' in shown.stderr
    assert CODEC_HINT in shown.stderr


async def test_a_breaker_is_given_no_order_that_its_workers_can_not_decode(
    client: Client, owner: Client, breaker: str
) -> None:
    with pytest.raises(BreakerProblem, match="can't be decoded here"):
        await BreakerHandle(client, breaker).close()
    described = await owner.get_workflow_handle(build_entity_id(breaker)).describe()
    assert described.history_length == 2, "nothing came after its start"
