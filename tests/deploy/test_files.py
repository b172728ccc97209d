"""What stands in `deploy/` fits the product: its options and metrics exist, and its times fit together."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import Any

import pytest

from dsl.scalars.duration import parse_duration
from interpreter.cli.commands.dlq.stats import command as dlq_stats
from interpreter.cli.commands.worker import command
from interpreter.cli.display.letter_metrics import COUNT, COUNTED_AT, OLDEST_AGE
from interpreter.cli.process.running_worker import CANCELLATION_TIME
from interpreter.temporal.observing.metrics import METRICS
from interpreter.temporal.wire.breaker_names import BREAKER_TASK_QUEUE
from tests.cli.reference import parse_arguments
from tests.deploy.files import (
    DASHBOARD,
    DOCKERFILE,
    LETTERS,
    MANIFESTS,
    OPERATING,
    RULES,
    UNIT,
    read_compose,
    read_manifests,
    read_worker_options,
)

OF_THE_COMMAND = {COUNT, OLDEST_AGE, COUNTED_AT}
"""What is no metric of a worker: `stepfile dlq stats` computes it."""


def _read_params(file: str) -> dict[str, Any]:
    return parse_arguments(command, list(read_worker_options()[file]))


def _read_grace(file: str) -> timedelta:
    grace: timedelta = _read_params(file)["grace"]
    return grace


@pytest.mark.parametrize("file", sorted(read_worker_options()))
def test_the_options_exist(file: str) -> None:
    _read_params(file)


def test_kubernetes_waits_for_the_activities() -> None:
    pod = read_manifests()["Deployment"]["spec"]["template"]["spec"]
    least = _read_grace(MANIFESTS.name).total_seconds() + CANCELLATION_TIME
    assert pod["terminationGracePeriodSeconds"] > least


def test_a_container_may_do_no_more_than_it_must() -> None:
    pod = read_manifests()["Deployment"]["spec"]["template"]["spec"]
    user = re.search(r"^USER (\d+)$", DOCKERFILE.read_text(encoding="utf-8"), re.MULTILINE)
    assert user is not None
    assert pod["securityContext"] == {
        "runAsNonRoot": True,
        "runAsUser": int(user[1]),
        "seccompProfile": {"type": "RuntimeDefault"},
    }
    assert pod["automountServiceAccountToken"] is False
    (container,) = pod["containers"]
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert set(container["resources"]["requests"]) == {"cpu", "memory"}
    assert "memory" in container["resources"]["limits"]


@pytest.mark.parametrize("file", sorted(read_worker_options()))
def test_the_log_is_for_programs(file: str) -> None:
    assert _read_params(file)["log_format"] == "json"


def test_the_timer_counts_letters_where_a_worker_is() -> None:
    unit, worker = LETTERS.read_text(encoding="utf-8"), UNIT.read_text(encoding="utf-8")
    command_line = re.search(r"(/\S+) dlq stats (.*?) >", unit)
    assert command_line is not None
    assert parse_arguments(dlq_stats, command_line[2].split())["prometheus"]
    for line in (f"{command_line[1]} worker", *re.findall(r"^WorkingDirectory=.*$", unit, re.MULTILINE)):
        assert line.replace("shop-1", "%i") in worker


def test_compose_waits_for_the_activities() -> None:
    worker = read_compose()["worker"]
    assert worker["build"]["dockerfile"] == f"deploy/{DOCKERFILE.name}"
    assert "command" not in worker, "its options are those of the Dockerfile"
    least = _read_grace(DOCKERFILE.name).total_seconds() + CANCELLATION_TIME
    assert parse_duration(worker["stop_grace_period"]).total_seconds() > least


def test_compose_publishes_where_the_worker_answers() -> None:
    params = _read_params(DOCKERFILE.name)
    published = {each.rpartition(":")[2] for each in read_compose()["worker"]["ports"]}
    answers = {params[f"{name}_address"].rpartition(":")[2] for name in ("health", "metrics")}
    exposed = re.search(r"^EXPOSE (.*)$", DOCKERFILE.read_text(encoding="utf-8"), re.MULTILINE)
    assert exposed is not None
    assert published == answers == set(exposed[1].split())


def test_all_of_kubernetes_is_about_the_same_workers() -> None:
    kinds = read_manifests()
    deployment, labels = kinds["Deployment"], kinds["Deployment"]["spec"]["template"]["metadata"]["labels"]
    spread = deployment["spec"]["template"]["spec"]["topologySpreadConstraints"][0]["labelSelector"]
    assert deployment["spec"]["selector"]["matchLabels"] == spread["matchLabels"] == labels
    assert kinds["PodDisruptionBudget"]["spec"]["selector"]["matchLabels"] == labels
    assert kinds["NetworkPolicy"]["spec"]["podSelector"]["matchLabels"] == labels
    (rule,) = kinds["NetworkPolicy"]["spec"]["ingress"]
    assert rule["ports"] == [{"port": "metrics"}]
    annotations = deployment["spec"]["template"]["metadata"]["annotations"]
    metrics = _read_params(MANIFESTS.name)["metrics_address"]
    assert annotations["prometheus.io/port"] == metrics.rpartition(":")[2]


def test_what_scales_looks_at_the_task_queue_of_the_workers() -> None:
    kinds = read_manifests()
    scaled, settings = kinds["ScaledObject"]["spec"], kinds["ConfigMap"]["data"]
    assert scaled["scaleTargetRef"]["name"] == kinds["Deployment"]["metadata"]["name"]
    (trigger,) = scaled["triggers"]
    asked = trigger["metadata"]
    assert asked["endpoint"] == settings["TEMPORAL_ADDRESS"]
    assert asked["namespace"] == settings["TEMPORAL_NAMESPACE"]
    assert asked["taskQueue"] == _read_params(MANIFESTS.name)["task_queue"]


def test_systemd_waits_for_the_activities() -> None:
    found = re.search(r"^TimeoutStopSec=(\d+)s$", UNIT.read_text(encoding="utf-8"), re.MULTILINE)
    assert found is not None
    assert int(found[1]) > _read_grace(UNIT.name).total_seconds() + CANCELLATION_TIME


def test_the_probes_ask_where_the_worker_answers() -> None:
    container = read_manifests()["Deployment"]["spec"]["template"]["spec"]["containers"][0]
    ports = {each["name"]: each["containerPort"] for each in container["ports"]}
    params = _read_params(MANIFESTS.name)
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


def test_each_alert_has_a_row_in_the_page_for_operators() -> None:
    alerts = re.findall(r"- alert: (\w+)", RULES.read_text(encoding="utf-8"))
    rows = re.findall(r"^\| `(Stepfile\w+)` \|", OPERATING.read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(rows) == sorted(alerts)


def test_the_alert_of_queues_without_workers_leaves_out_that_of_shared_breakers() -> None:
    left_out = set(re.findall(r'task_queue!="([^"]*)"', RULES.read_text(encoding="utf-8")))
    assert left_out == {BREAKER_TASK_QUEUE}


def test_the_panels_do_not_overlap() -> None:
    places = [
        (panel["gridPos"]["x"], panel["gridPos"]["y"])
        for panel in json.loads(DASHBOARD.read_text(encoding="utf-8"))["panels"]
    ]
    assert len(places) == len(set(places))
