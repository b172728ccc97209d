"""No test knows the secrets of another."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from interpreter.temporal.secrets.redaction import forget_secrets


@pytest.fixture(autouse=True)
def _nothing_known() -> Iterator[None]:
    forget_secrets()
    yield
    forget_secrets()
