"""A definition made ready to run: every step with its place, its options and what is inside it.

Immutable, shared by all runs; made by `interpreter.program.compiler`, and kept by `interpreter.program.compiled`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from hashlib import sha256

from dsl.expressions import Template
from dsl.model import (
    ActivityAction,
    ActivityTimeouts,
    BreakerReference,
    CatchClause,
    ChildWorkflow,
    Common,
    Compensation,
    Definition,
    ForEachStep,
    HttpAction,
    PagingCall,
    ParallelStep,
    RaceStep,
    RepeatStep,
    RetryPolicy,
    Step,
    Undoable,
    WaitForStep,
    WorkflowTimeouts,
)
from dsl.model.priority import Priority
from dsl.source.map import Path

HTTP_ACTIVITY = "stepfile.http"
"""Name of the built-in activity behind `http`. It is part of histories: never change it."""


@dataclass(frozen=True, slots=True)
class ActivityPlan:
    """The options of an activity after the defaults were laid under them."""

    timeouts: ActivityTimeouts
    retry: RetryPolicy
    task_queue: str | Template | None
    priority: Priority | None = None


@dataclass(frozen=True, slots=True)
class ChildPlan:
    """How a child workflow is started, after the options of its definition were laid under those of the step."""

    workflow: ChildWorkflow
    timeouts: WorkflowTimeouts
    retry: RetryPolicy | None


@dataclass(frozen=True, slots=True)
class Bundle:
    """The texts of a definition and of the files that belong to it: what a run is started with."""

    text: str
    files: tuple[tuple[str, str], ...] = ()
    """The name of the definition in each file, and its text."""

    @property
    def digest(self) -> str:
        """The content hash that pins all of it; of one text alone, its SHA-256 in hexadecimal."""
        if not self.files:
            return compute_digest(self.text)
        return compute_digest(json.dumps([self.text, sorted(self.files)]))


@dataclass(frozen=True, slots=True)
class AlertPlan:
    """An activity that tells somebody of what a run can't mend by itself."""

    name: str
    """The key that names it: `saga.on_not_undone`."""
    activity: str
    plan: ActivityPlan


@dataclass(frozen=True, slots=True)
class DeadLetterSink:
    """A dead-letter queue: the activity that keeps its records, or none if that is the built-in queue."""

    name: str
    max_redrives: int | None
    """After so many redrives in vain a letter is poison; None: whoever keeps it decides."""
    activity: str | None = None
    plan: ActivityPlan | None = None
    on_dead_letter: AlertPlan | None = None
    """Who is told of each letter that was kept."""


@dataclass(frozen=True, slots=True)
class DeadLetterRoute:
    """Where the error of a step is kept, and whether the run then goes on."""

    queue: DeadLetterSink
    then_continue: bool


@dataclass(frozen=True, slots=True, eq=False)
class CatchHandler:
    """A clause of `catch`, its steps compiled."""

    clause: CatchClause
    path: str
    steps: tuple[Node, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Branch:
    """One of several lists of steps of the same step."""

    name: str
    steps: tuple[Node, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Node:
    """A step in its place."""

    step: Step | Compensation | PagingCall
    path: str
    """The step's id, or for a step without one its way through the definition: `steps[2]`. Inside a loop, the
    iteration comes before it: `charge_all[3]/charge`."""
    source: Path
    """Where it stands in the YAML, for messages."""
    line: int
    plan: ActivityPlan | None = None
    child: ChildPlan | None = None
    retry: RetryPolicy | None = None
    """How a block is run again; an activity's policy is in its plan."""
    body: tuple[Node, ...] = ()
    branches: tuple[Branch, ...] = ()
    pages: Node | None = None
    """The call that hands out the items of a `for_each`."""
    frame: str = ""
    """The iteration that it is in: what its path begins with."""
    key_frame: str = ""
    """What its path begins with in idempotency keys, where items go by their names."""
    catch: tuple[CatchHandler, ...] = ()
    finally_: tuple[Node, ...] = ()
    dead_letter: DeadLetterRoute | None = None
    breaker: BreakerReference | None = None
    compensation: Node | None = None
    undoes: bool = False
    """Whether the step is a compensation, or stands inside one."""
    compensated: bool = False
    """Whether it, or a block around it, has a compensation."""
    undoable: bool = False
    """It, or a block around it, has a compensation; or it is a definition, which undoes itself when it fails."""

    @property
    def kind(self) -> str:
        """The step's action: `activity`, `steps`, `set`, ..."""
        return self.step.kind

    @property
    def id(self) -> str | None:
        """The name by which expressions know it."""
        return self.step.id if isinstance(self.step, Common) else None

    @property
    def is_loop(self) -> bool:
        """Its steps run in iterations, each of which has a frame of its own."""
        return isinstance(self.step, ForEachStep | RepeatStep)

    @property
    def shows_branches(self) -> bool:
        """All its branches are meant to run."""
        return isinstance(self.step, ParallelStep | RaceStep)

    @property
    def awaits(self) -> tuple[str, ...]:
        """The messages that it waits for."""
        return self.step.wait_for.names if isinstance(self.step, WaitForStep) else ()

    @property
    def key_path(self) -> str:
        """Its path in idempotency keys."""
        return self.key_frame + self.path[len(self.frame) :]

    @property
    def summary(self) -> str:
        """What Temporal's UI shows of it: what the definition says, or its path; and of which item, by its key."""
        said: str | None = getattr(self.step, "summary", None)
        if said is None:
            return self.key_path
        return f"{said} ({self.key_frame.rstrip('/')})" if self.key_frame else said

    @property
    def activity(self) -> str | None:
        """The activity that it runs, if it runs one."""
        if isinstance(self.step, HttpAction):
            return HTTP_ACTIVITY
        return self.step.activity if isinstance(self.step, ActivityAction) else None

    @property
    def when(self) -> Template | None:
        """The condition under which the step runs; None if it always runs."""
        return self.step.when if isinstance(self.step, Common) else None

    @property
    def pivot(self) -> bool:
        """Whether nothing before the step is undone once it has completed."""
        return isinstance(self.step, Undoable) and self.step.pivot

    @property
    def deadline(self) -> timedelta | None:
        """How long the step may take in all; None if there is no limit."""
        if isinstance(self.step, PagingCall):
            return None
        timeouts = self.step.timeouts
        return timeouts.deadline if timeouts else None

    @property
    def parts(self) -> Iterator[Node]:
        """The steps that its action is made of."""
        yield from self.body
        for branch in self.branches:
            yield from branch.steps

    @property
    def inside(self) -> Iterator[Node]:
        """The steps inside it, in the order of the definition; compensations excepted."""
        yield from self.parts
        for handler in self.catch:
            yield from handler.steps
        yield from self.finally_

    def walk(self) -> Iterator[Node]:
        """This node and all inside it, compensations included."""
        yield self
        for child in self.inside:
            yield from child.walk()
        if self.pages is not None:
            yield self.pages
        if self.compensation is not None:
            yield from self.compensation.walk()

    def in_frame(self, frame: str, key_frame: str) -> Node:
        """Make the step of one iteration out of this one. What is known of it there, and its keys, are its own."""
        return replace(
            self,
            path=frame + self.path[len(self.frame) :],
            frame=frame,
            key_frame=key_frame,
            body=tuple(node.in_frame(frame, key_frame) for node in self.body),
            branches=tuple(
                Branch(each.name, tuple(node.in_frame(frame, key_frame) for node in each.steps))
                for each in self.branches
            ),
            pages=self.pages and self.pages.in_frame(frame, key_frame),
            catch=tuple(
                CatchHandler(
                    each.clause,
                    frame + each.path[len(self.frame) :],
                    tuple(node.in_frame(frame, key_frame) for node in each.steps),
                )
                for each in self.catch
            ),
            finally_=tuple(node.in_frame(frame, key_frame) for node in self.finally_),
            compensation=self.compensation and self.compensation.in_frame(frame, key_frame),
        )


@dataclass(frozen=True, slots=True, eq=False)
class Program:
    """A compiled definition."""

    definition: Definition
    digest: str
    steps: tuple[Node, ...]
    on_failure: tuple[Node, ...]
    finally_: tuple[Node, ...]
    nodes: Mapping[str, Node]
    """Path → node, of every step."""
    ids: Mapping[str, tuple[str, ...]]
    """Path of a loop, "" for the definition itself → the ids of the steps whose frame that is."""
    awaited: frozenset[str]
    """The signals and updates that some step waits for."""
    saga_queue: DeadLetterSink | None
    """Where compensations that have failed are kept."""
    on_not_undone: AlertPlan | None
    """Who is told when something could not be undone."""
    bundle: Bundle
    entry: str | None
    """Its name in the bundle; None for the root."""

    @property
    def starts_children(self) -> bool:
        """Whether a step, or a compensation, is a child workflow."""
        return any(each.child is not None for node in self.nodes.values() for each in node.walk())


def compute_digest(text: str) -> str:
    """The content hash that pins a definition: SHA-256 of its text, in hexadecimal."""
    return sha256(text.encode()).hexdigest()
