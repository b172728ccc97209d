"""Where a worker listens for those who look after it: an address as people write it."""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address

from interpreter.temporal.problem import TemporalProblem

_EXAMPLES: Mapping[str, str] = {"metrics": "9464", "health": "8080"}
"""What is served → the port that people know for it."""

_HINTS: Mapping[str, str] = {
    os.strerror(errno.EADDRINUSE): "another program, or another worker, may listen at this port; "
    "each process needs a port of its own",
    os.strerror(
        errno.EADDRNOTAVAIL
    ): "this machine has no such address; 127.0.0.1 is reached from this machine "
    "only, and 0.0.0.0 from all its networks",
    os.strerror(errno.EACCES): "ports below 1024 are for root only; choose a higher one",
}
"""Why the system refuses an address → what to do."""


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
        served: What is to be served there, for problems: `metrics` or `health`.

    Raises:
        ListenProblem: this is no such address, or no name of this machine.
    """
    host, _, port = address.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not host or "/" in host or not port.isdecimal() or not 0 < int(port) < 65536:
        example = _EXAMPLES[served]
        raise ListenProblem(
            f'"{address}" is no address to serve {served} at',
            f"HOST:PORT is expected, such as 127.0.0.1:{example}, "
            f"or 0.0.0.0:{example} for all networks of this machine",
        )
    try:
        found = socket.getaddrinfo(host, int(port), type=socket.SOCK_STREAM)[0][4][0]
    except (OSError, UnicodeError) as error:
        raise ListenProblem(
            f'can\'t serve {served} at "{address}": {error}', "this is no name of this machine"
        ) from None
    return ListenAddress(str(ip_address(str(found))), int(port))


def explain_refusal(address: str, served: str, why: str) -> ListenProblem:
    """Say that an address can't be listened at.

    Args:
        address: As somebody has written it.
        served: What was to be served there.
        why: What the system says of it.
    """
    return ListenProblem(f"can't serve {served} at {address}: {why}", _HINTS.get(why))
