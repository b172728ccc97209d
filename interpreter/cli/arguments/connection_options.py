"""These options say which Temporal a command connects to: `--address`, `--namespace`, `--profile`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from interpreter.temporal.client.connection import Client


DEFAULT_NAMESPACE = "default"


@dataclass(frozen=True, slots=True)
class ConnectionOptions:
    """These are the values of the options; what is None comes from the environment or its profile."""

    address: str | None = None
    namespace: str | None = None
    profile: str | None = None

    def names_no_server(self) -> bool:
        """Tell whether it is plain, without temporalio, that `is_configured` will say no."""
        from interpreter.temporal.client.config_file import has_no_configuration

        return self.address is None and self.profile is None and has_no_configuration()

    def is_configured(self) -> bool:
        """Tell whether the options, the environment or the profile name a Temporal server.

        Raises:
            TemporalProblem: the configuration can't be read.
        """
        from interpreter.temporal.client.connection import is_configured

        return is_configured(address=self.address, profile=self.profile)

    async def connect(self, file: str | None = None) -> Client:
        """Connect to the server, and return a client for it once the server has answered.

        The client converts data as the project says: that around the working directory, or else around `file`.

        Raises:
            TemporalProblem: the server can't be reached, or the project's data converter can't be used.
        """
        from interpreter.cli.arguments.data_converter import find_data_converter
        from interpreter.temporal.client.connection import connect
        from interpreter.temporal.tracing.switch import load_trace_plugins

        return await connect(
            address=self.address,
            namespace=self.namespace,
            profile=self.profile,
            data_converter=find_data_converter(file),
            plugins=load_trace_plugins(),
        )


def connection_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the three options to a command, which gets them as one argument, `connection`."""

    @click.option("--address", metavar="HOST:PORT", help="Temporal's address, instead of TEMPORAL_ADDRESS.")
    @click.option("--namespace", metavar="NAME", help="Temporal's namespace, instead of TEMPORAL_NAMESPACE.")
    @click.option(
        "--profile",
        metavar="NAME",
        help="Profile of Temporal's configuration file, instead of TEMPORAL_PROFILE.",
    )
    @wraps(command)
    def call_with_connection(
        *args: Any, address: str | None, namespace: str | None, profile: str | None, **options: Any
    ) -> Any:
        return command(*args, connection=ConnectionOptions(address, namespace, profile), **options)

    return call_with_connection
