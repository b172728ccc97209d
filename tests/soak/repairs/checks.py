"""No run that has completed says that something is done which is missing from the ledger, or is in it twice."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator

from interpreter.failure.error_types import UNDONE_BEFORE_RESET
from interpreter.program.compiled import compile_program
from interpreter.program.model import Program
from tests.soak.checks import EXPECTED_ERRORS, compile_definition
from tests.soak.ledger import BANK, Effect, Ledger, get_run
from tests.soak.sagas import EndedSaga

REPAIR_ERRORS = {
    *(*EXPECTED_ERRORS, UNDONE_BEFORE_RESET, "Refused"),
    *("ChildWorkflowFailed", "ChildWorkflowAlreadyStarted"),
}
"""The types of errors that a run may fail with. The ledger refuses what was undone before it was done, and so a step
that the server runs again with its old key. A run that is reset leaves the child running that it has begun after that
point, so the new run can't start it."""


def check_end(ledger: Ledger, end: EndedSaga) -> Iterator[str]:
    """Check what a run says against the ledger, at the moment in which it has ended."""
    run = end.saga.run
    if end.status not in ("COMPLETED", "FAILED", "CANCELED"):
        yield f"{run}: ended as {end.status}: {end.message}"
    if end.status == "FAILED" and end.error not in REPAIR_ERRORS:
        yield f"{run}: failed with {end.error}: {end.message}"
    lasting = count_lasting(effect for effect in ledger.effects() if get_run(effect.key) == run)
    for step, keys in lasting.items():
        if len(keys) > 1:
            yield f"{run}: {step} is done {len(keys)} times: {', '.join(keys)}"
    if end.kept:
        moves = set(_list_moves(compile_definition(end)))
        for step in sorted(moves - end.given_up - set(lasting)):
            yield f"{run}: has completed, but {step} is missing"


def _list_moves(program: Program) -> Iterator[str]:
    """List the steps that move money, also of children, by their paths in keys."""
    for path, node in program.nodes.items():
        if node.activity == "move":
            yield path
        elif node.child is not None:
            inside = compile_program(program.bundle, node.child.workflow.definition)
            yield from (f"{path}/{each}" for each in _list_moves(inside))


def count_lasting(effects: Iterable[Effect]) -> dict[str, list[str]]:
    """Find the keys of what was done and not undone, by step."""
    lasting: dict[str, list[str]] = {}
    undone: set[str] = set()
    for effect in effects:
        if effect.kind == "do":
            lasting.setdefault(_get_place(effect.key), []).append(effect.key)
        else:
            undone.add(effect.key)
    found = {step: [key for key in keys if key not in undone] for step, keys in lasting.items()}
    return {step: keys for step, keys in found.items() if keys}


def _get_place(key: str) -> str:
    """Return the path of the step that a key belongs to; a child also has a number in its id."""
    return re.sub(r"#\d+", "", key.partition("/")[2])


def check_accounts(ledger: Ledger) -> Iterator[str]:
    """Check that each account has what its entries say."""
    sums: Counter[str] = Counter()
    for effect in ledger.effects():
        sums[get_run(effect.key)] += effect.amount
        sums[BANK] -= effect.amount
    accounts = ledger.accounts()
    for name in sorted({*sums, *accounts}):
        if sums[name] != accounts.get(name, 0):
            yield f"{name}: {accounts.get(name, 0)} on the account, {sums[name]} in its entries"
