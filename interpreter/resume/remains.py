"""What a run has left: the moment in which it was decided how it ends, and what has happened after it."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from dsl.model import SetStep
from interpreter.program.model import Program
from interpreter.resume.executed import is_call
from interpreter.snapshot import State, export_state, restore_state
from interpreter.state.report import RecentEntries
from interpreter.state.run import Run

_KNOWN_AT_THE_END = ("undone", "undone_apart", "key_paths")
"""What of a state says how often effects were undone, by this run and by others. It is true at the end only."""


@dataclass(frozen=True, slots=True)
class Remains:
    """A run that has ended, as plain data: what it does later, or while it is taken apart, changes nothing here."""

    run: Run
    """The run, for what never changes: its program, input and identity."""
    last: State
    """Its state at the very end."""
    decided: State | None
    """Its state when it was decided how it ends, before anything was undone; None if it was ended before that."""
    being_undone: Mapping[str, str]
    """The steps whose compensation had begun, and had not ended: path → path in idempotency keys."""

    @staticmethod
    def take(run: Run, decided: State | None) -> Remains:
        """Write down what a run has left.

        Args:
            run: The run, at its end.
            decided: What `copy_state` has returned when `Run.when_decided` was called; None if it never was.
        """
        return Remains(run, copy_state(run), decided, dict(_list_being_undone(run, decided is not None)))

    @property
    def undone(self) -> frozenset[str]:
        """The paths of the steps whose effects were undone after it was decided."""
        if self.decided is None:
            return frozenset()
        before = self.decided["undone"]
        return frozenset(path for path, times in self.last["undone"].items() if times > before.get(path, 0))

    def list_not_undone(self) -> list[str]:
        """List the steps whose compensation was tried after it was decided, and has not undone them.

        It has failed, or somebody has given it up. What was never tried has changed nothing.
        """
        before = {undo["step"] for undo in self.decided["undos"] if undo["stuck"]} if self.decided else ()
        return [
            undo["step"]
            for undo in self.last["undos"]
            if undo["stuck"]
            and undo["step"] not in before
            and "started_at" in self.last["steps"].get(f"{undo['step']}.compensate", {})
        ]

    def list_cleanup(self) -> list[str]:
        """List the calls that `on_failure` and the `finally` of the run have made, or may have made."""
        program = self.run.program
        nodes = (node for top in (*program.on_failure, *program.finally_) for node in top.walk())
        states = ((node, self._get_last_state(node.path)) for node in nodes)
        return [node.path for node, state in states if is_call(node) and state not in (None, "skipped")]

    def build_run(self) -> Run:
        """Build the run as it was at the moment to go on from, with what has happened later."""
        end, last = self.run, copy.deepcopy(self.last)
        run = Run(
            end.program,
            end.effects,
            end.data,
            end.limits,
            identity=end.identity,
            predecessor=end.predecessor,
        )
        known = {name: last[name] for name in _KNOWN_AT_THE_END if name in last}
        restore_state(run, {**copy.deepcopy(self.decided or self.last), **known, "breakers": {}})
        own = _find_variables_of_cleanup(end.program)
        run.vars = {
            name: run.vars.get(name) if name in own else value for name, value in last["vars"].items()
        }
        ended = Run(end.program, end.effects, end.data, identity=end.identity)
        restore_state(ended, {**last, "breakers": {}})
        run.inbox, run.dead_letters = ended.inbox, ended.dead_letters
        run.letters = {**ended.letters, **run.letters}
        run.status, run.failure, run.further_errors = "running", None, RecentEntries()
        run.started_at, run.attempt, run.breakers = None, 1, {}
        return run

    def _get_last_state(self, path: str) -> str | None:
        step: dict[str, Any] | None = self.last["steps"].get(path)
        return step.get("state", "pending") if step is not None else None


def copy_state(run: Run) -> State:
    """Write down the state of a run that goes on changing."""
    copied: State = json.loads(json.dumps(export_state(run)))
    return copied


def _list_being_undone(run: Run, was_decided: bool) -> Iterator[tuple[str, str]]:
    for undo in run.saga.under_way:
        step = run.progress.steps.get(undo.compensation.path)
        # What was taken before it was decided is in no state any more, whether it has begun or not.
        if not was_decided or (step is not None and step.started_at is not None):
            yield undo.node.path, undo.node.key_path


def _find_variables_of_cleanup(program: Program) -> frozenset[str]:
    """Find the variables that are set, by anything but messages, after it was decided how a run ends."""
    after = (node for top in (*program.on_failure, *program.finally_) for node in top.walk())
    undoing = (node for top in program.steps for node in top.walk() if node.undoes)
    return frozenset(
        name for node in (*after, *undoing) if isinstance(node.step, SetStep) for name in node.step.set
    )
