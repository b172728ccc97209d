"""The files of `deploy/`, as the tests look at them."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

DEPLOY = Path(__file__).parents[2] / "deploy"
DOCKERFILE = DEPLOY / "Dockerfile"
MANIFESTS = DEPLOY / "kubernetes" / "worker.yaml"
SCALING = DEPLOY / "kubernetes" / "scaling.yaml"
COMPOSE = DEPLOY / "compose.yaml"
UNIT = DEPLOY / "systemd" / "stepfile-worker@.service"
LETTERS = DEPLOY / "systemd" / "stepfile-letters.service"
UNIT_SETTINGS = DEPLOY / "systemd" / "shop-1.env"
RULES = DEPLOY / "prometheus" / "rules.yaml"
RULE_TESTS = DEPLOY / "prometheus" / "rules.test.yaml"
OPERATING = DEPLOY.parent / "docs" / "how-to" / "operate.md"
DASHBOARD = DEPLOY / "grafana" / "stepfile.json"


def read_manifests() -> dict[str, Any]:
    """The resources of Kubernetes, by their kind."""
    yaml = YAML(typ="safe")
    return {
        each["kind"]: each
        for file in (MANIFESTS, SCALING)
        for each in yaml.load_all(file.read_text(encoding="utf-8"))
    }


def read_compose() -> dict[str, Any]:
    """The services of the Compose file, by their name."""
    services: dict[str, Any] = YAML(typ="safe").load(COMPOSE.read_text(encoding="utf-8"))["services"]
    return services


def read_worker_options() -> dict[str, list[str]]:
    """Name of a file → the options that it starts a worker with."""
    command = re.search(r"^CMD (\[.*\])$", DOCKERFILE.read_text(encoding="utf-8"), re.MULTILINE)
    start = re.search(r"^ExecStart=\S+ worker (.*)$", UNIT.read_text(encoding="utf-8"), re.MULTILINE)
    added = re.search(r"^WORKER_OPTIONS=(.*)$", UNIT_SETTINGS.read_text(encoding="utf-8"), re.MULTILINE)
    assert command is not None
    assert start is not None
    assert added is not None
    container = read_manifests()["Deployment"]["spec"]["template"]["spec"]["containers"][0]
    return {
        DOCKERFILE.name: json.loads(command[1]),
        UNIT.name: shlex.split(start[1].replace("$WORKER_OPTIONS", added[1])),
        MANIFESTS.name: container["args"],
    }


@dataclass(frozen=True)
class Panel:
    """One panel of the dashboard."""

    title: str
    unit: str
    """As Grafana calls it: `s`, `reqps`, `percentunit` or `short`."""
    queries: Mapping[str, str]
    """The legend of a query, such as `{{definition}}: {{step}}` → PromQL."""


def read_panels(window: str) -> list[Panel]:
    """The panels of the dashboard, of all definitions.

    Args:
        window: Stands for Grafana's `$__rate_interval`, over which rates are taken: such as `1m`.
    """
    return [
        Panel(
            panel["title"],
            panel["fieldConfig"]["defaults"]["unit"],
            {each["legendFormat"]: _fill_in(each["expr"], window) for each in panel["targets"]},
        )
        for panel in json.loads(DASHBOARD.read_text(encoding="utf-8"))["panels"]
    ]


def _fill_in(query: str, window: str) -> str:
    return query.replace("$definition", ".*").replace("$__rate_interval", window)
