"""Retry-After, and the settings of a worker."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from interpreter.temporal.worker.http.settings import HttpSettings, HttpSettingsProblem
from interpreter.temporal.worker.http.status_classes import is_expected, is_retryable, parse_retry_after
from interpreter.temporal.worker.project import ProjectProblem, find_project

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
def test_what_is_expected(expect: list[int | str], taken: set[int]) -> None:
    found = {status for status in (101, 200, 204, 299, 302, 400, 404, 503) if is_expected(status, expect)}
    assert found == taken


def test_what_is_worth_another_attempt() -> None:
    """Chapter 7.1.3, as one table."""
    assert {status for status in range(100, 600) if is_retryable(status)} == {
        *(408, 425, 429),
        *range(500, 600),
    }


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({"allow_host": []}, "allow_host is no setting of http"),
        ({"allow_hosts": "example.com"}, "allow_hosts is a list of host names"),
        ({"allow_hosts": [""]}, "allow_hosts is a list of host names"),
        ({"allow_private": ["10.0.0.0/33"]}, "does not appear to be an IPv4 or IPv6 network"),
        ({"max_response_size": 0}, "from 1 to 1,900,000, found 0"),
        ({"max_response_size": True}, "found True"),
        ({"maximum_retry_after": 30}, "maximum_retry_after is a duration"),
    ],
    ids=str,
)
def test_wrong_settings(table: dict[str, Any], said: str) -> None:
    with pytest.raises(HttpSettingsProblem, match=said):
        HttpSettings.read(table)


def test_the_settings_of_a_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.path", ["here"])
    project = tmp_path / "pyproject.toml"
    project.write_text(
        '[tool.stepfile]\nactivities = ["a"]\n[tool.stepfile.http]\n'
        'allow_hosts = ["API.example.com"]\nallow_private = ["localhost", "10.0.0.0/8"]\n'
        'max_response_size = 5\nmaximum_retry_after = "10m"\n'
    )
    below = tmp_path / "below"
    below.mkdir()
    found = find_project(below)
    assert found is not None
    assert found.activities == ("a",)
    assert found.http == HttpSettings(
        ("api.example.com",), ("localhost", "10.0.0.0/8"), 5, timedelta(minutes=10)
    )
    project.write_text("[tool.stepfile]\nhttp = 5\n")
    with pytest.raises(ProjectProblem, match="is a table"):
        find_project(below)
    project.write_text("[tool.stepfile.http]\nmax_response_size = -1\n")
    with pytest.raises(ProjectProblem, match=r"\[tool.stepfile.http\] max_response_size"):
        find_project(below)
