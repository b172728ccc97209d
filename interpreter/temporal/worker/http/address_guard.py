"""The guard decides which hosts and addresses a worker may connect to.

A definition is data that somebody else writes, and its URLs have data that others send. Without a guard, both could
reach what only the worker can reach: this is server-side request forgery (OWASP A10:2021).
"""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from interpreter.temporal.worker.http.settings import HttpSettings, name_place

Address = IPv4Address | IPv6Address

_NAT64 = IPv6Network("64:ff9b::/96")

_SPECIAL_V4 = [
    IPv4Network(block)
    for block in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/3",  # multicast, reserved, broadcast
    )
]
"""IANA's registry of IPv4 special-purpose addresses.

`is_global` of `ipaddress` differs between the releases of Python; in some of them 192.0.0.0/24 is missing, where one
cloud has its metadata.
"""

_UNICAST_V6 = IPv6Network("2000::/3")
_SPECIAL_V6 = [IPv6Network(block) for block in ("2001::/23", "2001:db8::/32", "3fff::/20")]
"""Teredo and other protocols, and documentation. Nobody was ever assigned an address outside of `_UNICAST_V6`."""


class RequestRefused(Exception):
    """The worker does not send this request, or does not follow this redirect."""


def check_host(host: str, settings: HttpSettings) -> None:
    """Check that the worker may connect to a host.

    Args:
        host: The host, as it is written in the URL.
        settings: The settings of the worker.

    Raises:
        RequestRefused: the settings name the hosts that are allowed, and this one is not among them.
    """
    allowed = settings.allow_hosts
    name = host.lower().rstrip(".")
    if allowed is None or any(_matches(name, each) for each in (*settings.allow_private, *allowed)):
        return
    raise RequestRefused(
        f"{host} is not among the hosts that this worker may connect to; the list is {name_place('allow_hosts')}"
    )


def check_addresses(host: str, addresses: Sequence[str], settings: HttpSettings) -> None:
    """Check that the worker may connect to the addresses of a host.

    Args:
        host: The host, as it is written in the URL.
        addresses: All addresses that the host resolves to.
        settings: The settings of the worker.

    Raises:
        RequestRefused: one of the addresses is not public, and the settings do not allow it either.
    """
    name = host.lower().rstrip(".")
    for text in addresses:
        address = _unwrap_address(ip_address(text.partition("%")[0]))
        if not _is_public(address) and not _is_allowed(name, address, settings.allow_private):
            raise RequestRefused(
                f"{host} resolves to {address}, which is not a public address; the exceptions are "
                f"{name_place('allow_private')}"
            )


def _unwrap_address(address: Address) -> Address:
    """Return the IPv4 address inside an IPv6 address (mapped, 6to4 or NAT64), or else the address itself."""
    if isinstance(address, IPv4Address):
        return address
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or address


def _is_public(address: Address) -> bool:
    if isinstance(address, IPv4Address):
        return not any(address in block for block in _SPECIAL_V4)
    return address in _UNICAST_V6 and not any(address in block for block in _SPECIAL_V6)


def _matches(name: str, pattern: str) -> bool:
    pattern = pattern.lower()
    return name == pattern or (pattern.startswith("*.") and name.endswith(pattern[1:]))


def _is_allowed(name: str, address: Address, allowed: Sequence[str]) -> bool:
    for each in allowed:
        if _matches(name, each):
            return True
        try:
            network = ip_network(each)
        except ValueError:  # this is the name of a host
            continue
        if network.version == address.version and address in network:
            return True
    return False
