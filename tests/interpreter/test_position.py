"""What a task carries out is put back after a step, but not by a run that was dropped."""

from __future__ import annotations

import gc
from collections.abc import Awaitable, Generator

import pytest

from interpreter.state.position import KeepPosition, Position, current_position

RUN = Position("", None, None)
STEP = Position("step", None, RUN)
OTHER = Position("other", None, None)


class Pause(Awaitable[None]):
    """Waits for as long as somebody likes."""

    def __await__(self) -> Generator[None]:
        yield


async def carry_out() -> None:
    with KeepPosition() as outer:
        current_position.set(Position("step", None, outer))
        await Pause()


@pytest.fixture(autouse=True)
def _in_a_run() -> None:
    current_position.set(RUN)


def test_a_step_has_its_position_and_puts_the_one_around_it_back() -> None:
    step = carry_out()
    step.send(None)
    assert current_position.get() == STEP
    with pytest.raises(StopIteration):
        step.send(None)
    assert current_position.get() is RUN


def test_so_does_one_that_fails() -> None:
    step = carry_out()
    step.send(None)
    with pytest.raises(ValueError, match="no"):
        step.throw(ValueError("no"))
    assert current_position.get() is RUN


def test_one_that_is_dropped_touches_no_context() -> None:
    """Whoever collects garbage has a context of its own, and may be about to change it."""
    step = carry_out()
    step.send(None)
    current_position.set(OTHER)
    del step
    gc.collect()
    assert current_position.get() is OTHER
