"""What stands in `deploy/` fits the product: its options and metrics exist, and its times fit together."""

from __future__ import annotations

import json
import re
from datetime import timedelta

import pytest

from interpreter.cli.commands.worker import command
from interpreter.cli.display.letter_metrics import COUNT, COUNTED_AT, OLDEST_AGE
from interpreter.cli.process.running_worker import CANCELLATION_TIME
from interpreter.temporal.observing.metrics import METRICS
from tests.deploy.files import DASHBOARD, MANIFESTS, RULES, UNIT, read_manifests, read_worker_options

OF_THE_COMMAND = {COUNT, OLDEST_AGE, COUNTED_AT}
"""What is no metric of a worker: `stepfile dlq stats` computes it."""


def _read_grace(file: str) -> timedelta:
    options = read_worker_options()[file]
    grace: timedelta = command.make_context("worker", list(options)).params["grace"]
    return grace


@pytest.mark.parametrize("file", sorted(read_worker_options()))
def test_the_options_exist(file: str) -> None:
    command.make_context("worker", list(read_worker_options()[file]))


def test_kubernetes_waits_for_the_activities() -> None:
    pod = read_manifests()["Deployment"]["spec"]["template"]["spec"]
    least = _read_grace(MANIFESTS.name).total_seconds() + CANCELLATION_TIME
    assert pod["terminationGracePeriodSeconds"] > least


def test_systemd_waits_for_the_activities() -> None:
    found = re.search(r"^TimeoutStopSec=(\d+)s$", UNIT.read_text(encoding="utf-8"), re.MULTILINE)
    assert found is not None
    assert int(found[1]) > _read_grace(UNIT.name).total_seconds() + CANCELLATION_TIME


def test_the_probes_ask_where_the_worker_answers() -> None:
    container = read_manifests()["Deployment"]["spec"]["template"]["spec"]["containers"][0]
    ports = {each["name"]: each["containerPort"] for each in container["ports"]}
    params = command.make_context("worker", list(container["args"])).params
    assert params["health_address"] == f"0.0.0.0:{ports['health']}"
    assert params["metrics_address"] == f"0.0.0.0:{ports['metrics']}"
    probes = {name: container[f"{name}Probe"]["httpGet"] for name in ("startup", "readiness", "liveness")}
    assert {name: (probe["path"], probe["port"]) for name, probe in probes.items()} == {
        "startup": ("/readyz", "health"),
        "readiness": ("/readyz", "health"),
        "liveness": ("/livez", "health"),
    }


@pytest.mark.parametrize("file", [RULES, DASHBOARD], ids=lambda file: file.name)
def test_the_metrics_exist(file: object) -> None:
    assert isinstance(file, type(RULES))
    served = {
        name for each in METRICS for name in (each.served_name, f"{each.served_name}_bucket")
    } | OF_THE_COMMAND
    used = set(re.findall(r"\bstepfile_\w+", file.read_text(encoding="utf-8")))
    assert used
    assert used <= served


def test_the_panels_do_not_overlap() -> None:
    places = [
        (panel["gridPos"]["x"], panel["gridPos"]["y"])
        for panel in json.loads(DASHBOARD.read_text(encoding="utf-8"))["panels"]
    ]
    assert len(places) == len(set(places))
