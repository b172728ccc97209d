"""Connect to the Temporal server that the user means.

Temporal's own environment configuration says where the server is, so that worker, client and Temporal's CLI agree.
`TEMPORAL_*` variables replace what a profile of a TOML file says, and options of the command line replace both.
See https://docs.temporal.io/develop/environment-configuration and `temporalio.envconfig`.
"""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Sequence

from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
from temporalio.client import Client as Client  # exported, because the command line may not import temporalio
from temporalio.client import Plugin
from temporalio.converter import DataConverter
from temporalio.envconfig import ClientConfigProfile
from temporalio.service import RPCError

from interpreter.temporal.client.config_file import locate_config_file
from interpreter.temporal.client.connection_problem import (
    ConnectionProblem,
    explain_refusal,
    explain_unreachable,
    explain_unreadable,
)
from interpreter.temporal.data.converter import build_client_options

DEFAULT_ADDRESS = "localhost:7233"
"""The address that Temporal's own tools use when nothing is configured."""
DEFAULT_NAMESPACE = "default"
CONNECT_TIMEOUT = 10.0
"""How many seconds a server has to answer."""

_ADDRESS = re.compile(r"(\[[0-9A-Fa-f:.%]+\]|[^\s/:]+):\d{1,5}")
"""The form of an address. We check it first, because the SDK takes a missing port for 80, and accepts a scheme."""


def is_configured(*, address: str | None = None, profile: str | None = None) -> bool:
    """Tell whether a server is named by an option (`address`), by the environment or by the profile.

    Raises:
        ConnectionProblem: the configuration can't be read, or lacks the profile.
    """
    return bool(address or _load_settings(profile).address)


async def connect(
    *,
    address: str | None = None,
    namespace: str | None = None,
    profile: str | None = None,
    timeout: float = CONNECT_TIMEOUT,
    data_converter: DataConverter | None = None,
    plugins: Sequence[Plugin] = (),
) -> Client:
    """Connect to a server, and check that it answers and knows the namespace.

    Args:
        address: The address as `host:port`; if None, the configured one, or else `DEFAULT_ADDRESS`.
        namespace: Temporal's namespace; if None, the configured one, or else `DEFAULT_NAMESPACE`.
        profile: The profile of the configuration file; if None, the one that TEMPORAL_PROFILE names.
        timeout: How many seconds all of this may take.
        data_converter: What converts, encrypts and stores the data of runs, also on workers that are made with this
            client; if None, temporalio's default. Where it has a codec, that encodes headers, too.
        plugins: Those of temporalio that the client shall have, such as `stepfile.opentelemetry.TracePlugin`.

    Raises:
        ConnectionProblem: the server can't be reached; the text has address, namespace, profile, cause and remedy.
    """
    settings = _load_settings(profile)
    target = address or settings.address or DEFAULT_ADDRESS
    space = namespace or settings.namespace or DEFAULT_NAMESPACE
    named = profile or os.environ.get("TEMPORAL_PROFILE")
    place = f"Temporal at {target} (namespace {space}{f', profile {named}' if named else ''})"
    if not _ADDRESS.fullmatch(target):
        raise explain_unreachable(place, "invalid target URL")
    try:
        options = settings.to_client_connect_config()
    except OSError as error:
        raise ConnectionProblem(
            f"{error.filename}: {error.strerror}", "this path is configured for TLS"
        ) from None
    options["target_host"] = target
    options["namespace"] = space
    try:
        async with asyncio.timeout(timeout):
            client = await Client.connect(**options, **build_client_options(data_converter), plugins=plugins)
            await client.workflow_service.describe_namespace(DescribeNamespaceRequest(namespace=space))
    except TimeoutError:
        raise explain_unreachable(place, f"no answer within {timeout:g} s") from None
    except RPCError as error:
        raise explain_refusal(place, space, error) from None
    except (RuntimeError, ValueError) as error:  # only the text of these errors says what is wrong
        raise explain_unreachable(place, str(error)) from None
    return client


def _load_settings(profile: str | None) -> ClientConfigProfile:
    file = locate_config_file()
    if os.environ.get("TEMPORAL_CONFIG_FILE") and not file.exists():  # the SDK would ignore that
        raise ConnectionProblem(f"{file}: no such file", "TEMPORAL_CONFIG_FILE names it")
    try:
        return ClientConfigProfile.load(profile)
    except RuntimeError as error:  # a `ConfigError`, which the SDK does not export
        raise explain_unreadable(file, str(error)) from None
