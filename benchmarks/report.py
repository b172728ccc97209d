"""Format the page docs/explanation/performance.md."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable, Iterator, Sequence
from importlib.metadata import version
from string import Template

from benchmarks.blocks import CONCURRENT_RUNS, Round
from benchmarks.size import FULL
from benchmarks.targets import NAMES, Measurements, Quantity, find_median, judge_targets
from benchmarks.variants import Outcome, Variant

_PAGE = Template("""\
# What YAML costs

<!-- Written by `make bench`; edit benchmarks/report.py instead. -->

One generic workflow runs every definition, without Temporal's sandbox. This page compares the trip booking of
chapter 7.5.1 as [YAML](../../definitions/trip-booking.yaml) with the same saga
[written by hand](../../benchmarks/by_hand.py). The latter runs in the sandbox (temporalio's default) and without it.

## Result

$targets

All numbers are medians of $rounds rounds ($watched_rounds for what it costs to watch runs) or of some repeats:
`1.02 (0.98 to 1.07)`. The interval holds the true median with a confidence of 95 %. A target is met, or missed, when
both ends of the interval say so. If they disagree, it is undecided. A time is missed only if the least disturbed
repeat misses the target. The last four rows are CPU times. Decisions
[033](../decisions/033-what-yaml-still-costs.md) and [043](../decisions/043-what-the-log-costs.md) say which targets
were given up. $setting.

## In numbers

$numbers

$watched

These are medians, too. They hold for this machine; only the ratios carry over to another one.

## How it is measured

`make bench` starts one dev server and a worker process for each variant. Each variant in turn runs
a block of $runs runs, $at_once at a time, which another process starts and awaits. Then all of them do it again with
runs that fail. That is one round. The order of the variants changes from round to round, and a ratio compares
only blocks of the same round. So whatever else the machine does affects all of them alike. A first round warms up
and does not count.

- All variants call the same activities, with the same timeouts and retry policies, in the same order.
- *Success* books a car, a hotel and a flight. In *failure* the flight is declined for good, so that hotel and
  car are given back. No attempt is repeated, because that would measure the wait before it.
- *runs/s* is measured by the clock, so it is as noisy as the machine. *Runs per CPU second* divides by the CPU time
  of worker, server and starter together. Other work on the machine disturbs that less, but it does disturb it.
  (It needs Linux; elsewhere the server is left out.)
- *Worker CPU* is what the worker's whole process used (`getrusage`), Temporal's Rust core included. Less is
  better.
- *Events* and *bytes* are what the server says of the history (`DescribeWorkflowExecution`).
- What it costs to watch runs is measured in the same way, in rounds of its own. A worker *with Temporal's metrics*
  serves those, which nobody fetches meanwhile, and none of Stepfile. One that is *logged and counted* serves both,
  and writes its log as JSON, from `info` on. A *traced* one sends its spans by OTLP over HTTP to a process that
  forgets them.
- The *core* runs 1,000 activities in a row, in a world that answers at once. The argument of each is an object of
  three values, two of them expressions. So the core is all that Stepfile itself does for a step, as CPU time,
  without Temporal.
- `stepfile validate` is measured as a process, from its start to its end. It is measured as CPU time, because on a
  shared machine the clock says more about the other processes. The *unit* is a process that imports pydantic,
  ruamel.yaml and click, and defines one model. It is measured in turn with the commands.

## What to make of it

- YAML is faster than the sandbox because it needs no sandbox. A definition can't reach what the sandbox guards
  against, and checks of its own hold the interpreter to determinism. If you turn the sandbox off for workflows
  written by hand, you gain as much, and it becomes your duty to keep them deterministic.
- As in the book, the sandbox loads the activities anew for each run. Temporal advises to pass them through, which
  makes the sandboxed variant cheaper: in one run each, the worker CPU of YAML was 0.68 of it instead of 0.60.
- YAML does more than the code by hand: it checks the input against its schema, names each step in Temporal's
  UI, keeps a memo of name, version and hash, answers the query `status`, and counts attempts. That, with the
  text of the definition, is more for worker and server to carry. In three runs of this benchmark it came to 4,
  6 and 15 % of worker CPU in success; the throughput was too noisy to show its share.
- The history of a definition is larger by its text, once for each run, so that a run never depends on what a worker
  has on its disk. With a long definition that counts. A run that undoes something has a few events more, by
  which its memo tells what was undone.
- Starter, server and workers share one machine, and the server does most of the work. So the throughput shows only
  a part of what the sandbox costs a worker, and even less in failing runs; *worker CPU* shows it plainly.
- A run that succeeds writes two lines to the log. A run that fails writes eleven: its start and end, the attempt that
  has failed, the start and end of the undoing and of each compensation, and what the compensations log themselves.
  Each line takes 0.1 ms. The metrics of Stepfile take no measurable time beside those of Temporal.
- These activities do nothing. The more yours do, the closer all variants come.
""")


def format_page(measurements: Measurements) -> str:
    """Format the whole page."""
    return _PAGE.substitute(
        targets=format_targets(measurements),
        numbers=_format_numbers(measurements.rounds),
        watched=_format_numbers(measurements.observed),
        rounds=len(measurements.rounds),
        watched_rounds=len(measurements.observed),
        runs=FULL.runs,
        at_once=CONCURRENT_RUNS,
        setting=describe_environment(),
    )


def describe_environment() -> str:
    """Describe on what was measured: the versions and the machine."""
    python, temporal = platform.python_version(), version("temporalio")
    load = os.getloadavg()[1]
    return f"Python {python}, temporalio {temporal}, {os.cpu_count()} cores with a load average of {load:.1f}"


def format_targets(measurements: Measurements) -> str:
    """Format a table of what was measured, its target, and whether the target was met."""
    rows = ((each.what, each.target, each.found, each.met) for each in judge_targets(measurements))
    return format_table(("what", "target", "measured", "met"), rows)


def _format_numbers(rounds: Sequence[Round]) -> str:
    variants = tuple(variant for variant in Variant if (variant, Outcome.SUCCESS) in rounds[0])
    head = ("per run, median", *(NAMES[variant] for variant in variants))
    return format_table(head, _list_numbers(rounds, variants))


def _list_numbers(rounds: Sequence[Round], variants: Sequence[Variant]) -> Iterator[tuple[str, ...]]:
    for outcome in Outcome:
        for name, quantity, digits in _NUMBERS:
            values = (find_median(variant, outcome, rounds, quantity) for variant in variants)
            yield (f"{name}, {outcome.name.lower()}", *(f"{value:,.{digits}f}" for value in values))


_NUMBERS: tuple[tuple[str, Quantity, int], ...] = (
    ("runs/s", lambda block: block.runs_per_second, 1),
    ("worker CPU, ms", lambda block: block.worker_seconds * 1000, 1),
    ("all CPU, ms", lambda block: block.all_seconds * 1000, 1),
    ("history events", lambda block: block.events, 0),
    ("history bytes", lambda block: block.size, 0),
)


def format_table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Format a table of Markdown with aligned columns."""
    lines = [head, *rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    aligned = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |"
        for line in lines
    ]
    rule = "| " + " | ".join("-" * width for width in widths) + " |"
    return "\n".join([aligned[0], rule, *aligned[1:]])
