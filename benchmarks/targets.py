"""What was measured, and what it should have been."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product

from benchmarks.blocks import Block, Round
from benchmarks.ratios import Spread, spread
from benchmarks.variants import Variant, Way

Of = Callable[[Block], float]


@dataclass(frozen=True, slots=True)
class Measured:
    """All numbers of one `make bench`."""

    rounds: Sequence[Round]
    core: Sequence[float]
    """Microseconds per step."""
    validate_small: Sequence[float]
    """Seconds, as is the next."""
    validate_long: Sequence[float]


@dataclass(frozen=True, slots=True)
class Verdict:
    """One row of the table of targets."""

    what: str
    target: str
    found: str
    met: str
    """`yes`, `no`, `undecided` (the target lies within the noise); empty where no target was set."""


NAMES = {
    Variant.YAML: "YAML",
    Variant.SANDBOXED: "by hand, sandboxed",
    Variant.UNSANDBOXED: "by hand, unsandboxed",
}

_THROUGHPUT: tuple[tuple[str, Of], ...] = (
    ("runs/s", lambda block: block.runs_per_second),
    ("runs per CPU second", lambda block: 1 / block.all_seconds),
)
_AT_LEAST = {Variant.SANDBOXED: 1.2, Variant.UNSANDBOXED: 0.97}


def verdicts(measured: Measured) -> Iterator[Verdict]:
    """Every row."""
    for (name, of), (other, least), way in product(_THROUGHPUT, _AT_LEAST.items(), Way):
        ratio = _ratio_to(other, way, measured.rounds, of)
        yield Verdict(
            _compared(name, other, way),
            f"≥ {least}",
            ratio.shown(2),
            _met(ratio.low >= least, ratio.high < least),
        )
    for other, way in product(_AT_LEAST, Way):
        ratio = _ratio_to(other, way, measured.rounds, lambda block: block.worker_seconds)
        yield Verdict(_compared("worker CPU", other, way), "", ratio.shown(2), "")
    for way in Way:
        events = sorted({round(middle(v, way, measured.rounds, lambda block: block.events)) for v in Variant})
        shown = " or ".join(map(str, events))
        yield Verdict(
            f"history events of all, {way.name.lower()}",
            "the same",
            shown,
            _met(len(events) == 1, len(events) > 1),
        )
    yield _at_most("core, µs per step", 50, measured.core, digits=1)
    yield _at_most("`stepfile validate`, 1,000 steps, s", 0.5, measured.validate_long, digits=2)
    yield _at_most("`stepfile validate`, trip booking, s", 0.3, measured.validate_small, digits=2)


def middle(variant: Variant, way: Way, rounds: Sequence[Round], of: Of) -> float:
    """One number of a variant over all rounds."""
    return spread([of(measured[variant, way]) for measured in rounds]).median


def _ratio_to(other: Variant, way: Way, rounds: Sequence[Round], of: Of) -> Spread:
    """YAML ÷ another variant, in each round: only neighbours are compared."""
    return spread([of(measured[Variant.YAML, way]) / of(measured[other, way]) for measured in rounds])


def _compared(what: str, other: Variant, way: Way) -> str:
    return f"{what}, YAML ÷ {NAMES[other]}, {way.name.lower()}"


def _at_most(what: str, most: float, values: Sequence[float], digits: int) -> Verdict:
    repeats = spread(values)
    found = f"{repeats.shown(digits)}, at best {min(values):.{digits}f}"
    return Verdict(what, f"≤ {most:g}", found, _met(repeats.high <= most, min(values) > most))


def _met(surely: bool, surely_not: bool) -> str:
    return "yes" if surely else "no" if surely_not else "undecided"
