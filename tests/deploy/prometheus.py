"""A real Prometheus, which scrapes every second, and what it answers."""

from __future__ import annotations

import json
import subprocess
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.deploy.files import RULES
from tests.support.metrics import find_free_port


@dataclass(frozen=True)
class Series:
    """What a query has yielded for some labels."""

    labels: Mapping[str, str]
    values: Sequence[tuple[float, float]]
    """Unix times, and the value at each. Where there was none, the time is left out."""


@dataclass(frozen=True)
class Prometheus:
    """Where it listens."""

    address: str

    def ask(self, query: str) -> list[Series]:
        """What a query yields now.

        Raises:
            OSError: Prometheus is not there yet, or refuses the query.
        """
        return self._ask("query", {"query": query})

    def ask_range(self, query: str, begin: float, end: float, step: float) -> list[Series]:
        """What a query yields from one Unix time to another, every so many seconds.

        Raises:
            OSError: Prometheus refuses the query.
        """
        return self._ask("query_range", {"query": query, "start": begin, "end": end, "step": step})

    def has(self, query: str) -> bool:
        """Whether a query yields something now; not as long as Prometheus is not there."""
        try:
            return bool(self.ask(query))
        except OSError:  # it is still starting
            return False

    def _ask(self, kind: str, parameters: Mapping[str, Any]) -> list[Series]:
        url = f"http://{self.address}/api/v1/{kind}?{urllib.parse.urlencode(parameters)}"
        with urllib.request.urlopen(url, timeout=10) as answer:
            body = json.load(answer)
        assert body["status"] == "success", body
        return [
            Series(
                each["metric"], [(at, float(value)) for at, value in each.get("values") or [each["value"]]]
            )
            for each in body["data"]["result"]
        ]


@contextmanager
def run_prometheus(folder: Path, *targets: str) -> Iterator[Prometheus]:
    """Let a Prometheus scrape every second, with the rules that are shipped.

    Args:
        folder: Where its files are.
        targets: What it scrapes, as `HOST:PORT`.
    """
    config, address = folder / "prometheus.yaml", f"127.0.0.1:{find_free_port()}"
    scrape = {"job_name": "stepfile", "static_configs": [{"targets": targets}]}
    each_second = {"scrape_interval": "1s", "evaluation_interval": "1s"}
    settings = {"global": each_second, "rule_files": [str(RULES)], "scrape_configs": [scrape]}
    config.write_text(json.dumps(settings), encoding="utf-8")
    command = ["prometheus", f"--config.file={config}", f"--storage.tsdb.path={folder / 'data'}"]
    with subprocess.Popen(
        [*command, f"--web.listen-address={address}"], stderr=subprocess.DEVNULL
    ) as process:
        try:
            yield Prometheus(address)
        finally:
            process.terminate()
