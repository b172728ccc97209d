"""A definition made ready to run: every step with its place, its options and what is inside it.

Compiled once per content and process; immutable, shared by all runs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import lru_cache
from hashlib import sha256
from types import MappingProxyType

from dsl import load
from dsl.defaults import activity_retry, activity_timeouts, compensation_retry
from dsl.expressions import Template
from dsl.model import (
    ActivityAction,
    ActivityCompensation,
    ActivityStep,
    ActivityTimeouts,
    BlockCompensation,
    BlockStep,
    Compensation,
    Definition,
    RaiseStep,
    RetryPolicy,
    RetryRef,
    ReturnStep,
    SetStep,
    Step,
)
from dsl.source import Path


@dataclass(frozen=True, slots=True)
class ActivityPlan:
    """The options of an activity after the defaults were laid under them."""

    timeouts: ActivityTimeouts
    retry: RetryPolicy
    task_queue: str | None


@dataclass(frozen=True, slots=True, eq=False)
class Node:
    """A step in its place."""

    step: Step | Compensation
    path: str
    """The step's id, or for a step without one its way through the definition: `steps[2]`."""
    source: Path
    """Where it stands in the YAML, for messages."""
    line: int
    plan: ActivityPlan | None = None
    body: tuple[Node, ...] = ()
    compensation: Node | None = None

    @property
    def kind(self) -> str:
        """The step's action: `activity`, `steps`, `set`, ..."""
        return self.step.kind

    @property
    def id(self) -> str | None:
        """The name by which expressions know it."""
        return None if isinstance(self.step, ActivityCompensation | BlockCompensation) else self.step.id

    @property
    def activity(self) -> str | None:
        """The activity that it runs, if it runs one."""
        return self.step.activity if isinstance(self.step, ActivityAction) else None

    @property
    def when(self) -> Template | None:
        return None if isinstance(self.step, ActivityCompensation | BlockCompensation) else self.step.when

    @property
    def deadline(self) -> timedelta | None:
        timeouts = None if isinstance(self.step, SetStep | RaiseStep | ReturnStep) else self.step.timeouts
        return timeouts.deadline if timeouts else None

    def walk(self) -> Iterator[Node]:
        """This node and all inside it, compensations included."""
        yield self
        for child in self.body:
            yield from child.walk()
        if self.compensation is not None:
            yield from self.compensation.walk()


@dataclass(frozen=True, slots=True, eq=False)
class Program:
    """A compiled definition."""

    definition: Definition
    digest: str
    steps: tuple[Node, ...]
    on_failure: tuple[Node, ...]
    nodes: Mapping[str, Node]
    """Path → node, of every step."""


@dataclass(frozen=True, slots=True)
class _Placement:
    """Builds the nodes of one definition."""

    definition: Definition
    line_of: Callable[[Path], int]
    retry_of: Callable[[Definition, RetryRef | None], RetryPolicy] = activity_retry

    def steps(self, steps: tuple[Step, ...], source: Path, within: str) -> tuple[Node, ...]:
        return tuple(self.step(s, (*source, i), f"{within}[{i}]") for i, s in enumerate(steps))

    def step(self, step: Step, source: Path, unnamed: str) -> Node:
        path = step.id or unnamed
        compensation = None
        if isinstance(step, ActivityStep | BlockStep) and step.compensate is not None:
            compensation = self.compensation(step.compensate, (*source, "compensate"), f"{path}.compensate")
        return Node(
            step=step,
            path=path,
            source=source,
            line=self.line_of(source),
            plan=self.plan(step) if isinstance(step, ActivityStep) else None,
            body=self.steps(step.steps, (*source, "steps"), f"{path}.steps")
            if isinstance(step, BlockStep)
            else (),
            compensation=compensation,
        )

    def compensation(self, step: Compensation, source: Path, path: str) -> Node:
        """What undoes goes on until it succeeds, a single activity as well as those of a block."""
        undoing = replace(self, retry_of=compensation_retry)
        line = self.line_of(source)
        if isinstance(step, BlockCompensation):
            body = undoing.steps(step.steps, (*source, "steps"), f"{path}.steps")
            return Node(step, path, source, line, body=body)
        return Node(step, path, source, line, plan=undoing.plan(step))

    def plan(self, action: ActivityStep | ActivityCompensation) -> ActivityPlan:
        retry = self.retry_of(self.definition, action.retry)
        queue = action.task_queue or self.definition.defaults.task_queue
        return ActivityPlan(activity_timeouts(self.definition, action.timeouts), retry, queue)


def digest_of(text: str) -> str:
    """The content hash that pins a definition: SHA-256 of its text, in hexadecimal."""
    return sha256(text.encode()).hexdigest()


@lru_cache(maxsize=256)
def compile_program(text: str) -> Program:
    """Compile the text of a definition.

    Raises:
        dsl.InvalidDefinition: the text has problems.
    """
    definition, source = load(text)
    place = _Placement(definition, lambda path: source.value(path).start.line)
    steps = place.steps(definition.steps, ("steps",), "steps")
    after = definition.on_failure.steps if definition.on_failure else ()
    on_failure = place.steps(after, ("on_failure", "steps"), "on_failure")
    nodes = {node.path: node for top in (*steps, *on_failure) for node in top.walk()}
    return Program(definition, digest_of(text), steps, on_failure, MappingProxyType(nodes))
