"""`breaker` operates shared circuit breakers."""

from __future__ import annotations

import asyncio
import gc
import json
from pathlib import Path
from uuid import uuid4

import pytest
from temporalio.client import Client

from interpreter.cli.process.exit import ExitCode
from interpreter.temporal.dev_server.server import DevServer
from stepfile import BreakerHandle, BreakerProblem, list_breakers
from tests.cli.running_command import run_in_background
from tests.support.processes import stepfile
from tests.support.virtual_time import let_arrive
from tests.support.waiting import until
from tests.temporal.breakers.support import Service, Shop, worker_process


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


def test_one_that_is_not_known(server: DevServer) -> None:
    ended = stepfile("breaker", "show", "nobody", env={"TEMPORAL_ADDRESS": server.address})
    assert ended.returncode == ExitCode.FAILED
    assert 'nothing is known of a shared circuit breaker "nobody"' in ended.stderr


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
