"""Ask a worker for its health, as whoever starts workers does."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from contextlib import suppress
from dataclasses import dataclass

from tests.support.waiting import until

DRAINS = "the worker was asked to stop, and takes no new work"
"""Why a worker that drains is not ready."""


@dataclass(frozen=True)
class Probe:
    """What a probe was answered."""

    code: int
    status: str
    problems: str
    task_queue: str


def probe(port: int, path: str = "/readyz") -> Probe:
    """Ask a worker on this machine.

    Raises:
        URLError: nobody listens at the port.
    """
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=15) as answer:
            code, body = answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        code, body = error.code, json.load(error)
    return Probe(code, body["status"], "; ".join(body["problems"]), body["task_queue"])


async def wait_for_readiness(port: int, code: int = 200) -> str:
    """Wait until `/readyz` answers with a status code, and return the problems."""

    def has_come() -> bool:
        with suppress(urllib.error.URLError):
            return probe(port).code == code
        return False

    await until(has_come, f"the answer is {code}", within=60)
    return probe(port).problems
