"""Whom a worker asks: addresses, names, and names that lead elsewhere."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

import httpcore
import pytest

from interpreter.temporal.worker.http import network
from interpreter.temporal.worker.http.address_guard import RequestRefused, check_addresses, check_host
from interpreter.temporal.worker.http.settings import HttpSettings, HttpSettingsProblem
from tests.temporal.http.site import answer, serving
from tests.temporal.http.test_asking import HERE, JSON, ask, failure, moved

PRIVATE = """
0.0.0.0 0.1.2.3 10.0.0.1 100.64.0.1 100.100.100.200 127.0.0.1 127.255.255.254 169.254.169.254 172.16.0.1
172.31.255.255 192.0.0.8 192.0.0.192 192.0.2.1 192.88.99.1 192.168.1.1 198.18.0.1 198.51.100.1 203.0.113.1
224.0.0.1 239.1.1.1 240.0.0.1 255.255.255.255
:: ::1 ::7f00:1 ::ffff:127.0.0.1 ::ffff:10.0.0.1 ::ffff:0:127.0.0.1 64:ff9b::7f00:1 64:ff9b:1::1 100::1 2001::1
2001:db8::1 2002:7f00:1:: 2002:a9fe:a9fe:: 3fff::1 4000::1 5f00::1 fc00::1 fd00:ec2::254 fe80::1%eth0 fec0::1 ff02::1
"""
PUBLIC = "1.1.1.1 93.184.216.34 172.32.0.1 192.0.1.1 2606:4700::1111 2002:101:101:: 64:ff9b::101:101"


@pytest.mark.parametrize("address", PRIVATE.split())
def test_private(address: str) -> None:
    with pytest.raises(RequestRefused, match="allow_private"):
        check_addresses("name.example", ["1.1.1.1", address], HttpSettings())


@pytest.mark.parametrize("address", PUBLIC.split())
def test_public(address: str) -> None:
    check_addresses("name.example", [address], HttpSettings())


@pytest.mark.parametrize(
    ("host", "address", "allowed", "passes"),
    [
        ("a.example", "10.1.2.3", "10.1.0.0/16", True),
        ("a.example", "10.2.2.3", "10.1.0.0/16", False),
        ("a.example", "10.1.2.3", "a.example", True),
        ("A.example.", "10.1.2.3", "a.Example", True),
        ("b.example", "10.1.2.3", "a.example", False),
        ("a.b.example", "10.1.2.3", "*.example", True),
        ("example", "10.1.2.3", "*.example", False),
        ("badexample", "10.1.2.3", "*.example", False),
        ("a.example", "::1", "::1", True),
        ("a.example", "::ffff:10.1.2.3", "10.1.2.3", True),
        ("a.example", "::1", "127.0.0.0/8", False),
    ],
)
def test_what_is_allowed_all_the_same(host: str, address: str, allowed: str, passes: bool) -> None:
    settings = HttpSettings(allow_private=(allowed,))
    if passes:
        check_addresses(host, [address], settings)
    else:
        with pytest.raises(RequestRefused):
            check_addresses(host, [address], settings)


def test_the_names_that_are_allowed() -> None:
    settings = HttpSettings.read(
        {"allow_hosts": ["Api.example.com", "*.bücher.example"], "allow_private": ["stock.internal"]}
    )
    for host in ("api.example.com", "API.example.com.", "a.xn--bcher-kva.example", "stock.internal"):
        check_host(host, settings)
    for host in ("example.com", "xn--bcher-kva.example", "api.example.com.evil.net", "evil-api.example.com"):
        with pytest.raises(RequestRefused, match="allow_hosts"):
            check_host(host, settings)


@pytest.mark.parametrize(
    "host",
    [
        "https://api.example.com",
        "api.example.com:443",
        "a b",
        "*",
        "*.",
        "a.*.example",
        "[::1]",
        "a/b",
        "ü..x:",
    ],
)
def test_what_is_no_host(host: str) -> None:
    with pytest.raises(HttpSettingsProblem, match="allow_hosts has"):
        HttpSettings.read({"allow_hosts": [host]})


class Names:
    """A resolver: each name has one list of addresses after another, the last for ever."""

    def __init__(self, **names: list[list[str]]) -> None:
        self.names = {name.replace("_", "."): answers for name, answers in names.items()}
        self.asked: list[str] = []

    async def getaddrinfo(self, host: str, port: int, **_: Any) -> list[Any]:
        self.asked.append(host)
        answers = self.names[host]
        addresses = answers.pop(0) if len(answers) > 1 else answers[0]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in addresses]

    def install(self, patch: pytest.MonkeyPatch) -> Names:
        patch.setattr(asyncio.get_running_loop(), "getaddrinfo", self.getaddrinfo)
        return self


class Wires(httpcore.AnyIOBackend):
    """Where connections go to."""

    def __init__(self) -> None:
        self.addresses: list[str] = []
        self.patience: list[float] = []

    async def connect_tcp(
        self, host: str, port: int, timeout: float | None = None, *args: Any, **kwargs: Any
    ) -> httpcore.AsyncNetworkStream:
        self.addresses.append(host)
        self.patience.append(timeout or 0)
        if host == "1.1.1.1":
            raise httpcore.ConnectTimeout
        return await super().connect_tcp(host, port, timeout, *args, **kwargs)


async def test_a_name_that_leads_inside_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    Names(evil_example=[["127.0.0.1"]], mixed_example=[["1.1.1.1", "127.0.0.1"]]).install(monkeypatch)
    async with serving(JSON) as site:
        for host in ("evil.example", "mixed.example"):
            failed = await failure(HttpSettings(), url=site.url(host=host))
            assert failed.type == "Http.Refused"
    assert site.asked == []


async def test_a_redirect_to_a_name_that_leads_inside_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    Names(here_example=[["127.0.0.1"]], evil_example=[["127.0.0.1"]]).install(monkeypatch)
    async with serving(JSON) as inside, serving(moved("302 Found", inside.url(host="evil.example"))) as site:
        settings = HttpSettings(allow_private=("here.example",))
        failed = await failure(settings, url=site.url(host="here.example"))
    assert (failed.type, failed.non_retryable) == ("Http.Refused", True)
    assert inside.asked == []


async def test_a_name_is_resolved_once_and_the_checked_address_is_connected(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """DNS rebinding: the second answer would lead inside."""
    names = Names(rebind_example=[["1.1.1.1"], ["127.0.0.1"]]).install(monkeypatch)
    wires = Wires()
    monkeypatch.setattr(httpcore, "AnyIOBackend", lambda: wires)
    failed = await failure(HttpSettings(), url="http://rebind.example/")
    assert (failed.type, wires.addresses, names.asked) == ("Http.Connect", ["1.1.1.1"], ["rebind.example"])
    failed = await failure(HttpSettings(), url="http://rebind.example/")
    assert (failed.type, wires.addresses) == ("Http.Refused", ["1.1.1.1"])


async def test_the_next_address_is_tried_and_the_name_stays_in_the_request(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    Names(two_example=[["1.1.1.1", "127.0.0.1"]]).install(monkeypatch)
    wires = Wires()
    monkeypatch.setattr(httpcore, "AnyIOBackend", lambda: wires)
    async with serving(JSON) as site:
        assert (await ask(url=site.url(host="two.example")))["status"] == 200
    assert wires.addresses == ["1.1.1.1", "127.0.0.1"]
    assert 4 < wires.patience[0] <= 5 < 9 < wires.patience[1] <= 10
    assert f"Host: two.example:{site.port}\r\n" in site.asked[0]


async def test_tls_is_asked_for_by_name_at_the_checked_address(monkeypatch: pytest.MonkeyPatch) -> None:
    Names(tls_example=[["127.0.0.1"]]).install(monkeypatch)
    hello = b""

    async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal hello
        hello += await reader.read(4096)
        writer.close()

    server = await asyncio.start_server(greet, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        failed = await failure(url=f"https://tls.example:{port}/?token=secret")
    assert b"tls.example" in hello
    assert (failed.type, failed.non_retryable) == ("Http.Connect", False)
    assert "secret" not in str(failed)


async def test_who_does_not_shake_hands_was_sent_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(network, "CONNECT_SECONDS", 0.2)

    async def stare(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_server(stare, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        failed = await failure(url=f"https://127.0.0.1:{port}/")
    assert failed.type == "Http.Connect"


async def test_a_name_that_is_never_resolved(monkeypatch: pytest.MonkeyPatch) -> None:
    async def never(*_: Any, **__: Any) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", never)
    monkeypatch.setattr(network, "CONNECT_SECONDS", 0.1)
    failed = await failure(url="http://slow.example/")
    assert (failed.type, "not resolved in time" in failed.message) == ("Http.Connect", True)


async def test_names_in_other_scripts(monkeypatch: pytest.MonkeyPatch) -> None:
    """What looks like a letter may be another; full-width digits and dots are those of an address."""
    Names(**{"xn--bcher-kva_example": [["127.0.0.1"]], "127_0_0_1": [["127.0.0.1"]]}).install(monkeypatch)
    async with serving(JSON) as site:
        assert (await ask(url=site.url(host="bücher.example")))["status"] == 200
        assert "Host: xn--bcher-kva.example" in site.asked[0]
    for host in ("１２７.０.０.１", "127。0。0。1", "‮evil.example"):
        failed = await failure(HttpSettings(), url=f"http://{host}/")
        assert failed.type in ("Http.Refused", "Http.Request"), host


async def test_a_connection_that_is_open_is_of_no_use_to_another_name() -> None:
    """Both names lead to one address."""
    settings = HttpSettings(allow_hosts=("here.example",), allow_private=("127.0.0.1",))
    async with serving(b"", answer()) as site:
        site.answers[0] = moved("302 Found", site.url(host="localhost"))
        failed = await failure(settings, url=site.url())
    assert (failed.type, len(site.asked)) == ("Http.Refused", 1)


async def test_proxies_of_the_environment_are_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    async with serving(JSON) as proxy, serving(answer()) as site:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, proxy.url())
        assert (await ask(HERE, url=site.url()))["body"] is None
    assert proxy.asked == []
