"""The settings of a project say what `http` steps may do."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from interpreter.cli.arguments.project import find_worker_settings
from interpreter.cli.arguments.project_file import ProjectProblem, find_project
from interpreter.temporal.worker.http.settings import HttpSettings, HttpSettingsProblem


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"allow_host": []}, "allow_host is not a setting of http"),
        ({"allow_hosts": "example.com"}, "allow_hosts must be a list of host names"),
        ({"allow_hosts": [""]}, "allow_hosts must be a list of host names"),
        ({"allow_private": ["10.0.0.0/33"]}, "does not appear to be an IPv4 or IPv6 network"),
        ({"max_response_size": 0}, "from 1 to 1,900,000, found 0"),
        ({"max_response_size": True}, "found True"),
        ({"maximum_retry_after": 30}, "maximum_retry_after must be a duration"),
    ],
    ids=str,
)
def test_wrong_settings(table: dict[str, Any], message: str) -> None:
    with pytest.raises(HttpSettingsProblem, match=message):
        HttpSettings.read(table)


@pytest.mark.parametrize(
    "host",
    [
        "https://api.example.com",
        "api.example.com:443",
        "a b",
        "*",
        "*.",
        "a.*.example",
        "[::1]",
        "a/b",
        "ü..x:",
    ],
)
def test_a_text_that_is_not_a_host(host: str) -> None:
    with pytest.raises(HttpSettingsProblem, match="allow_hosts has"):
        HttpSettings.read({"allow_hosts": [host]})


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
    monkeypatch.chdir(below)
    found = find_project()
    assert found is not None
    assert found.get_names("activities") == ["a"]
    assert find_worker_settings().http == HttpSettings(
        ("api.example.com",), ("localhost", "10.0.0.0/8"), 5, timedelta(minutes=10)
    )
    project.write_text("[tool.stepfile]\nhttp = 5\n")
    with pytest.raises(ProjectProblem, match="must be a table"):
        find_worker_settings()
    project.write_text("[tool.stepfile.http]\nmax_response_size = -1\n")
    with pytest.raises(ProjectProblem, match=r"\[tool.stepfile.http\] max_response_size"):
        find_worker_settings()
