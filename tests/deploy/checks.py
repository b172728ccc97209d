"""The files of `deploy/`, tried with the tools that they are made for.

`make deploy` runs these. They are no part of `make test`, because they need promtool, prometheus, docker-compose,
nginx and systemd-analyze, which Debian has as packages.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from interpreter.temporal.dev_server.server import DevServer
from tests.cli.running_command import run_in_background
from tests.deploy.files import (
    DEPLOY,
    DOCKERFILE,
    MANIFESTS,
    RULE_TESTS,
    RULES,
    UNIT,
    list_queries,
)
from tests.deploy.tls_proxy import make_certificates, run_proxy
from tests.support.metrics import find_free_port
from tests.support.processes import STEPFILE, stepfile
from tests.support.waiting import until

ROOT = DEPLOY.parent
BIN = Path(sys.executable).parent
FAILS = """
dsl: "1"
name: fails
steps: [{id: give_up, raise: {type: Hopeless, message: nothing helps}}]
"""
EMPTY = {"Dead letters written", "Oldest dead letter", "Calls behind shared breakers"}
"""Panels of which the runs of this test have nothing to show."""


def _check(*command: str | Path) -> None:
    ended = subprocess.run([*map(str, command)], capture_output=True, text=True, cwd=ROOT)
    assert ended.returncode == 0, ended.stdout + ended.stderr


def test_the_dockerfile() -> None:
    _check(BIN / "hadolint", DOCKERFILE)


def test_the_manifests_of_kubernetes() -> None:
    _check(BIN / "kubernetes-validate", "--strict", MANIFESTS)


def test_the_compose_file() -> None:
    _check("docker-compose", "--file", DEPLOY / "compose.yaml", "config", "--quiet")


def test_the_unit_of_systemd(tmp_path: Path) -> None:
    unit = tmp_path / UNIT.name
    text = UNIT.read_text(encoding="utf-8")
    installed = text.replace("/srv/stepfile/%i/.venv/bin/stepfile", str(STEPFILE))
    assert installed != text
    unit.write_text(installed, encoding="utf-8")
    _check("systemd-analyze", "verify", unit)


def test_the_rules() -> None:
    _check("promtool", "check", "rules", RULES)
    _check("promtool", "test", "rules", RULE_TESTS)


@contextmanager
def _prometheus(folder: Path, target: str) -> Iterator[str]:
    """Let a Prometheus scrape a worker every second, with the rules; yields its address."""
    config, address = folder / "prometheus.yaml", f"127.0.0.1:{find_free_port()}"
    scrape = {"job_name": "stepfile", "static_configs": [{"targets": [target]}]}
    settings = {"global": {"scrape_interval": "1s"}, "rule_files": [str(RULES)], "scrape_configs": [scrape]}
    config.write_text(json.dumps(settings), encoding="utf-8")
    command = ["prometheus", f"--config.file={config}", f"--storage.tsdb.path={folder / 'data'}"]
    with subprocess.Popen(
        [*command, f"--web.listen-address={address}"], stderr=subprocess.DEVNULL
    ) as process:
        try:
            yield address
        finally:
            process.terminate()


def _query(address: str, query: str) -> list[object]:
    """The series that a query yields.

    Raises:
        OSError: Prometheus is not there yet, or refuses the query.
    """
    url = f"http://{address}/api/v1/query?query={urllib.parse.quote(query)}"
    with urllib.request.urlopen(url, timeout=10) as answer:
        body = json.load(answer)
    assert body["status"] == "success", body
    found: list[object] = body["data"]["result"]
    return found


def _is_scraped(prometheus: str) -> bool:
    try:
        return bool(_query(prometheus, "stepfile_runs_ended_total"))
    except OSError:  # it is still starting
        return False


def _let_runs_end(folder: Path, *options: str) -> None:
    """Let three runs end: one completes, one is undone and completes, and one fails."""
    fails = folder / "fails.yaml"
    fails.write_text(FAILS, encoding="utf-8")
    trip = ("definitions/trip-booking.yaml", "--input", "car_id=mini", "--input", "hotel_id=ritz")
    for run in ((*trip, "--input", "flight_id=LH1"), (*trip, "--input", "flight_id=invalid"), (fails,)):
        stepfile("submit", *run, *options, "--wait", cwd=ROOT)


async def test_the_dashboard_shows_what_a_worker_does(
    server: DevServer, task_queue: str, tmp_path: Path
) -> None:
    target = f"127.0.0.1:{find_free_port()}"
    at = ("--address", server.address, "--task-queue", task_queue)
    with (
        run_in_background("worker", *at, "--metrics-address", target, cwd=ROOT) as worker,
        _prometheus(tmp_path, target) as prometheus,
    ):
        worker.wait_for_output("worker on task queue")
        _let_runs_end(tmp_path, *at)
        await until(lambda: _is_scraped(prometheus), "Prometheus scrapes the worker", within=60)
        _let_runs_end(tmp_path, *at)  # a rate is what has changed between two scrapes
        for title, query in list_queries():
            if title not in EMPTY:
                await until(lambda query=query: bool(_query(prometheus, query)), title, within=30)  # type: ignore[misc]
            else:
                assert _query(prometheus, query) == []
        alerts = _query(prometheus, "ALERTS{alertstate='firing'}")
        assert alerts == []


async def test_a_worker_and_a_client_behind_mutual_tls(
    server: DevServer, task_queue: str, tmp_path: Path
) -> None:
    certificates = make_certificates(tmp_path)
    certificate, key = certificates.client
    env = {
        "TEMPORAL_TLS_SERVER_CA_CERT_PATH": str(certificates.authority),
        "TEMPORAL_TLS_CLIENT_CERT_PATH": str(certificate),
        "TEMPORAL_TLS_CLIENT_KEY_PATH": str(key),
    }
    with run_proxy(tmp_path, server.address, find_free_port()) as address:
        await _run_behind(address, task_queue, env)
        without = {"TEMPORAL_TLS_SERVER_CA_CERT_PATH": str(certificates.authority)}
        _expect_refusal(address, without)


async def test_a_worker_and_a_client_with_an_api_key(
    server: DevServer, task_queue: str, tmp_path: Path
) -> None:
    certificates = make_certificates(tmp_path)
    env = {
        "TEMPORAL_TLS_SERVER_CA_CERT_PATH": str(certificates.authority),
        "TEMPORAL_API_KEY": "key-of-the-shop",
    }
    with run_proxy(tmp_path, server.address, find_free_port(), api_key="key-of-the-shop") as address:
        await _run_behind(address, task_queue, env)
        _expect_refusal(address, {**env, "TEMPORAL_API_KEY": "key-of-somebody"})


async def _run_behind(address: str, task_queue: str, env: Mapping[str, str]) -> None:
    at = ("--address", address, "--task-queue", task_queue)
    health = f"127.0.0.1:{find_free_port()}"
    with run_in_background("worker", *at, "--health-address", health, cwd=ROOT, env=env) as worker:
        worker.wait_for_output("worker on task queue")
        trip = ("definitions/trip-booking.yaml", "--input", "car_id=mini", "--input", "hotel_id=ritz")
        everything = {**os.environ, **env}
        ended = stepfile("submit", *trip, "--input", "flight_id=LH1", *at, "--wait", cwd=ROOT, env=everything)
        assert ended.returncode == 0, ended.stderr


def _expect_refusal(address: str, env: Mapping[str, str]) -> None:
    ended = stepfile("status", "nothing", "--address", address, cwd=ROOT, env={**os.environ, **env})
    assert ended.returncode == 1
    assert f"Temporal at {address}" in ended.stderr
    assert "Traceback" not in ended.stderr
