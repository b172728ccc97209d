"""Connections are made only to addresses that were checked, and are kept open only for the same host."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

import httpcore
import pytest

from interpreter.temporal.worker.http import network
from interpreter.temporal.worker.http.activity import HttpActivity
from interpreter.temporal.worker.http.settings import HttpSettings
from tests.temporal.http.activity_calls import JSON, LOCAL, fail, send, send_many
from tests.temporal.http.http_server import make_redirect, make_response, run_http_server


class Names:
    """`Names` is a resolver: each query of a host gets its next list of addresses; the last list is repeated."""

    def __init__(self, **names: list[list[str]]) -> None:
        self.names = {name.replace("_", "."): answers for name, answers in names.items()}
        self.requests: list[str] = []

    async def getaddrinfo(self, host: str, port: int, **_: Any) -> list[Any]:
        self.requests.append(host)
        answers = self.names[host]
        addresses = answers.pop(0) if len(answers) > 1 else answers[0]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in addresses]

    def install(self, patch: pytest.MonkeyPatch) -> Names:
        patch.setattr(asyncio.get_running_loop(), "getaddrinfo", self.getaddrinfo)
        return self


class RecordingNetwork(httpcore.AnyIOBackend):
    """A `RecordingNetwork` records the addresses that it connects to, and the timeouts."""

    def __init__(self) -> None:
        self.addresses: list[str] = []
        self.timeouts: list[float] = []

    async def connect_tcp(
        self, host: str, port: int, timeout: float | None = None, *args: Any, **kwargs: Any
    ) -> httpcore.AsyncNetworkStream:
        self.addresses.append(host)
        self.timeouts.append(timeout or 0)
        if host == "1.1.1.1":
            raise httpcore.ConnectTimeout
        return await super().connect_tcp(host, port, timeout, *args, **kwargs)


async def test_a_host_that_resolves_to_a_private_address_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    Names(evil_example=[["127.0.0.1"]], mixed_example=[["1.1.1.1", "127.0.0.1"]]).install(monkeypatch)
    async with run_http_server(JSON) as server:
        for host in ("evil.example", "mixed.example"):
            failed = await fail(HttpSettings(), url=server.url(host=host))
            assert failed.type == "Http.Refused"
    assert server.requests == []


async def test_a_redirect_to_such_a_host_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    Names(here_example=[["127.0.0.1"]], evil_example=[["127.0.0.1"]]).install(monkeypatch)
    async with (
        run_http_server(JSON) as inside,
        run_http_server(make_redirect("302 Found", inside.url(host="evil.example"))) as server,
    ):
        settings = HttpSettings(allow_private=("here.example",))
        failed = await fail(settings, url=server.url(host="here.example"))
    assert (failed.type, failed.non_retryable) == ("Http.Refused", True)
    assert inside.requests == []


async def test_a_host_is_resolved_once_and_the_checked_address_is_connected(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """In DNS rebinding, the second answer of the resolver is a private address."""
    names = Names(rebind_example=[["1.1.1.1"], ["127.0.0.1"]]).install(monkeypatch)
    recording = RecordingNetwork()
    monkeypatch.setattr(httpcore, "AnyIOBackend", lambda: recording)
    failed = await fail(HttpSettings(), url="http://rebind.example/")
    assert (failed.type, recording.addresses, names.requests) == (
        "Http.Connect",
        ["1.1.1.1"],
        ["rebind.example"],
    )
    failed = await fail(HttpSettings(), url="http://rebind.example/")
    assert (failed.type, recording.addresses) == ("Http.Refused", ["1.1.1.1"])


async def test_the_next_address_is_tried_and_the_host_stays_in_the_request(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    Names(two_example=[["1.1.1.1", "127.0.0.1"]]).install(monkeypatch)
    recording = RecordingNetwork()
    monkeypatch.setattr(httpcore, "AnyIOBackend", lambda: recording)
    async with run_http_server(JSON) as server:
        assert (await send(url=server.url(host="two.example")))["status"] == 200
    assert recording.addresses == ["1.1.1.1", "127.0.0.1"]
    assert 4 < recording.timeouts[0] <= 5 < 9 < recording.timeouts[1] <= 10
    assert f"Host: two.example:{server.port}\r\n" in server.requests[0]


async def test_tls_uses_the_host_at_the_checked_address(monkeypatch: pytest.MonkeyPatch) -> None:
    Names(tls_example=[["127.0.0.1"]]).install(monkeypatch)
    hello = b""

    async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal hello
        hello += await reader.read(4096)
        writer.close()

    server = await asyncio.start_server(greet, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        failed = await fail(url=f"https://tls.example:{port}/?token=secret")
    assert b"tls.example" in hello
    assert (failed.type, failed.non_retryable) == ("Http.Connect", False)
    assert "secret" not in str(failed)


async def test_nothing_was_sent_if_the_tls_handshake_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(network, "CONNECT_SECONDS", 0.2)

    async def stare(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_server(stare, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        failed = await fail(url=f"https://127.0.0.1:{port}/")
    assert failed.type == "Http.Connect"


async def test_a_host_that_is_not_resolved_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    async def never(*_: Any, **__: Any) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", never)
    monkeypatch.setattr(network, "CONNECT_SECONDS", 0.1)
    failed = await fail(url="http://slow.example/")
    assert (failed.type, "not resolved in time" in failed.message) == ("Http.Connect", True)


async def test_hosts_in_other_scripts(monkeypatch: pytest.MonkeyPatch) -> None:
    """A letter may look like another one, and full-width digits and dots may be those of an address."""
    Names(**{"xn--bcher-kva_example": [["127.0.0.1"]], "127_0_0_1": [["127.0.0.1"]]}).install(monkeypatch)
    async with run_http_server(JSON) as server:
        assert (await send(url=server.url(host="bücher.example")))["status"] == 200
        assert "Host: xn--bcher-kva.example" in server.requests[0]
    for host in ("１２７.０.０.１", "127。0。0。1", "‮evil.example"):
        failed = await fail(HttpSettings(), url=f"http://{host}/")
        assert failed.type in ("Http.Refused", "Http.Request"), host


async def test_an_open_connection_is_not_used_for_another_host() -> None:
    """Both hosts resolve to the same address."""
    settings = HttpSettings(allow_hosts=("here.example",), allow_private=("127.0.0.1",))
    async with run_http_server(b"", make_response()) as server:
        server.responses[0] = make_redirect("302 Found", server.url(host="localhost"))
        failed = await fail(settings, url=server.url())
    assert (failed.type, len(server.requests)) == ("Http.Refused", 1)


async def test_proxies_of_the_environment_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    async with run_http_server(JSON) as proxy, run_http_server(make_response()) as server:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, proxy.url())
        assert (await send(LOCAL, url=server.url()))["body"] is None
    assert proxy.requests == []


async def test_requests_do_not_wait_for_each_other() -> None:
    """If the pool were smaller than what a worker runs at once, slow services would starve the others."""
    arrived = 0
    all_there = asyncio.Event()

    async def wait(_: str, writer: asyncio.StreamWriter) -> None:
        nonlocal arrived
        arrived += 1
        if arrived == 30:
            all_there.set()
        await all_there.wait()
        writer.write(JSON)

    http = HttpActivity(LOCAL)
    async with run_http_server(wait) as server, http.hold_connections(), asyncio.timeout(20):
        found = await asyncio.gather(*(send_many(http, 1, url=server.url()) for _ in range(30)))
    assert all(result["status"] == 200 for (result,) in found)


async def test_a_connection_is_reused() -> None:
    ports = []

    async def look(_: str, writer: asyncio.StreamWriter) -> None:
        ports.append(writer.get_extra_info("peername")[1])
        writer.write(make_response(body=b"x"))

    http = HttpActivity(LOCAL)
    async with run_http_server(look) as server, http.hold_connections():
        await send_many(http, 3, url=server.url())
    assert len(ports) == 3
    assert len(set(ports)) == 1


async def test_connections_are_closed_when_the_worker_has_stopped() -> None:
    gone = asyncio.Event()

    async def stay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(make_response())
        await reader.read()
        writer.close()
        gone.set()

    server = await asyncio.start_server(stay, "127.0.0.1", 0)
    http = HttpActivity(LOCAL)
    async with server:
        async with http.hold_connections():
            await send_many(http, 1, url=f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/")
            assert not gone.is_set()
        async with asyncio.timeout(5):
            await gone.wait()
