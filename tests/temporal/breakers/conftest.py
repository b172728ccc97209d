"""Fixtures for tests of shared breakers."""

from __future__ import annotations

from pathlib import Path

import pytest
from temporalio.client import Client

from tests.temporal.breakers.support import Service, Shop


@pytest.fixture
def service(tmp_path: Path) -> Service:
    """A service that is well."""
    made = Service(tmp_path)
    made.set("up")
    return made


@pytest.fixture
def shop(client: Client, task_queue: str, service: Service) -> Shop:
    """Runs that pay on a queue of their own, by a breaker of their own."""
    return Shop(client, task_queue, service)
