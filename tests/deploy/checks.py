"""The files of `deploy/`, tried with the tools that they are made for.

`make deploy` runs these. They are no part of `make test`, because they need promtool, prometheus, docker-compose,
nginx and systemd-analyze, which Debian has as packages.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from interpreter.temporal.dev_server.server import DevServer, run_dev_server
from stepfile import prepare, read_text, start
from tests.cli.running_command import run_in_background
from tests.deploy.files import (
    COMPOSE,
    DEPLOY,
    DOCKERFILE,
    MANIFESTS,
    RULE_TESTS,
    RULES,
    UNIT,
    read_panels,
)
from tests.deploy.picture import shop
from tests.deploy.picture.answers import ask_panels
from tests.deploy.picture.definitions import INVOICE, ORDER
from tests.deploy.picture.story import Times, tell_story
from tests.deploy.prometheus import Prometheus, run_prometheus
from tests.deploy.tls_proxy import make_certificates, run_proxy
from tests.support.metrics import find_free_port
from tests.support.processes import STEPFILE, stepfile
from tests.support.waiting import until

ROOT = DEPLOY.parent
BIN = Path(sys.executable).parent


def _check(*command: str | Path) -> str:
    """Run a command that must succeed; what it has said."""
    ended = subprocess.run([*map(str, command)], capture_output=True, text=True, cwd=ROOT)
    said = ended.stdout + ended.stderr
    assert ended.returncode == 0, said
    return said


def test_the_dockerfile() -> None:
    _check(BIN / "hadolint", DOCKERFILE)


def test_the_manifests_of_kubernetes() -> None:
    _check(BIN / "kubernetes-validate", "--strict", MANIFESTS)  # KEDA's resource has no schema there


def test_the_compose_file() -> None:
    _check("docker-compose", "--file", COMPOSE, "config", "--quiet")


def test_the_units_of_systemd(tmp_path: Path) -> None:
    for file in UNIT.parent.glob("stepfile-*"):
        text = file.read_text(encoding="utf-8")
        installed = re.sub(r"/srv/stepfile/\S+/\.venv/bin/stepfile", str(STEPFILE), text)
        (tmp_path / file.name).write_text(installed, encoding="utf-8")
    said = _check("systemd-analyze", "verify", *tmp_path.iterdir())
    assert "stepfile-" not in said, f"what it does not know is a warning only:\n{said}"


def test_the_rules() -> None:
    _check("promtool", "check", "rules", RULES)
    _check("promtool", "test", "rules", RULE_TESTS)


async def test_the_dashboard_and_the_alerts_see_what_happens(tmp_path: Path) -> None:
    async with tell_story(tmp_path, Times(well=10, down=15, back=15, gone=8, again=15)) as story:
        ask_panels(story, read_panels("10s"), step=1)
        firing = {each.labels["alertname"] for each in story.prometheus.ask("ALERTS{alertstate='firing'}")}
        # Those that wait for some minutes do not fire yet.
        assert firing == {"StepfileNotUndone", "StepfileDeadLetters"}


async def test_alerts_outlive_a_killed_worker_and_see_that_it_and_temporal_are_gone(tmp_path: Path) -> None:
    (tmp_path / "up").touch()
    targets = {queue: f"127.0.0.1:{find_free_port()}" for queue in ("shop", "depot")}
    options = ("--activities", shop.__name__, "--metrics-address")
    environment = {shop.FOLDER: str(tmp_path)}
    counted = {("StepfileNotUndone", "order"), ("StepfileDeadLetters", "invoice")}
    gone = {("StepfileWorkerDown", targets["shop"]), ("StepfileNobodyPolls", "shop")}
    async with run_dev_server() as server:
        at = ("--address", server.address, "--task-queue")
        with (
            run_in_background(
                "worker", *at, "shop", *options, targets["shop"], cwd=ROOT, env=environment
            ) as one,
            run_in_background("worker", *at, "depot", *options, targets["depot"], cwd=ROOT) as other,
            run_prometheus(tmp_path, *targets.values()) as prometheus,
        ):
            for worker in (one, other):
                worker.wait_for_output("worker on task queue")
            # The seventh customer has no money, and what was packed can't be released.
            for text in (ORDER, INVOICE):
                submission = prepare(read_text(text), {"number": 7})
                name = submission.definition.name
                await start(await server.connect(), submission, workflow_id=name, task_queue="shop")
            await until(lambda: prometheus.has("ALERTS"), "Prometheus has looked at its rules")
            await until(lambda: _list_alerts(prometheus) == counted, "what was counted is told")
            one.send_signal(signal.SIGKILL)
            await until(lambda: _list_alerts(prometheus) >= gone, "the worker is missed")
            assert _list_alerts(prometheus) == counted | gone
            server.kill()
            lost = ("StepfileTemporalUnreachable", targets["depot"])
            await until(lambda: lost in _list_alerts(prometheus), "Temporal is missed")


def _list_alerts(prometheus: Prometheus) -> set[tuple[str, str]]:
    """The names of alerts that fire or wait for their time, and the first label that says what each is about."""
    about = ("definition", "task_queue", "instance")
    alerts = [each.labels for each in prometheus.ask("ALERTS")]
    return {
        (each["alertname"], next((each[label] for label in about if label in each), "")) for each in alerts
    }


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
