"""With secrets, encryption, logs, traces and metrics at once, no value and no plain text is seen anywhere."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from signal import SIGTERM
from urllib.request import urlopen

import pytest
from temporalio.client import Client

from benchmarks.receiver import receive_traces
from interpreter.cli.process.exit import ExitCode
from interpreter.temporal.dev_server.server import DevServer
from tests.cli.running_command import run_in_background
from tests.support.leaks import find_leaks
from tests.support.metrics import find_free_port
from tests.support.processes import stepfile
from tests.support.server_dump import dump_run
from tests.temporal.data.keys import KEYS, write_keys

TOKEN = 'tok/en+"0123 &7'
CARD = "4111-1111/1111"
PLAIN = "confidential-0815"
ACTIVITIES = """
from temporalio import activity
from temporalio.exceptions import ApplicationError

@activity.defn
async def log_in(token: str, card: str) -> None:
    activity.logger.error("the token is %s, and the card %r", token, card)
    activity.heartbeat({"token": token})
    try:
        raise ValueError(f"inner {token}")
    except ValueError as cause:
        raise ApplicationError(f"no login with {token} by {card}", {"token": token}, type="Denied") from cause

@activity.defn
async def echo(text: str) -> str:
    return f"echo of {text}"
"""
TEXT = """\
dsl: "1"
name: leaky
input:
  type: object
  required: [card, note, url]
  properties: {card: {type: string, writeOnly: true}, note: {type: string}, url: {type: string}}
definitions:
  inner:
    input: {type: object, properties: {note: {type: string}}}
    defaults: {timeouts: {start_to_close: 20s}, retry: {maximum_attempts: 1}}
    steps:
      - {id: inside, activity: echo, args: ["${ input.note }"]}
      - {id: refused, activity: log_in, args: ["${ secrets.TOKEN }", x], catch: [{result: null}]}
defaults: {timeouts: {start_to_close: 20s}, retry: {maximum_attempts: 2, initial_interval: 1s}}
steps:
  - {id: inner, child_workflow: inner, input: {note: "${ input.note }"}}
  - id: asked
    http: {url: "${ input.url }", headers: {Authorization: "Bearer ${ secrets.TOKEN }"}}
    catch: [{errors: [Http], result: null}]
  - {id: noted, activity: echo, args: ["${ input.note }"], compensate: {activity: echo, args: ["${ secrets.TOKEN }"]}}
  - {id: log_in, activity: log_in, args: ["${ secrets.TOKEN }", "${ input.card }"]}
"""
SETTINGS = """\
[tool.stepfile]
activities = ["leaky_activities"]
encryption.keys_variable = "LEAKY_KEYS"
http.allow_private = ["127.0.0.1"]
"""


class _Refusing(BaseHTTPRequestHandler):
    """It answers with what it was sent, in the body and in a header."""

    def do_GET(self) -> None:
        self.send_response(403)
        self.send_header("X-Seen", self.headers["Authorization"])
        self.end_headers()
        self.wfile.write(self.headers["Authorization"].encode())

    def log_message(self, *_: object) -> None:
        """Write no log."""


@contextmanager
def _run_refusing_service() -> Iterator[str]:
    service = ThreadingHTTPServer(("127.0.0.1", 0), _Refusing)
    threading.Thread(target=service.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{service.server_port}/"
    service.shutdown()
    service.server_close()


def _read(address: str) -> str:
    with urlopen(address, timeout=10) as answer:
        text: str = answer.read().decode()
        return text


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project that encrypts."""
    (tmp_path / "leaky_activities.py").write_text(ACTIVITIES)
    (tmp_path / "leaky.yaml").write_text(TEXT)
    (tmp_path / "pyproject.toml").write_text(SETTINGS)
    return tmp_path


async def test_no_value_and_no_plain_text(
    project: Path, server: DevServer, client: Client, task_queue: str
) -> None:
    address = f"127.0.0.1:{find_free_port()}"
    options = ("--log-format", "json", "--log-level", "debug", "--metrics-address", address)
    at = ("--address", server.address)
    spans: list[bytes] = []
    with receive_traces(spans.append) as to_receiver, _run_refusing_service() as url:
        env = {**to_receiver, "OTEL_TRACES_EXPORTER": "otlp", "LEAKY_KEYS": write_keys(KEYS)}
        owner = {**env, "STEPFILE_SECRET_TOKEN": TOKEN}
        given = (f"card={CARD}", f"note={PLAIN}", f"url={url}")
        inputs = [part for each in given for part in ("--input", each)]
        with run_in_background(
            "worker", *at, "--task-queue", task_queue, *options, cwd=project, env=owner
        ) as worker:
            worker.wait_for_output("worker on task queue")
            start = ("submit", "leaky.yaml", *at, "--task-queue", task_queue, "--id", task_queue, "--wait")
            submitted = stepfile(*start, *inputs, cwd=project, env=env)
            status = stepfile("status", task_queue, *at, "--json", cwd=project, env=env)
            metrics = _read(f"http://{address}/metrics")
            blind = stepfile("status", task_queue, *at, cwd=project.parent, env={})
            worker.send_signal(SIGTERM)
            worker.wait_for_exit()
    assert submitted.returncode == ExitCode.FAILED
    assert "no login with [secret TOKEN] by [writeOnly input.card]" in submitted.stdout + submitted.stderr
    assert '"attempt_failed"' in worker.stderr
    assert "stepfile_runs_ended_total" in metrics
    assert b"run leaky" in b"".join(spans)
    shown = [status.stdout, status.stderr, submitted.stdout, submitted.stderr, worker.stdout, worker.stderr]
    told: list[str | bytes] = [*shown, blind.stdout, blind.stderr, metrics, *spans]
    kept = await dump_run(client, task_queue)
    assert find_leaks(TOKEN, kept, *told) == []
    assert find_leaks(CARD, kept, *told) == []
    assert find_leaks(PLAIN, kept, metrics, *spans, worker.stderr, blind.stdout, blind.stderr) == []
