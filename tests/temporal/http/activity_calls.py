"""Call the activity of `http` steps outside of a worker."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from interpreter.temporal.worker.http.activity import HttpActivity
from interpreter.temporal.worker.http.settings import HttpSettings
from tests.temporal.http.http_server import make_response

LOCAL = HttpSettings(allow_private=("127.0.0.1",), max_response_size=10_000)
"""These settings allow requests to the servers of the tests."""
JSON = make_response(body=b'{"a": [1, 2.5, null]}', Content_Type="application/json; charset=utf-8", X_Id="7")


async def send(settings: HttpSettings = LOCAL, **argument: Any) -> dict[str, Any]:
    """Call the activity, and return its result."""
    http = HttpActivity(settings)
    async with http.hold_connections():
        result: dict[str, Any] = await ActivityEnvironment().run(http.send_request, argument)
        return result


async def fail(settings: HttpSettings = LOCAL, **argument: Any) -> ApplicationError:
    """Call the activity, which must fail, and return its error."""
    with pytest.raises(ApplicationError) as failed:
        await send(settings, **argument)
    return failed.value


async def send_many(http: HttpActivity, times: int, **argument: Any) -> list[Any]:
    """Call the activity of one worker several times, one call after the other, and return results and errors."""
    return [
        (
            await asyncio.gather(
                ActivityEnvironment().run(http.send_request, argument), return_exceptions=True
            )
        )[0]
        for _ in range(times)
    ]
