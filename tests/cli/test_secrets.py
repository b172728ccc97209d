"""Commands give their workers the secrets of the project, and print no value of one."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from interpreter.temporal.dev_server.server import DevServer
from tests.cli.running_command import run_in_background
from tests.support.leaks import find_leaks
from tests.support.processes import stepfile

PASSWORD = "pass-word/0123"
TEXT = """\
dsl: "1"
name: login
defaults: {timeouts: {start_to_close: 60s}, retry: {maximum_attempts: 1}}
steps:
  - {id: login, activity: login, args: ["${ secrets.PASSWORD }"]}
"""
ACTIVITIES = """
from temporalio import activity

@activity.defn
async def login(password: str) -> int:
    activity.logger.warning("it is %s", password)
    print(f"the length is {len(password)}")
    raise ValueError(f"no login with {password}")

def look_up(name: str) -> str | None:
    return {"PASSWORD": "pass-word/0123"}.get(name)
"""
SETTINGS = {
    "environment": "",
    "files": '[tool.stepfile.secrets]\nfiles = "mounted"\n',
    "provider": '[tool.stepfile.secrets]\nprovider = "login_activities:look_up"\n',
}


@pytest.fixture
def login(tmp_path: Path) -> Path:
    (tmp_path / "login_activities.py").write_text(ACTIVITIES)
    (tmp_path / "login.yaml").write_text(TEXT)
    (tmp_path / "mounted").mkdir()
    (tmp_path / "mounted" / "PASSWORD").write_text(f"{PASSWORD}\n")
    return tmp_path


def _configure(project: Path, kind: str) -> dict[str, str]:
    settings = f'[tool.stepfile]\nactivities = ["login_activities"]\n{SETTINGS[kind]}'
    (project / "pyproject.toml").write_text(settings)
    return {"STEPFILE_SECRET_PASSWORD": PASSWORD} if kind == "environment" else {}


@pytest.mark.parametrize("kind", SETTINGS)
def test_a_worker_has_the_secrets_of_its_project(
    login: Path, server: DevServer, task_queue: str, kind: str
) -> None:
    env: Mapping[str, str] = {"TEMPORAL_ADDRESS": server.address, **_configure(login, kind)}
    queue = ("--task-queue", task_queue)
    with run_in_background("worker", *queue, cwd=login, env=env) as worker:
        worker.wait_for_output("worker on task queue")
        submitted = stepfile("submit", "login.yaml", "--id", task_queue, *queue, "--wait", cwd=login, env=env)
        status = stepfile("status", task_queue, cwd=login, env=env)
        worker.wait_for_output("no login with")
    outputs = [submitted.stdout, submitted.stderr, status.stdout, status.stderr, worker.stdout, worker.stderr]
    assert find_leaks(PASSWORD, *outputs) == []
    assert "no login with [secret PASSWORD]" in submitted.stdout + submitted.stderr
    assert "no login with [secret PASSWORD]" in status.stdout
    assert "it is [secret PASSWORD]" in worker.stderr
    assert f"the length is {len(PASSWORD)}" in worker.stdout


def test_a_run_has_them_too(login: Path, server: DevServer) -> None:
    env = {"TEMPORAL_ADDRESS": server.address, **_configure(login, "environment")}
    ran = stepfile("run", "login.yaml", cwd=login, env=env)
    assert "no login with [secret PASSWORD]" in ran.stdout + ran.stderr
    assert find_leaks(PASSWORD, ran.stdout, ran.stderr) == []
    del env["STEPFILE_SECRET_PASSWORD"]
    ran = stepfile("run", "login.yaml", cwd=login, env=env)
    assert "there is no secret PASSWORD" in ran.stdout + ran.stderr


def test_a_provider_that_is_not_there_is_reported(login: Path, server: DevServer) -> None:
    _configure(login, "environment")
    settings = '[tool.stepfile]\nactivities = ["login_activities"]\nsecrets.provider = "nowhere:look_up"\n'
    (login / "pyproject.toml").write_text(settings)
    ran = stepfile("run", "login.yaml", cwd=login, env={"TEMPORAL_ADDRESS": server.address})
    assert ran.returncode != 0
    assert "[tool.stepfile.secrets] provider names the module nowhere, which can't be imported" in ran.stderr
    assert "Traceback" not in ran.stderr
