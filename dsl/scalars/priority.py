"""The keys of a priority, and what the server takes for each of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final, NamedTuple

HIGHEST_KEY: Final = 2**31 - 1
"""The largest priority key that Temporal's protocol can carry."""


class PriorityPart(NamedTuple):
    """A `PriorityPart` says what one key of a priority takes."""

    expected: str
    """What messages call it."""
    fits: Callable[[Any], bool]
    """Tells whether the server takes a value as it is."""
    schema: Mapping[str, Any]
    """What of JSON Schema holds for a value that is no expression."""


def _is_key(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= HIGHEST_KEY


def _is_fairness_key(value: Any) -> bool:
    return isinstance(value, str) and 1 <= len(value.encode(errors="replace")) <= 64


def _is_fairness_weight(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0.001 <= value <= 1000


PRIORITY_PARTS: Final[Mapping[str, PriorityPart]] = MappingProxyType(
    {
        "key": PriorityPart(
            f"a whole number from 1 to {HIGHEST_KEY}",
            _is_key,
            {"type": ["integer", "string"], "minimum": 1, "maximum": HIGHEST_KEY},
        ),
        "fairness_key": PriorityPart(
            "text of 1 to 64 bytes",
            _is_fairness_key,
            {"type": "string", "minLength": 1},
        ),
        "fairness_weight": PriorityPart(
            "a number from 0.001 to 1000",
            _is_fairness_weight,
            {"type": ["number", "string"], "minimum": 0.001, "maximum": 1000},
        ),
    }
)
"""The keys of a priority. The bounds are the server's, which would cut a weight outside of them without a word."""
