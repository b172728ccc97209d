"""What a `/metrics` of a process says, as numbers."""

from __future__ import annotations

import re
import socket
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from interpreter.temporal.observing.metrics import METRICS

Series: TypeAlias = tuple[str, frozenset[tuple[str, str]]]
"""The name of a series, and its labels."""

_SAMPLE = re.compile(r"(?P<name>\w+)(?:\{(?P<labels>.*)\})? (?P<value>\S+)")
_LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')
OF_TEMPORAL = ("service_name", "le")
"""Labels that temporalio adds to all series, or to those of histograms."""


@dataclass(frozen=True)
class Scrape:
    """What was served at one moment."""

    samples: Mapping[Series, float]
    types: Mapping[str, str]
    """Name of a metric → `counter`, `histogram` or `gauge`."""

    def select(self, *prefixes: str) -> dict[str, float]:
        """The values of counters with these prefixes: `name label=value,...` → value, in the order of names."""
        return {
            f"{name} {','.join(f'{key}={value}' for key, value in sorted(labels))}": count
            for (name, labels), count in sorted(self.samples.items(), key=str)
            if name.startswith(prefixes) and count
        }


def scrape(port: int) -> Scrape:
    """Ask a process on this machine for its metrics."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
        return parse(answer.read().decode())


def parse(text: str) -> Scrape:
    """Read the text format of Prometheus. The buckets of histograms are left out."""
    types: dict[str, str] = {}
    samples: dict[Series, float] = {}
    for line in text.splitlines():
        if line.startswith("# TYPE "):
            _, _, name, kind = line.split(" ")
            types[name] = kind
        elif line and not line.startswith("#"):
            found = _SAMPLE.fullmatch(line)
            assert found is not None, line
            if not found["name"].endswith("_bucket"):
                labels = frozenset(
                    pair for pair in _LABEL.findall(found["labels"] or "") if pair[0] not in OF_TEMPORAL
                )
                samples[found["name"], labels] = float(found["value"])
    return Scrape(samples, types)


def check_labels(found: Scrape) -> None:
    """Compare labels, and the values of those that have few, with the table of metrics."""
    table = {each.served_name: each for each in METRICS}
    for name, labels in found.samples:
        if name.startswith("stepfile_"):
            metric = table[name.removesuffix("_sum").removesuffix("_count")]
            assert sorted(key for key, _ in labels) == sorted(metric.labels), name
            values = dict(labels)
            if metric.outcomes:
                assert values[metric.labels[-1]] in metric.outcomes, name


def find_free_port() -> int:
    """A port on which nobody listens now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port
