"""A command ends as it means, whichever of its standard streams are closed, and whatever it has to write."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest
from temporalio.client import Client

from interpreter.temporal.client.run_handle import RunHandle
from interpreter.temporal.dev_server.server import DevServer
from stepfile import prepare, read_text
from tests.support.processes import STEPFILE, stepfile

DEFINITION = """\
dsl: "1"
name: halves
steps: [{id: pause, wait: 1ms}]
"""
HALF = {"to\udc00": "a\ud800b"}


@pytest.fixture
async def run(client: Client, task_queue: str) -> str:
    """The id of a run that another program has started with half of a surrogate pair in its input."""
    submission = prepare(read_text(DEFINITION), HALF)
    await RunHandle.start(client, submission, workflow_id=task_queue, task_queue=task_queue)
    return task_queue


@pytest.mark.parametrize("stream", [0, 1, 2])
@pytest.mark.parametrize(
    "command", [["list", "--limit", "5"], ["schema"], ["validate", "none.yaml"], ["--help"]]
)
@pytest.mark.slow
def test_a_closed_stream_changes_nothing(
    server: DevServer, tmp_path: Path, stream: int, command: list[str]
) -> None:
    if command[0] == "list":
        command = [*command, "--address", server.address]
    open_streams = _run(command, tmp_path, closed=None)
    ended = _run(command, tmp_path, closed=stream)
    assert ended.returncode == open_streams.returncode
    assert "Traceback" not in ended.stderr + ended.stdout


def test_a_closed_stdin_is_an_empty_one(tmp_path: Path) -> None:
    ended = _run(["submit", "none.yaml", "--inputs", "-"], tmp_path, closed=0)
    assert ended.returncode == 2
    assert "- has no line with an input" in ended.stderr


@pytest.mark.parametrize("command", ["show", "status", "log", "list"])
def test_what_is_no_character_is_written_escaped(server: DevServer, run: str, command: str) -> None:
    about = [run] if command != "list" else ["--definition", "halves"]
    for option in ([], ["--json"]):
        ended = stepfile(command, *about, *option, "--address", server.address)
        assert (ended.returncode, "Traceback" in ended.stderr) == (0, False), ended.stderr
    if command == "show":
        assert json.loads(ended.stdout)["input"] == HALF
        assert r'"to\udc00": "a\ud800b"' in ended.stdout


@pytest.mark.parametrize("encoding", ["utf-8", "ascii", "latin-1"])
def test_every_encoding_can_write_it(server: DevServer, run: str, encoding: str) -> None:
    ended = stepfile("show", run, "--address", server.address, env={"PYTHONIOENCODING": encoding})
    assert ended.returncode == 0, ended.stderr
    assert r'"to\udc00": "a\ud800b"' in ended.stdout


def _run(command: list[str], folder: Path, *, closed: int | None) -> subprocess.CompletedProcess[str]:
    with subprocess.Popen(
        [STEPFILE, *command],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=None if closed is None else lambda: os.close(closed),
    ) as process:
        out, err = process.communicate(timeout=60)
    return subprocess.CompletedProcess(command, process.returncode, out, err)
