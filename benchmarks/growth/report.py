"""Format the page docs/explanation/growth.md."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from string import Template

from benchmarks.growth.measure import Block, Measurements
from benchmarks.growth.worker import Variant
from benchmarks.ratios import measure_spread
from benchmarks.report import describe_environment, format_table

_PAGE = Template("""\
# What grows with steps, runs and bytes

<!-- Written by `make bench`; edit benchmarks/growth/report.py instead. -->

The peer is the smallest interpreter that can be useful: [one file](../../benchmarks/growth/peer.py). It is written
after the sample `dsl` of [Temporal's samples for Python](https://github.com/temporalio/samples-python), and knows
activities, sequences and parallels. Both run the [same work](../../benchmarks/growth/definitions.py) without the
sandbox, with the same activity, which adds one.

## Compared with the peer

$ratios

A ratio is the median of $rounds rounds with its quartiles. In each round both do the same work, one after the other
in changing order. The CPU times are those of the worker's process and of the server, per run.
$setting.

## In numbers

$numbers

These are medians. They hold for this machine; only the ratios carry over to another one. In YAML the run of 1,000
steps continues as new by itself. So its bytes are those of the last run in the chain.

## Bytes

The text of the definition is once in the history of each run, so that a run never depends on what a worker has on its
disk. These are runs of 10 steps:

$bytes
""")

_QUANTITIES: tuple[tuple[str, Callable[[Block], float]], ...] = (
    ("runs/s", lambda block: block.runs_per_second),
    ("worker CPU", lambda block: block.worker_seconds),
    ("server CPU", lambda block: block.server_seconds),
)

_NUMBERS: tuple[tuple[str, Callable[[Block], float], int], ...] = (
    ("runs/s", lambda block: block.runs_per_second, 1),
    ("worker CPU, ms", lambda block: 1000 * block.worker_seconds, 1),
    ("server CPU, ms", lambda block: 1000 * block.server_seconds, 1),
    ("history bytes", lambda block: block.size, 0),
)


def format_page(measurements: Measurements) -> str:
    """Format the whole page."""
    blocks = next(iter(measurements.rounds.values()))
    return _PAGE.substitute(
        ratios=format_table(("YAML ÷ peer", *(name for name, _ in _QUANTITIES)), _list_ratios(measurements)),
        numbers=format_table(("per run, median", "YAML", "peer"), _list_numbers(measurements)),
        bytes=format_table(("bytes of the definition", "bytes of the history"), _list_bytes(measurements)),
        rounds=len(blocks[Variant.YAML]),
        setting=describe_environment(),
    )


def _list_ratios(measurements: Measurements) -> Iterator[tuple[str, ...]]:
    for name, blocks in measurements.rounds.items():
        pairs = list(zip(blocks[Variant.YAML], blocks[Variant.PEER], strict=True))
        found = (
            measure_spread([quantity(one) / (quantity(other) or float("nan")) for one, other in pairs])
            for _, quantity in _QUANTITIES
        )
        yield name, *(each.format(2) for each in found)


def _list_numbers(measurements: Measurements) -> Iterator[tuple[str, ...]]:
    for name, blocks in measurements.rounds.items():
        for what, quantity, digits in _NUMBERS:
            values = [measure_spread([quantity(one) for one in blocks[each]]).median for each in Variant]
            yield f"{name}: {what}", *(f"{value:,.{digits}f}" for value in values)


def _list_bytes(measurements: Measurements) -> Iterator[tuple[str, ...]]:
    for text, history in measurements.history_bytes.items():
        yield f"{text:,}", f"{history:,.0f}"
