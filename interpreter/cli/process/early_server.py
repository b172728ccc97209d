"""The development server is started before the code that will use it is imported. Both take a third of a second."""

from __future__ import annotations

import signal
from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from interpreter.cli.arguments.connection_options import DEFAULT_NAMESPACE, ConnectionOptions

if TYPE_CHECKING:
    from interpreter.temporal.dev_server.launch import ServerProcess


@contextmanager
def launch_early(connection: ConnectionOptions) -> Generator[ServerProcess | None]:
    """Start a development server if no other Temporal can be meant, and make sure that it ends with the block.

    Yields:
        The process, or None where it is not yet plain that it will be needed, or where no server is installed.
        `connect_or_start_dev_server` sees to these.
    """
    from interpreter.temporal.dev_server.launch import ServerOptions, find_dev_server, launch_server

    if not connection.names_no_server() or find_dev_server() is None:
        yield None
        return
    # Until `Interrupts` listens, SIGTERM would end this process at once. Only on Linux the server would end with it.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    launched = launch_server(ServerOptions(namespace=connection.namespace or DEFAULT_NAMESPACE))
    try:
        yield launched
    finally:
        launched.kill()
