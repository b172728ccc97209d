"""What was measured is compared with its target."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

from benchmarks.blocks import Block, Round
from benchmarks.command import Validations
from benchmarks.ratios import Spread, measure_median
from benchmarks.variants import Outcome, Variant

Quantity = Callable[[Block], float]
"""A `Quantity` takes one number from a block."""


@dataclass(frozen=True, slots=True)
class Measurements:
    """`Measurements` are all numbers that one `make bench` has measured."""

    rounds: Sequence[Round]
    """Rounds of the variants that are written in other ways."""
    observed: Sequence[Round]
    """Rounds of the variants that are watched more or less closely."""
    core: Sequence[float]
    """How many microseconds the core takes per step."""
    validate: Validations


@dataclass(frozen=True, slots=True)
class Verdict:
    """A `Verdict` is one row of the table of targets."""

    what: str
    target: str
    found: str
    met: str
    """One of `yes`, `no` and `undecided` (the target is within the noise); empty text if there is no target."""


NAMES = {
    Variant.YAML: "YAML",
    Variant.SANDBOXED: "by hand, sandboxed",
    Variant.UNSANDBOXED: "by hand, unsandboxed",
    Variant.EXPORTED: "YAML with Temporal's metrics",
    Variant.LOGGED: "YAML, logged and counted",
    Variant.TRACED: "YAML, traced",
}

_THROUGHPUT: tuple[tuple[str, Quantity], ...] = (
    ("runs/s", lambda block: block.runs_per_second),
    ("runs per CPU second", lambda block: 1 / block.all_seconds),
)
_AT_LEAST = {Variant.SANDBOXED: 1.2, Variant.UNSANDBOXED: 0.97}

_MOST_UNITS = {1_000: 2.8, 3_000: 6.0}
"""The targets of `stepfile validate`, by the number of steps."""

_MOST_WORKER_CPU = {Outcome.SUCCESS: 1.08, Outcome.FAILURE: 1.10}
"""Compared with the code by hand without the sandbox."""

_MOST_OBSERVING_CPU: Mapping[tuple[Variant, Outcome], float | None] = {
    (Variant.EXPORTED, Outcome.SUCCESS): None,
    (Variant.EXPORTED, Outcome.FAILURE): None,
    (Variant.LOGGED, Outcome.SUCCESS): 1.05,
    (Variant.LOGGED, Outcome.FAILURE): 1.10,
    (Variant.TRACED, Outcome.SUCCESS): 1.15,
    (Variant.TRACED, Outcome.FAILURE): 1.15,
}
"""Compared with a worker that nobody watches (decision 043); None where it only explains the others."""

EVENTS_MORE = {Outcome.SUCCESS: 0, Outcome.FAILURE: 3}
"""How many events more than by hand a run has. A run that fails undoes two steps, and writes into its memo when it
begins with the first, goes on to the second, and has ended; by hand nobody writes that down."""


def judge_targets(measurements: Measurements) -> Iterator[Verdict]:
    """Compare all measurements with their targets."""
    rounds = measurements.rounds
    for (name, quantity), (other, least), outcome in product(_THROUGHPUT, _AT_LEAST.items(), Outcome):
        ratio = _measure_ratio(Variant.YAML, other, outcome, rounds, quantity)
        yield Verdict(
            _format_ratio_name(name, Variant.YAML, other, outcome),
            f"≥ {least}",
            ratio.format(2),
            _format_verdict(ratio.low >= least, ratio.high < least),
        )
    for other, outcome in product(_AT_LEAST, Outcome):
        ratio = _measure_ratio(Variant.YAML, other, outcome, rounds, _get_worker_seconds)
        what = _format_ratio_name("worker CPU", Variant.YAML, other, outcome)
        if other is Variant.SANDBOXED:
            yield Verdict(what, "", ratio.format(2), "")
            continue
        most = _MOST_WORKER_CPU[outcome]
        met = _format_verdict(ratio.high <= most, ratio.low > most)
        yield Verdict(what, f"≤ {most:g}", ratio.format(2), met)
    for outcome in Outcome:
        more = {
            round(
                find_median(Variant.YAML, outcome, rounds, _count_events)
                - find_median(other, outcome, rounds, _count_events)
            )
            for other in _AT_LEAST
        }
        yield Verdict(
            f"history events, YAML - by hand, {outcome.name.lower()}",
            str(EVENTS_MORE[outcome]),
            " or ".join(map(str, sorted(more))),
            _format_verdict(more == {EVENTS_MORE[outcome]}, more != {EVENTS_MORE[outcome]}),
        )
    yield from _judge_observing(measurements.observed)
    yield _judge_maximum("core, µs per step", 50, measurements.core, digits=1)
    yield _judge_maximum(
        "`stepfile validate`, trip booking, units", 1.25, measurements.validate.small, digits=2
    )
    for steps, units in measurements.validate.long.items():
        most = _MOST_UNITS.get(steps, _MOST_UNITS[1_000])
        yield _judge_maximum(f"`stepfile validate`, {steps:,} steps, units", most, units, digits=2)


def _judge_observing(rounds: Sequence[Round]) -> Iterator[Verdict]:
    for (watched, outcome), most in _MOST_OBSERVING_CPU.items():
        ratio = _measure_ratio(watched, Variant.YAML, outcome, rounds, _get_worker_seconds)
        target = "" if most is None else f"≤ {most:g}"
        met = "" if most is None else _format_verdict(ratio.high <= most, ratio.low > most)
        what = _format_ratio_name("worker CPU", watched, Variant.YAML, outcome)
        yield Verdict(what, target, ratio.format(2), met)


def _get_worker_seconds(block: Block) -> float:
    return block.worker_seconds


def _count_events(block: Block) -> float:
    return block.events


def find_median(variant: Variant, outcome: Outcome, rounds: Sequence[Round], quantity: Quantity) -> float:
    """Return the median of one quantity of a variant over all rounds."""
    return measure_median([quantity(measured[variant, outcome]) for measured in rounds]).median


def _measure_ratio(
    one: Variant, other: Variant, outcome: Outcome, rounds: Sequence[Round], quantity: Quantity
) -> Spread:
    """Divide a quantity of one variant by that of another, in each round, so that only neighbours are compared."""
    return measure_median(
        [quantity(measured[one, outcome]) / quantity(measured[other, outcome]) for measured in rounds]
    )


def _format_ratio_name(what: str, one: Variant, other: Variant, outcome: Outcome) -> str:
    return f"{what}, {NAMES[one]} ÷ {NAMES[other]}, {outcome.name.lower()}"


def _judge_maximum(what: str, most: float, values: Sequence[float], digits: int) -> Verdict:
    repeats = measure_median(values)
    found = f"{repeats.format(digits)}, at best {min(values):.{digits}f}"
    return Verdict(what, f"≤ {most:g}", found, _format_verdict(repeats.high <= most, min(values) > most))


def _format_verdict(surely: bool, surely_not: bool) -> str:
    return "yes" if surely else "no" if surely_not else "undecided"
