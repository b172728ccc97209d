"""Keys for the tests."""

from __future__ import annotations

import base64
from collections.abc import Mapping

KEYS = {"2026-01": b"1" * 32, "2026-02": b"2" * 32}


def write_keys(keys: Mapping[str, bytes]) -> str:
    """Write keys as an environment variable or a file has them."""
    return ",".join(f"{key_id}:{base64.b64encode(key).decode()}" for key_id, key in keys.items())
