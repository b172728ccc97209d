"""A status, and the type of an error, say whether another attempt is of use, and what is known of the outcome."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from interpreter.failure.error_types import UNCERTAIN
from interpreter.temporal.worker.http.status_classes import is_expected, is_retryable, parse_retry_after

NOW = datetime(2026, 1, 1, 12, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, None),
        ("0", 0),
        (" 120 ", 120),
        ("99999999999999999999", 3600),
        ("-5", None),
        ("soon", None),
        ("", None),
        ("1.5", None),
        ("Thu, 01 Jan 2026 12:00:30 GMT", 30),
        ("Thu, 01 Jan 2026 11:00:00 GMT", 0),
        ("Thu, 01 Jan 2026 12:00:30 -0000", 30),
        ("Fri, 02 Jan 2026 12:00:00 GMT", 3600),
        ("Thursday, 01-Jan-26 12:00:30 GMT", 30),
        ("Thu Jan  1 12:00:30 2026", 30),
        ("0000000000000005", 5),
        ("9" * 5000, 3600),
        ("٣", None),
        ("Thu, 01 Jan 99999 00:00:00 GMT", None),
        ("Mon, 01 Jan 0001 00:00:00 +2359", 0),
        ("Fri, 31 Dec 9999 23:59:59 -2359", 3600),
    ],
)
def test_retry_after(value: str | None, seconds: int | None) -> None:
    found = parse_retry_after(value, NOW, timedelta(hours=1))
    assert found == (None if seconds is None else timedelta(seconds=seconds))


@pytest.mark.parametrize(
    ("expect", "taken"),
    [
        (["2xx"], {200, 204, 299}),
        ([200, 404], {200, 404}),
        (["2xx", 404], {200, 204, 299, 404}),
        (["4xx", "5xx"], {400, 404, 503}),
    ],
    ids=str,
)
def test_which_statuses_are_expected(expect: list[int | str], taken: set[int]) -> None:
    found = {status for status in (101, 200, 204, 299, 302, 400, 404, 503) if is_expected(status, expect)}
    assert found == taken


def test_which_statuses_are_retryable() -> None:
    """These are the classes of chapter 7.1.3."""
    assert {status for status in range(100, 600) if is_retryable(status)} == {
        *(408, 425, 429),
        *range(500, 600),
    }


@pytest.mark.parametrize("kind", ["Http.Network", "Http.Response", "Http.TooLarge", "Http.502", "Http.504"])
def test_an_error_after_which_the_outcome_is_not_known(kind: str) -> None:
    assert kind in UNCERTAIN


@pytest.mark.parametrize("kind", ["Http.Connect", "Http.Refused", "Http.Request", "Http.404", "Http.503"])
def test_an_error_after_which_nothing_was_done(kind: str) -> None:
    assert kind not in UNCERTAIN
