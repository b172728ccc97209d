"""A seed decides which sagas are run, and what is done to each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

from tests.soak.repairs.acts import ACTS
from tests.soak.sagas import DEFINITIONS, Saga

LEFT_OUT = ("nested",)
"""Definitions whose compensations name keys of other steps, always those of the first effects."""
FAMILIES = tuple(sorted((Path(__file__).parent / "definitions").glob("*.yaml")))
"""Definitions with children."""
ALL = (*(file for file in DEFINITIONS if file.stem not in LEFT_OUT), *FAMILIES)
CANCELLED = 0.3
MOST_REPAIRS = 4
WHILE_IT_RUNS = 0.4
"""The share of repairs that are made before the run has ended."""
NEVER_CANCELLED = ("pivot",)
"""A cancelled run of this definition could not say what it has kept."""


@dataclass(frozen=True, slots=True)
class Repair:
    """One thing that is done to a run."""

    act: str
    """A name in `ACTS`."""
    after: float | None
    """After how many seconds it is done, if the run has not ended before; None: when the run has ended."""
    where: float
    """Which of the places where it can be done, from 0 up to, but not including, 1."""
    cancel_after: float | None
    """After how many seconds the repaired run is cancelled, if it has not ended before; None: never."""


@dataclass(frozen=True, slots=True)
class RepairedSaga:
    """A saga, and what is done to it."""

    saga: Saga
    repairs: tuple[Repair, ...]


def plan_repaired_sagas(
    runs: int, seed: int, acts: Sequence[str] = tuple(ACTS), definitions: Sequence[Path] = ALL
) -> list[RepairedSaga]:
    """Plan so many sagas, of some definitions in turn, to which some acts are done."""
    return [_plan(number, seed, definitions[number % len(definitions)], acts) for number in range(runs)]


def _plan(number: int, seed: int, definition: Path, acts: Sequence[str]) -> RepairedSaga:
    random = Random(f"repairs {seed} {number}")

    def draw_cancellation() -> float | None:
        cancelled = random.random() < CANCELLED and definition.stem not in NEVER_CANCELLED
        return random.uniform(0.0, 6.0) if cancelled else None

    name = f"repaired-{seed}-{number}-{definition.stem}"
    saga = Saga(name, definition, random.randint(1, 1000), draw_cancellation())

    def draw_repair() -> Repair:
        return Repair(
            random.choice(acts),
            random.uniform(0.0, 6.0) if random.random() < WHILE_IT_RUNS else None,
            random.random(),
            draw_cancellation(),
        )

    return RepairedSaga(saga, tuple(draw_repair() for _ in range(random.randint(1, MOST_REPAIRS))))
