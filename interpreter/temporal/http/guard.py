"""Whom a worker may ask. A definition is data that others write, and its URLs hold data that yet others send: without
a guard both could reach what only the worker can reach (server-side request forgery; OWASP A10:2021)."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network

from interpreter.temporal.http.settings import HttpSettings

Address = IPv4Address | IPv6Address

_NAT64 = IPv6Network("64:ff9b::/96")


class Refused(Exception):
    """A request, or a redirect of one, that this worker does not make."""


def check_host(host: str, settings: HttpSettings) -> None:
    """
    Raises:
        Refused: the worker's configuration does not name this host.
    """
    allowed = settings.allow_hosts
    name = host.lower().rstrip(".")
    if allowed is None or name in settings.allow_private:
        return
    if not any(name == each or (each.startswith("*.") and name.endswith(each[1:])) for each in allowed):
        raise Refused(f"{host} is not among the hosts that this worker may ask (allow_hosts)")


def check_addresses(host: str, addresses: Sequence[str], settings: HttpSettings) -> None:
    """
    Args:
        host: As written in the URL.
        addresses: All that it resolves to.
        settings: Of the worker.

    Raises:
        Refused: one of them is not public, and not allowed either.
    """
    name = host.lower().rstrip(".")
    for text in addresses:
        address = _plain(ip_address(text.partition("%")[0]))
        if not _is_public(address) and not _is_allowed(name, address, settings.allow_private):
            raise Refused(f"{host} leads to {address}, which is not a public address (allow_private)")


def _plain(address: Address) -> Address:
    """The IPv4 address inside an IPv6 one: mapped, 6to4 or NAT64."""
    if isinstance(address, IPv4Address):
        return address
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or address


def _is_public(address: Address) -> bool:
    return address.is_global and not address.is_multicast


def _is_allowed(name: str, address: Address, allowed: Sequence[str]) -> bool:
    for each in allowed:
        if each == name:
            return True
        try:
            network = ip_network(each)
        except ValueError:  # another host's name
            continue
        if network.version == address.version and address in network:
            return True
    return False
