"""Fixtures of the tests of resets."""

from __future__ import annotations

import pytest
from temporalio.client import Client
from temporalio.worker import Worker

from stepfile import create_worker
from tests.temporal.resets.service import Service


@pytest.fixture
def service() -> Service:
    return Service()


@pytest.fixture(params=[1000, 0], ids=["cached", "not cached"])
def worker(request: pytest.FixtureRequest, client: Client, task_queue: str, service: Service) -> Worker:
    return create_worker(
        client, service.activities(), task_queue=task_queue, max_cached_workflows=request.param
    )
