"""Connect to the Temporal that the user means.

Where it is comes from Temporal's own environment configuration, so that worker, client and Temporal's CLI
agree: `TEMPORAL_*` variables over a profile of a TOML file; options of the command line lie over both.
See https://docs.temporal.io/develop/environment-configuration and `temporalio.envconfig`.
"""

from __future__ import annotations

import asyncio
import os
import re
import sys
from pathlib import Path

from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
from temporalio.client import Client as Client  # exported: the command line names it, too
from temporalio.envconfig import ClientConfigProfile
from temporalio.service import RPCError

from interpreter.temporal.client.connection_problem import (
    ConnectionProblem,
    explain_refusal,
    explain_unreachable,
    explain_unreadable,
)

DEFAULT_ADDRESS = "localhost:7233"
"""Where Temporal's own tools look when nothing is configured."""
DEFAULT_NAMESPACE = "default"
CONNECT_TIMEOUT = 10.0
"""Seconds until a server that does not answer is given up."""

_ADDRESS = re.compile(r"(\[[0-9A-Fa-f:.%]+\]|[^\s/:]+):\d{1,5}")
"""The SDK takes a missing port for 80 and a scheme with a mere warning, so we look first."""


def is_configured(*, address: str | None = None, profile: str | None = None) -> bool:
    """Whether somebody named a Temporal to use: an option (`address`), the environment or the profile.

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
) -> Client:
    """A client whose server has answered and knows the namespace.

    Args:
        address: `host:port`, instead of the configured one; without either, `DEFAULT_ADDRESS`.
        namespace: instead of the configured one; without either, `DEFAULT_NAMESPACE`.
        profile: of the configuration file; instead of TEMPORAL_PROFILE.
        timeout: seconds for all of it.

    Raises:
        ConnectionProblem: with address, namespace, profile, cause and remedy.
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
            f"{error.filename}: {error.strerror}", "a TLS path is configured so"
        ) from None
    options["target_host"] = target
    options["namespace"] = space
    try:
        async with asyncio.timeout(timeout):
            client = await Client.connect(**options)
            await client.workflow_service.describe_namespace(DescribeNamespaceRequest(namespace=space))
    except TimeoutError:
        raise explain_unreachable(place, f"no answer within {timeout:g} s") from None
    except RPCError as error:
        raise explain_refusal(place, space, error) from None
    except (RuntimeError, ValueError) as error:  # all that `Client.connect` tells is in their text
        raise explain_unreachable(place, str(error)) from None
    return client


def _load_settings(profile: str | None) -> ClientConfigProfile:
    named = os.environ.get("TEMPORAL_CONFIG_FILE")
    file = Path(named) if named else _locate_default_file()
    if named and not file.exists():  # which the SDK passes over
        raise ConnectionProblem(f"{file}: no such file", "TEMPORAL_CONFIG_FILE names it")
    try:
        return ClientConfigProfile.load(profile)
    except RuntimeError as error:  # a `ConfigError`, which the SDK does not export
        raise explain_unreadable(file, str(error)) from None


def _locate_default_file() -> Path:
    """Where the SDK looks for profiles: `config_dir()` of Rust's crate dirs, for the messages only."""
    match sys.platform:
        case "darwin":
            directory = "~/Library/Application Support"
        case "win32":
            directory = os.environ.get("APPDATA", "~/AppData/Roaming")
        case _:
            directory = os.environ.get("XDG_CONFIG_HOME", "~/.config")
    return Path(directory).expanduser() / "temporalio" / "temporal.toml"
