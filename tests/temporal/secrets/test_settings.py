"""The settings of a project say where secrets are, for how long they are kept, and who may get them."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from interpreter.cli.arguments.project import find_worker_settings
from interpreter.cli.arguments.project_file import ProjectProblem
from interpreter.temporal.secrets.providers import EnvironmentSecrets, FileSecrets
from interpreter.temporal.secrets.settings import SecretSettings, SecretSettingsProblem
from interpreter.temporal.secrets.store import SecretNotFound, SecretStore, SecretUnavailable


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"file": "x"}, "file is not a setting of secrets; the settings are allow, cache, files"),
        ({"files": ""}, "files must be a folder"),
        ({"provider": "shop.vault"}, "provider must name a function in a module"),
        ({"files": "x", "provider": "a:b"}, "set one of the two"),
        ({"cache": 5}, "cache must be a duration"),
        ({"refuse_in_results": "yes"}, "refuse_in_results must be true or false"),
        ({"allow": []}, "allow must be a table"),
        ({"allow": {"KEY": "charge"}}, "found KEY = 'charge'"),
        ({"allow": {"KEY": [1]}}, "found KEY"),
        ({"allow": {"a-b": []}}, "found a-b"),
    ],
    ids=str,
)
def test_wrong_settings(table: dict[str, Any], message: str) -> None:
    with pytest.raises(SecretSettingsProblem, match=message):
        SecretSettings.read(table, Path())


def test_the_settings_of_a_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.path", ["here"])
    monkeypatch.chdir(tmp_path)
    project = tmp_path / "pyproject.toml"
    project.write_text(
        '[tool.stepfile.secrets]\nfiles = "secrets"\ncache = "1m"\nrefuse_in_results = true\n'
        'allow.KEY = ["charge", "api.example.com"]\n'
    )
    assert find_worker_settings().secrets == SecretSettings(
        FileSecrets(tmp_path / "secrets"), timedelta(minutes=1), True, {"KEY": ("charge", "api.example.com")}
    )
    project.write_text("[tool.stepfile]\n")
    assert find_worker_settings().secrets.provider == EnvironmentSecrets()
    project.write_text('[tool.stepfile.secrets]\ncache = "x"\n')
    with pytest.raises(ProjectProblem, match=r"\[tool.stepfile.secrets\] cache must be a duration"):
        find_worker_settings()


def test_a_provider_that_is_not_there_is_reported() -> None:
    for name, message in (
        ("no_such_module:look_up", "No module named 'no_such_module'"),
        ("os:no_such_name", 'the module os has no "no_such_name"'),
        ("os:name", "is str and can't be called"),
    ):
        with pytest.raises(SecretSettingsProblem, match=message):
            SecretStore(SecretSettings(provider=name))


async def test_only_variables_with_the_prefix_are_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STEPFILE_SECRET_TOKEN", "token-0123")
    monkeypatch.setenv("STEPFILE_SECRET_EMPTY", "")
    store = SecretStore(SecretSettings())
    assert await store.look_up(["TOKEN", "TOKEN"]) == {"TOKEN": "token-0123"}
    with pytest.raises(SecretNotFound, match=r"the environment variable STEPFILE_SECRET_PATH$"):
        await store.look_up(["PATH"])
    with pytest.raises(SecretNotFound, match="is empty"):
        await store.look_up(["EMPTY"])


async def test_a_file_is_a_secret_and_read_anew(tmp_path: Path) -> None:
    store = SecretStore(SecretSettings(provider=FileSecrets(tmp_path), cache=timedelta(0)))
    (tmp_path / "TOKEN").write_text("first\nline\n")
    assert await store.look_up(["TOKEN"]) == {"TOKEN": "first\nline"}
    # as Kubernetes does it: the file is a link into a folder that is another one after each change
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "TOKEN").write_bytes(b"second\r\n")
    (tmp_path / "TOKEN").unlink()
    (tmp_path / "TOKEN").symlink_to(Path("new", "TOKEN"))
    assert await store.look_up(["TOKEN"]) == {"TOKEN": "second"}
    with pytest.raises(SecretNotFound, match=f"looks for it in the file {tmp_path}{os.sep}OTHER"):
        await store.look_up(["OTHER"])
    (tmp_path / "BINARY").write_bytes(b"\xff\xfe")
    with pytest.raises(SecretUnavailable, match="UnicodeDecodeError"):
        await store.look_up(["BINARY"])
    missing = SecretStore(SecretSettings(provider=FileSecrets(tmp_path / "none")))
    with pytest.raises(SecretUnavailable, match="FileNotFoundError"):
        await missing.look_up(["TOKEN"])


async def test_a_value_is_kept_for_a_while() -> None:
    asked: list[str] = []

    def look_up(name: str) -> str:
        asked.append(name)
        return f"{name}-{len(asked)}"

    kept = SecretStore(SecretSettings(provider=look_up))
    assert await kept.look_up(["A", "B"]) == await kept.look_up(["A", "B"])
    assert len(asked) == 2
    never = SecretStore(SecretSettings(provider=look_up, cache=timedelta(0)))
    assert await never.look_up(["A"]) != await never.look_up(["A"])


async def test_a_provider_may_be_of_any_kind_and_must_return_text() -> None:
    class Vault:
        async def __call__(self, name: str, /) -> str | None:
            return f"{name} of the vault"

    assert await SecretStore(SecretSettings(provider=Vault())).look_up(["A"]) == {"A": "A of the vault"}
    returns_bytes: Any = lambda name: b"bytes"  # noqa: E731
    with pytest.raises(SecretUnavailable, match="is bytes, and not text"):
        await SecretStore(SecretSettings(provider=returns_bytes)).look_up(["A"])
