"""A process remembers the values that it has filled in, but not without end."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from interpreter.temporal.secrets.redaction import (
    MOST_VALUES,
    find_secret,
    forget_secrets,
    knows_secrets,
    learn_secret,
    redact_text,
    redact_value,
)


@pytest.fixture(autouse=True)
def _nothing_known() -> Iterator[None]:
    forget_secrets()
    yield
    forget_secrets()


def test_values_are_replaced_by_the_name_of_the_secret() -> None:
    assert not knows_secrets()
    assert redact_text("hunter22") == "hunter22"
    learn_secret("TOKEN", "hunter22")
    assert knows_secrets()
    assert redact_text("it is hunter22.") == "it is [secret TOKEN]."
    assert redact_value({"a": ["Bearer hunter22"]}) == {"a": ["Bearer [secret TOKEN]"]}
    assert find_secret(["hunter22"]) == "[secret TOKEN]"


def test_the_value_that_was_filled_in_longest_ago_is_forgotten_first() -> None:
    learn_secret("FIRST", "value-of-first")
    learn_secret("SECOND", "value-of-second")
    for number in range(MOST_VALUES - 1):
        learn_secret("FIRST", "value-of-first")
        learn_secret("MORE", f"value-{number:04}")
    assert redact_text("value-of-first value-of-second") == "[secret FIRST] value-of-second"
