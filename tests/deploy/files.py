"""The files of `deploy/`, as the tests look at them."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

DEPLOY = Path(__file__).parents[2] / "deploy"
DOCKERFILE = DEPLOY / "Dockerfile"
MANIFESTS = DEPLOY / "kubernetes" / "worker.yaml"
UNIT = DEPLOY / "systemd" / "stepfile-worker@.service"
UNIT_SETTINGS = DEPLOY / "systemd" / "shop-1.env"
RULES = DEPLOY / "prometheus" / "rules.yaml"
RULE_TESTS = DEPLOY / "prometheus" / "rules.test.yaml"
DASHBOARD = DEPLOY / "grafana" / "stepfile.json"


def read_manifests() -> dict[str, Any]:
    """The resources of Kubernetes, by their kind."""
    yaml = YAML(typ="safe")
    return {each["kind"]: each for each in yaml.load_all(MANIFESTS.read_text(encoding="utf-8"))}


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


def list_queries() -> Iterator[tuple[str, str]]:
    """The queries of the dashboard: title of the panel and PromQL, with the variables filled in."""
    for panel in json.loads(DASHBOARD.read_text(encoding="utf-8"))["panels"]:
        for target in panel["targets"]:
            query = target["expr"].replace("$definition", ".*").replace("$__rate_interval", "1m")
            yield panel["title"], query
