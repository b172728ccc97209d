"""The settings of a worker may say to whom a secret may be given. A definition can then send it to nobody else."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from temporalio.exceptions import ApplicationError

from interpreter.program.model import HTTP_ACTIVITY
from interpreter.temporal.wire.current_header import current_header

REFUSED = "SecretRefused"
"""The type of the error. It is final, but what undoes waits until the settings are mended."""


def check_destination(
    allowed: Mapping[str, tuple[str, ...]], names: Iterable[str], name: str, argument: Any
) -> None:
    """Check that an activity may get secrets.

    Args:
        allowed: Name of a secret → who may get it: names of activities, and hosts for `http`. A secret that is not
            named here may be given to all.
        names: The secrets in the argument.
        name: The activity.
        argument: The argument, with the secrets filled in.

    Raises:
        ApplicationError: `SecretRefused`: it may not.
    """
    limited = [each for each in names if each in allowed]
    if not limited:
        return
    host = _find_host(argument) if name == HTTP_ACTIVITY else None
    for each in limited:
        if (host if name == HTTP_ACTIVITY else name) not in allowed[each]:
            whom = f"the host {host}" if name == HTTP_ACTIVITY else f"activity {name}"
            listed = ", ".join(allowed[each]) or "nobody"
            header = current_header()
            raise ApplicationError(
                f"secret {each} may not be given to {whom}; [tool.stepfile.secrets.allow] allows {listed}",
                type=REFUSED,
                non_retryable=header is None or not header.undoes,
            )


def _find_host(request: Any) -> str | None:
    """Find the host of a request as the sender of `http` will; None if there is none."""
    import httpx  # it takes a tenth of a second

    try:
        return httpx.URL(request["url"]).host
    except (httpx.InvalidURL, LookupError, TypeError):
        return None
