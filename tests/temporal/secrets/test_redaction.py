"""A process remembers the values that it has filled in, but not without end."""

from __future__ import annotations

from interpreter.temporal.secrets.redaction import (
    MOST_VALUES,
    find_secret,
    knows_secrets,
    learn_secret,
    redact_text,
    redact_value,
)


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


def test_parts_of_a_url_are_replaced_where_they_stand_alone() -> None:
    learn_secret("HOOK", "https://me:pass-word@Hooks.example/services/T000/B000?token=0123456789#x")
    assert redact_text("GET https://hooks.example/services/T000/B000 failed") == "GET [secret HOOK] failed"
    for part in ("/services/T000/B000", "0123456789", "token=0123456789", "pass-word"):
        assert redact_text(f"<{part}>") == "<[secret HOOK]>"
    assert redact_text("x me https://") == "x me https://"
