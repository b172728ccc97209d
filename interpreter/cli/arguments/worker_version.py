"""The options of `stepfile worker` that make it a version of a deployment."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])


def _parse_deployment_name(text: str) -> str:
    from interpreter.temporal.worker.deployment import check_deployment_name

    return _check(text, check_deployment_name)


def _parse_build_id(text: str) -> str:
    from interpreter.temporal.worker.deployment import check_build_id

    return _check(text, check_build_id)


def _check(text: str, check: Callable[[str], None]) -> str:
    try:
        check(text)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None
    return text


_deployment_name_option = click.option(
    "--deployment-name",
    metavar="NAME",
    type=_parse_deployment_name,
    help="The worker is a version of this deployment (Temporal's Worker Deployments); needs --build-id.",
)
_build_id_option = click.option(
    "--build-id", metavar="ID", type=_parse_build_id, help="Which version of the deployment the worker is."
)


def worker_version_options(command: Command) -> Command:
    """Add the options; the command gets them as `deployment_name` and `build_id`."""
    return _deployment_name_option(_build_id_option(command))


def check_worker_version(deployment_name: str | None, build_id: str | None) -> None:
    """Check that there are both or none.

    Raises:
        click.UsageError: one of them is missing.
    """
    if (deployment_name is None) != (build_id is None):
        missing = "--build-id" if build_id is None else "--deployment-name"
        raise click.UsageError(f"{missing} is missing: a version is the name of a deployment and a build id")
