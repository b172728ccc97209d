"""Format the page docs/explanation/long-runs.md."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from string import Template

from benchmarks.long.definitions import STEPS, WINDOW
from benchmarks.long.measure import LongRun
from benchmarks.long.worker import Variant
from benchmarks.ratios import measure_spread
from benchmarks.report import describe_environment, format_table

MOST_EVENTS = 10_000
"""How many events a run may have to meet the target."""

_PAGE = Template("""\
# What long runs cost

<!-- Written by `make bench`; edit benchmarks/long/report.py instead. -->

This page compares two things with the same work written by hand. The first is a `for_each` over
[pages](../../benchmarks/long/definitions.py), with $window items at the same time. 1 % of the items fail, which is
tolerated. By hand that is a [sliding window](../../benchmarks/long/by_hand.py). The second is $steps small steps one
after the other: with `local: true` in YAML, and as normal activities by hand, as Temporal's DSL sample does it.

## Result

$targets

Ratios are medians of $rounds rounds with their quartiles. In each round every variant does $round items and $steps
steps, one variant after the other in changing order. $setting.

## $items items in one `for_each`

That took $runs runs, the longest of $longest events, and $seconds s: $rate items/s. This was the memory of the worker
meanwhile:

$memory

The worker holds one run's history and its state. What is carried over from run to run is the cursor, what is left of
the page, the items that are being worked on, and the count of those that failed.
""")


@dataclass(frozen=True)
class Measurements:
    """`Measurements` are all numbers of the page."""

    rounds: Mapping[Variant, Sequence[LongRun]]
    steps: Mapping[Variant, Sequence[float]]
    """How many steps were done per second, in each round."""
    whole: LongRun
    """The longest run."""


def format_page(measurements: Measurements) -> str:
    """Format the whole page."""
    whole = measurements.whole
    return _PAGE.substitute(
        window=WINDOW,
        steps=STEPS,
        targets=format_table(("what", "target", "measured", "met"), _judge_targets(measurements)),
        rounds=len(measurements.rounds[Variant.YAML]),
        round=f"{measurements.rounds[Variant.YAML][0].items:,}",
        setting=describe_environment(),
        items=f"{whole.items:,}",
        runs=whole.runs,
        longest=f"{whole.longest:,}",
        seconds=f"{whole.seconds:.0f}",
        rate=f"{whole.per_second:.0f}",
        memory=format_table(("after, s", "MB"), _list_memory(whole)),
    )


def _judge_targets(measurements: Measurements) -> Iterator[tuple[str, ...]]:
    rates = {variant: [each.per_second for each in runs] for variant, runs in measurements.rounds.items()}
    for variant, target in ((Variant.BY_HAND, 0.9), (Variant.UNSANDBOXED, 0.9)):
        yield _judge_ratio(f"items/s, YAML ÷ {variant.value}", rates[Variant.YAML], rates[variant], target)
    for variant in (Variant.BY_HAND, Variant.UNSANDBOXED):
        yield _judge_ratio(
            f"steps/s, local in YAML ÷ {variant.value}",
            measurements.steps[Variant.YAML],
            measurements.steps[variant],
            20,
        )
    longest = max(each.longest for each in (*measurements.rounds[Variant.YAML], measurements.whole))
    yield (
        "events of the longest run",
        f"≤ {MOST_EVENTS:,}",
        f"{longest:,}",
        "yes" if longest <= MOST_EVENTS else "no",
    )


def _judge_ratio(what: str, ours: Sequence[float], theirs: Sequence[float], target: float) -> tuple[str, ...]:
    found = measure_spread([one / other for one, other in zip(ours, theirs, strict=True)])
    met = "yes" if found.low >= target else "no" if found.high < target else "undecided"
    return what, f"≥ {target:g}", found.format(2), met


def _list_memory(whole: LongRun) -> Iterator[tuple[str, str]]:
    """List about twenty measurements of the memory."""
    every = max(1, len(whole.memory) // 20)
    for seconds, megabytes in whole.memory[::every]:
        yield f"{seconds:.0f}", f"{megabytes:.0f}"
