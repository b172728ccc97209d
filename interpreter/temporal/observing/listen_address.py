"""Where a worker listens for those who look after it: an address as people write it."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from ipaddress import ip_address

from interpreter.temporal.problem import TemporalProblem


class ListenProblem(TemporalProblem):
    """Nothing can be served at an address."""


@dataclass(frozen=True, slots=True)
class ListenAddress:
    """An address of this machine, and a port."""

    ip: str
    port: int

    def __str__(self) -> str:
        return f"[{self.ip}]:{self.port}" if ":" in self.ip else f"{self.ip}:{self.port}"


def resolve_listen_address(address: str, served: str) -> ListenAddress:
    """Make an IP address and a port of a name and a port.

    Args:
        address: As `host:port`; an IPv6 address stands in brackets.
        served: What is to be served there, for problems: `metrics`.

    Raises:
        ListenProblem: this is no such address, or no name of this machine.
    """
    host, _, port = address.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not host or not port.isdecimal() or not 0 < int(port) < 65536:
        raise ListenProblem(
            f'"{address}" is no address to serve {served} at',
            "HOST:PORT is expected, such as 127.0.0.1:9464, or 0.0.0.0:9464 for all networks of this machine",
        )
    try:
        found = socket.getaddrinfo(host, int(port), type=socket.SOCK_STREAM)[0][4][0]
    except (OSError, UnicodeError) as error:
        raise ListenProblem(
            f'can\'t serve {served} at "{address}": {error}', "this is no name of this machine"
        ) from None
    return ListenAddress(str(ip_address(str(found))), int(port))


def explain_taken(address: str, served: str, why: str) -> ListenProblem:
    """Say that an address can't be listened at."""
    return ListenProblem(
        f"can't serve {served} at {address}: {why}",
        "another program, or another worker, may listen at this port; each process needs a port of its own",
    )
