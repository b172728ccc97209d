"""Blocks and loops have rules that the form of `switch`, `for_each` and `repeat` can't express."""

from __future__ import annotations

from collections.abc import Iterator
from typing import assert_never

from dsl.definition.walk import Placed, walk
from dsl.expressions import Template
from dsl.expressions.scope import PLACES
from dsl.model import (
    BLOCKS,
    Block,
    BlockStep,
    Case,
    DeadLetter,
    DefaultCase,
    Definition,
    ForEachStep,
    ParallelStep,
    Percent,
    RaceStep,
    RepeatStep,
    SwitchStep,
    WaitForStep,
)
from dsl.problems.names import find_meant
from dsl.problems.neighbours import IN_EXPRESSIONS
from dsl.problems.problem import Problem, Related
from dsl.problems.wording import join_listed
from dsl.source.map import Path

RESERVED = tuple(name for name in PLACES if name not in ("item", "index"))
"""The roots of expressions that a loop can't take for its own names."""


def check_blocks(definition: Definition) -> Iterator[Problem]:
    """Check what blocks and loops are made of, when they end, and how they name things."""
    for placed in walk(definition):
        if isinstance(placed.step, BLOCKS):
            yield from _check_block(placed.step, placed)


def _check_block(step: Block, placed: Placed) -> Iterator[Problem]:
    match step:
        case BlockStep():
            return
        case SwitchStep():
            yield from _check_switch(step, placed.path)
        case ParallelStep() | RaceStep():
            yield from _check_branches(step, placed.path)
        case RepeatStep():
            yield from _check_repeat(step, placed.path)
        case ForEachStep():
            yield from _check_for_each(step, placed.path)
            yield from _check_hidden_names(step, placed)
        case _:
            assert_never(step)


def _check_switch(step: SwitchStep, path: Path) -> Iterator[Problem]:
    for index, case in enumerate(step.switch[:-1]):
        if isinstance(case, DefaultCase):
            yield Problem(
                "misplaced-key",
                "the default must stand last: the cases after it are never looked at",
                (*path, "switch", index, "default"),
                hint="move it to the end",
                at="key",
            )
    if len(step.switch) == 1 and not isinstance(step.switch[0], Case):
        yield Problem(
            "no-effect",
            "a switch that has only a default has no effect",
            (*path, "switch"),
            hint="use steps",
            severity="warning",
            at="key",
        )


def _check_branches(step: ParallelStep | RaceStep, path: Path) -> Iterator[Problem]:
    branches = step.parallel if isinstance(step, ParallelStep) else step.race
    if len(branches) == 1:
        yield Problem(
            "no-effect",
            f"{step.noun} with one branch has no effect",
            (*path, step.kind),
            hint="use steps, or add a branch",
            severity="warning",
            at="key",
        )
    if isinstance(step, RaceStep):
        yield from _check_same_message(step, path)


def _check_same_message(step: RaceStep, path: Path) -> Iterator[Problem]:
    """Warn of branches that begin by waiting for the same message: the first of them gets it."""
    first: dict[str, str] = {}
    for branch, (begin, *_) in step.race.items():
        if not isinstance(begin, WaitForStep) or begin.when is not None or begin.wait_for.match is not None:
            continue
        name = begin.wait_for.signal
        if name is not None and first.setdefault(name, branch) != branch:
            yield Problem(
                "unreachable-step",
                f'this branch never gets the message "{name}": the branch "{first[name]}" gets it first',
                (*path, "race", branch, 0),
                hint="tell the messages of the branches apart by match, or wait for another message",
                severity="warning",
                related=Related("the branch that gets it", (*path, "race", first[name]), at="key"),
            )


def _check_repeat(step: RepeatStep, path: Path) -> Iterator[Problem]:
    repeat, here = step.repeat, (*path, "repeat")
    if repeat.while_ is not None and repeat.until is not None:
        yield Problem(
            "two-conditions",
            "a repeat has only one condition: either while or until",
            (*here, "until"),
            hint="join them by && or ||",
            at="key",
        )
    bounded = repeat.maximum_iterations is not None or (step.timeouts and step.timeouts.deadline)
    if not bounded and repeat.while_ is None and repeat.until is None:
        yield Problem(
            "endless-loop",
            "this repeat never ends",
            here,
            hint="give it while, until, maximum_iterations, or the step timeouts.deadline",
            at="key",
        )
    elif not bounded:
        yield Problem(
            "endless-loop",
            "this repeat has no bound: when its condition is wrong, it never ends",
            here,
            hint="give it maximum_iterations, or the step timeouts.deadline",
            at="key",
        )


def _check_for_each(step: ForEachStep, path: Path) -> Iterator[Problem]:
    for key, name in (("as", step.as_), ("index_as", step.index_as)):
        if name in RESERVED:
            yield Problem(
                "bad-name",
                f'"{name}" is a reserved name',
                (*path, key),
                hint=f"choose another name; reserved: {join_listed(RESERVED)}",
            )
    if step.as_ == step.index_as:
        yield Problem(
            "bad-name",
            f'the item and its number can\'t have the same name "{step.as_}"',
            (*path, "index_as" if "index_as" in step.model_fields_set else "as"),
            hint="give one of them another name",
        )
    if step.key_ is not None and not step.key_.problems and not _reads_item(step, step.key_):
        yield Problem(
            "duplicate-name",
            "all items would have the same key",
            (*path, "key"),
            hint=f"the key must tell the items apart, for example {step.as_}.id",
        )
    if step.result is not None and step.collect != "all":
        yield Problem(
            "no-effect",
            f"result has no effect: collect: {step.collect} keeps no results",
            (*path, "result"),
            hint="remove one of the two",
            severity="warning",
            at="key",
        )
    if isinstance(step.dead_letter, DeadLetter) and "then" in step.dead_letter.model_fields_set:
        yield Problem(
            "no-effect",
            '"then" has no effect: a for_each keeps each failed item, and goes on as tolerate_failures says',
            (*path, "dead_letter", "then"),
            hint="leave it out; without tolerate_failures any number of items may fail, as long as each was kept",
            at="key",
        )
    if step.tolerate_failures in (0, Percent(0)) and step.dead_letter is None:
        yield Problem(
            "no-effect",
            "tolerate_failures: 0 has no effect: without it no item may fail either",
            (*path, "tolerate_failures"),
            hint="leave it out",
            severity="warning",
            at="key",
        )


def _reads_item(step: ForEachStep, key: Template) -> bool:
    """Tell whether a key reads the item or its number, or a misspelling of them, which is reported by itself."""
    names = (step.as_, step.index_as)
    return any(find_meant(root, (*PLACES, *names), IN_EXPRESSIONS) in names for root in key.roots)


def _check_hidden_names(step: ForEachStep, placed: Placed) -> Iterator[Problem]:
    """Report names that somebody has chosen, and that hide the names of a loop around them."""
    outer = {
        name
        for each in placed.around
        if isinstance(each, ForEachStep | RepeatStep)
        for name in ((each.as_, each.index_as) if isinstance(each, ForEachStep) else ("index",))
    }
    for field, key, name in (("as_", "as", step.as_), ("index_as", "index_as", step.index_as)):
        if field in step.model_fields_set and name in outer:
            yield Problem(
                "duplicate-name",
                f'"{name}" hides the "{name}" of the loop around this one',
                (*placed.path, key),
                hint="choose another name",
                severity="warning",
            )
