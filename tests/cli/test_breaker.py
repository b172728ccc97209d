"""`breaker` operates shared circuit breakers."""

from __future__ import annotations

import asyncio
import gc
import json
from datetime import timedelta
from pathlib import Path
from typing import cast
from uuid import uuid4

import pytest
from pydantic import TypeAdapter, ValidationError
from temporalio.client import Client

from dsl.model.values import Name
from interpreter.cli.process.exit import ExitCode
from interpreter.temporal.dev_server.server import DevServer
from interpreter.temporal.entities.serving import serve_entities
from stepfile import BreakerHandle, BreakerProblem, list_breakers
from tests.cli.running_command import run_in_background
from tests.support.processes import stepfile
from tests.support.virtual_time import let_arrive
from tests.support.waiting import until
from tests.temporal.breakers.support import Service, Shop, worker_process

NOBODY = cast(Client, object())
"""Whoever asks this client for anything fails otherwise than the tests expect."""


@pytest.fixture
def shop(client: Client, task_queue: str, tmp_path: Path) -> Shop:
    service = Service(tmp_path)
    service.set("up")
    return Shop(client, task_queue, service)


def succeed(server: DevServer, *words: str) -> str:
    ended = stepfile("breaker", *words, env={"TEMPORAL_ADDRESS": server.address})
    assert ended.returncode == ExitCode.SUCCESS, ended.stderr
    return ended.stdout


def states(server: DevServer) -> dict[tuple[str, str | None], str]:
    """Name and key of each breaker that is listed → its state."""
    return {
        (each["name"], each["key"]): each["state"] for each in json.loads(succeed(server, "list", "--json"))
    }


@pytest.mark.slow
async def test_an_order_holds_for_the_workers_and_is_kept_with_its_reason(
    server: DevServer, shop: Shop
) -> None:
    async with worker_process(server, shop.queue, shop.service, "a"):
        assert await shop.pay() == "paid"
        succeed(server, "open", shop.breaker, "--reason", "their maintenance", "--for", "1h")

        async def is_rejected() -> bool:
            return await shop.pay() == "CircuitBreakerOpen"

        await until(is_rejected, "a call is rejected", within=5)
        assert states(server)[shop.breaker, None] == "forced_open"
        shown = json.loads(succeed(server, "show", shop.breaker, "--json"))
        (breaker,) = shown["breakers"]
        assert (breaker["order"]["command"], breaker["order"]["reason"]) == ("open", "their maintenance")
        assert "@" in breaker["order"]["by"], "who has ordered it"
        assert "their maintenance" in succeed(server, "show", shop.breaker)
        succeed(server, "close", shop.breaker)

        async def pays() -> bool:
            return await shop.pay() == "paid"

        await until(pays, "a call gets through", within=5)
    assert states(server)[shop.breaker, None] == "closed"


def test_an_order_needs_no_other_worker(server: DevServer) -> None:
    """It holds from the first call on."""
    name = f"new-{uuid4().hex[:8]}"
    succeed(server, "disable", name, "--key", "eu")
    assert states(server)[name, "eu"] == "disabled"
    assert f"{name}[eu] " in succeed(server, "list")
    succeed(server, "reset", name, "--key", "eu")
    assert states(server)[name, "eu"] == "closed"


@pytest.mark.parametrize(
    "name", ["", "Pay", "pay me", "pay\n", "1pay", "pa.y", "a" * 65, "pa\x1by", "p\udcff"]
)
async def test_a_name_that_no_definition_can_have(name: str) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter[str](Name).validate_python(name)
    with pytest.raises(
        BreakerProblem, match="can't be the name of a circuit breaker\nhint: expected small"
    ) as no:
        await BreakerHandle(NOBODY, name).close()
    assert no.value.message.isprintable()


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("", "the key of the circuit breaker is empty\nhint: a key has 1 to 100 characters"),
        ("x" * 101, "has at most 100 characters, found 101"),
        ("\udcff", "can't be the key of a circuit breaker: it is not UTF-8"),
    ],
)
async def test_a_key_that_no_step_can_have(key: str, said: str) -> None:
    with pytest.raises(BreakerProblem, match=said):
        await BreakerHandle(NOBODY, "pay", key).reset()


@pytest.mark.parametrize(
    ("reason", "lasts", "said"),
    [
        ("x" * 501, None, "the reason of an order has at most 500 characters, found 501"),
        ("\udcff", None, "the reason of the order is not UTF-8"),
        ("", timedelta(0), "expected a duration longer than zero\nhint: it holds for at most 36500d"),
        ("", timedelta(seconds=-1), "expected a duration longer than zero"),
        ("", timedelta(days=36_501), r"would hold for 36501d: expected at most 36500d \(100 years\)"),
    ],
)
async def test_an_order_that_can_not_be_kept(reason: str, lasts: timedelta | None, said: str) -> None:
    with pytest.raises(BreakerProblem, match=said):
        await BreakerHandle(NOBODY, "pay").open(reason, lasts=lasts)
    with pytest.raises(BreakerProblem, match=said):
        await BreakerHandle(NOBODY, "pay").disable(reason, lasts=lasts)


async def test_an_order_at_the_bounds(client: Client) -> None:
    breaker = BreakerHandle(client, f"b{uuid4().hex}".ljust(64, "x"), "k" * 100)
    async with serve_entities(client):
        await breaker.open("x" * 500, lasts=timedelta(days=36_500))
        (state,) = await breaker.look()
        assert (state.key, state.state) == (breaker.key, "forced_open")
        assert state.open_until is not None
        assert state.open_until.year > 2100
        await breaker.close()


def test_a_slip_is_refused_before_temporal_is_asked() -> None:
    words = ("breaker", "open", "pa\x1b[31my", "--address", "nobody.invalid:1")
    ended = stepfile(*words)
    assert (ended.returncode, ended.stdout) == (ExitCode.FAILED, "")
    assert ended.stderr.startswith("""stepfile: "pa\\u001b[31my" can't be the name of a circuit breaker\n""")
    assert "small letters, digits, '_' and '-'" in ended.stderr


@pytest.mark.slow
async def test_what_looks_like_a_slip_is_carried_out_and_told(server: DevServer, client: Client) -> None:
    name = f"pay-{uuid4().hex[:8]}"
    slip = f"pya-{name[4:]}"

    def order(command: str, *words: str) -> list[str]:
        ended = stepfile("breaker", command, *words, env={"TEMPORAL_ADDRESS": server.address})
        assert ended.returncode == ExitCode.SUCCESS, ended.stderr
        return ended.stderr.splitlines()

    unknown = f'nothing was known of the circuit breaker "{name}" before'
    assert order("open", name) == [f"the circuit breaker {name} is forced open", unknown]
    assert order("close", name) == [f"the circuit breaker {name} is closed"]

    async def is_listed() -> bool:
        return name in [each.name for each in await list_breakers(client)]

    await until(is_listed, "the breaker is listed")
    done, said = order("close", slip)
    assert done == f"the circuit breaker {slip} is closed"
    assert said == f'nothing was known of the circuit breaker "{slip}" before; did you mean "{name}"?'

    assert order("open", name, "--key", "eu\x1b") == [rf"the circuit breaker {name}[eu\x1b] is forced open"]
    assert order("close", name, "--key", "us-east") == [
        f"the circuit breaker {name}[us-east] is closed",
        f'nothing was known of the key "us-east" of the circuit breaker "{name}" before; '
        r"it has the keys eu\x1b",
    ]
    *_, said = order("close", name, "--key", "us-esat")
    assert said.endswith(r'before; did you mean "us-east"?; it has the keys eu\x1b, us-east')
    assert order("close", name) == [
        f"the circuit breaker {name} is closed",
        rf'the circuit breaker "{name}" has keys (eu\x1b, us-east, us-esat): '
        "this order is for the one without a key",
    ]
    assert states(server)[name, "eu\x1b"] == "forced_open"


def test_one_that_is_not_known(server: DevServer) -> None:
    ended = stepfile("breaker", "show", "nobody", env={"TEMPORAL_ADDRESS": server.address})
    assert ended.returncode == ExitCode.FAILED
    assert 'nothing is known of a shared circuit breaker "nobody"' in ended.stderr


def test_a_name_that_can_not_be_sent(server: DevServer) -> None:
    for command, said in (
        ("show", r'nothing is known of a shared circuit breaker "p\udcff"'),
        ("watch", r""""p\udcff" can't be the name of a circuit breaker"""),
    ):
        ended = stepfile("breaker", command, "p\udcff", env={"TEMPORAL_ADDRESS": server.address})
        assert ended.returncode == ExitCode.FAILED, ended.stderr
        assert said in ended.stderr


def test_it_is_watched(server: DevServer) -> None:
    name = f"watched-{uuid4().hex[:8]}"
    environment = {"TEMPORAL_ADDRESS": server.address}
    with run_in_background("breaker", "watch", name, "--json", env=environment) as it:
        it.wait_for_output("nothing is known")
        succeed(server, "open", name)
        it.wait_for_output("forced_open")


async def test_the_same_in_python(client: Client) -> None:
    """Without a worker nobody carries an order out, and that is said, once."""
    name, complaints = f"python-{uuid4().hex[:8]}", list[str]()
    asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(context["message"]))
    with pytest.raises(BreakerProblem, match="no worker answers"):
        await BreakerHandle(client, name).open("drill")
    await let_arrive()
    gc.collect()
    assert complaints == [], "no error is left that nobody has read"
    assert name not in [each.name for each in await list_breakers(client) if each.state != "closed"]


async def test_the_entity_is_taken_for_no_run(server: DevServer, shop: Shop) -> None:
    async with worker_process(server, shop.queue, shop.service, "a"):
        assert await shop.pay() == "paid"
        ended = stepfile(
            "status", f"stepfile-breaker:{shop.breaker}", env={"TEMPORAL_ADDRESS": server.address}
        )
        assert ended.returncode == ExitCode.FAILED
        assert "Traceback" not in ended.stderr
        found = [each.id async for each in shop.client.list_workflows('WorkflowType STARTS_WITH "stepfile:"')]
        assert shop.entity.id not in found
