"""The guard refuses hosts and addresses that the worker may not connect to."""

from __future__ import annotations

import pytest

from interpreter.temporal.worker.http.address_guard import RequestRefused, check_addresses, check_host
from interpreter.temporal.worker.http.settings import HttpSettings
from tests.temporal.http.activity_calls import fail

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
def test_an_address_that_is_allowed_although_it_is_not_public(
    host: str, address: str, allowed: str, passes: bool
) -> None:
    settings = HttpSettings(allow_private=(allowed,))
    if passes:
        check_addresses(host, [address], settings)
    else:
        with pytest.raises(RequestRefused):
            check_addresses(host, [address], settings)


def test_hosts_that_are_allowed() -> None:
    settings = HttpSettings.read(
        {"allow_hosts": ["Api.example.com", "*.bücher.example"], "allow_private": ["stock.internal"]}
    )
    for host in ("api.example.com", "API.example.com.", "a.xn--bcher-kva.example", "stock.internal"):
        check_host(host, settings)
    for host in ("example.com", "xn--bcher-kva.example", "api.example.com.evil.net", "evil-api.example.com"):
        with pytest.raises(RequestRefused, match="allow_hosts"):
            check_host(host, settings)


def test_hosts_are_compared_in_lower_case() -> None:
    check_host("api.example.com", HttpSettings(allow_hosts=("API.example.com",)))


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:1/",
        "http://localhost:1/",
        "http://[::1]:1/",
        "http://10.0.0.1/",
        "http://169.254.169.254/latest/meta-data",
        "http://[::ffff:169.254.169.254]/",
        "http://[64:ff9b::a9fe:a9fe]/",
        "http://[2002:a00:1::]/",
        "http://[fe80::1]/",
        "http://0.0.0.0/",
        "http://2130706433/",
        "http://0x7f.1/",
        "http://224.0.0.1/",
        "http://100.64.0.1/",
        "ftp://example.com/",
        "file:///etc/passwd",
        "http:///path",
        "/path",
    ],
)
async def test_an_address_that_is_not_public_is_refused(url: str) -> None:
    failed = await fail(HttpSettings(), url=url)
    assert (failed.type, failed.non_retryable) == ("Http.Refused", True)


async def test_only_allowed_hosts_are_connected() -> None:
    settings = HttpSettings(allow_hosts=("api.example.com", "*.example.org"))
    for url in ("http://example.com/", "https://example.org/", "http://api.example.com.evil.net/"):
        assert (await fail(settings, url=url)).type == "Http.Refused", url
    nobody = HttpSettings(allow_hosts=())
    assert (await fail(nobody, url="http://api.example.com/")).type == "Http.Refused"


async def test_who_is_refused_learns_of_the_setting_and_its_place() -> None:
    place = "in [tool.stepfile.http] of the worker's pyproject.toml, or in the HttpSettings of its code"
    private = await fail(HttpSettings(), url="http://127.0.0.1/")
    assert private.message == (
        "127.0.0.1 resolves to 127.0.0.1, which is not a public address; the exceptions are allow_private "
        + place
    )
    unknown = await fail(HttpSettings(allow_hosts=("a.example",)), url="http://b.example/")
    assert unknown.message == (
        "b.example is not among the hosts that this worker may connect to; the list is allow_hosts " + place
    )
