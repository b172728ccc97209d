"""The state that all steps of one run share."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

from dsl.expressions import ExprError, JsonValue, Limits, Template
from dsl.problems.wording import found
from interpreter.concurrency.cancel_scope import Stop
from interpreter.concurrency.wait_queue import Bell
from interpreter.effects import Effects
from interpreter.failure.failure import Failure, Outcome, StepFailed, expression_failed
from interpreter.program.model import Node, Program
from interpreter.program.paths import loops_around
from interpreter.state.breaker import Breaker
from interpreter.state.breaker_queue import Gate
from interpreter.state.continue_as_new import Handover
from interpreter.state.inbox import Inbox
from interpreter.state.progress import Progress, State, StepProgress
from interpreter.state.report import Aftermath, CompensationReport, DeadLetterReport, Reported
from interpreter.state.saga import Saga
from interpreter.state.scope import Scope

Status = Literal["running", "completed", "failed", "cancelled"]

FUEL_BETWEEN_AWAITS = 500_000
"""Expressions may spend this much (about 0.2 s) before the run must let the worker do other things. Part of
replay: never change it."""


NOT_REACHED: JsonValue = {"status": "pending"}
"""What `steps.<id>` shows of a step that another branch, or a failure, has kept from running."""


AGAIN = "#"
"""Between the path of a step and the count of its activities, in the id of an activity that is not the first."""


def place_of(activity_id: str) -> str:
    """The path of the step that an activity belongs to."""
    return activity_id.partition(AGAIN)[0]


@dataclass(slots=True, eq=False)
class Run:
    """One run: its definition, its data, and what has happened so far."""

    program: Program
    effects: Effects
    data: JsonValue = None
    """The input, checked and with its defaults filled in."""
    limits: Limits = Limits.V1
    vars: dict[str, JsonValue] = field(default_factory=dict)
    frames: dict[str, dict[str, JsonValue]] = field(init=False)
    """Of the run itself (""), and of each iteration that goes on: step id → what `steps.<id>` shows. Each is
    replaced, never changed: expressions hand out parts of it."""
    progress: Progress = field(default_factory=Progress)
    saga: Saga = field(default_factory=Saga)
    compensations: Reported[CompensationReport] = field(default_factory=Reported)
    """What was undone and what could not be, in the order in which it was tried."""
    is_unclean: bool = False
    """Something that was to be undone is not."""
    status: Status = "running"
    failure: Failure | None = None
    further: Reported[Failure] = field(default_factory=Reported)
    """Errors after the one that decided the run: of `on_failure`, `finally` and dead letters that were lost."""
    dead_letters: Reported[DeadLetterReport] = field(default_factory=Reported)
    """What was kept for someone to act on, in order."""
    attempt: int = 1
    """Number of the attempt of the whole workflow, counted over runs that continue as new: the server begins anew."""
    generation: int = 1
    """Number of the attempt of the whole workflow, if what the ones before had done was undone."""
    identity: str = ""
    """What idempotency keys begin with: the workflow id. The rounds of a cron workflow share that; each is another
    piece of work all the same, so theirs has the time of the round, too."""
    repeatable: bool = False
    """The parent that has started this run may start it again after a failure."""
    broken: Failure | None = None
    """Why the run can't go on, whatever it does."""
    undone: dict[str, int] = field(default_factory=dict)
    """Path → how often the effect of a step was undone."""
    scheduled: dict[str, int] = field(default_factory=dict)
    """Path → how many activities were scheduled there."""
    breakers: dict[str, Gate] = field(init=False)
    """Those of the definition, by name."""
    inbox: Inbox = field(default_factory=Inbox)
    handover: Handover = field(default_factory=Handover)
    changes: Bell = field(default_factory=Bell)
    """Rings when a variable or a step has changed."""
    started_at: datetime | None = None
    """When the first run began that this one goes on from."""
    is_over: bool = False
    continued: bool = False
    """It goes on where another run has stopped: steps may be over, or have begun, before they are reached."""
    moved: bool = False
    """Something was done since it started: it will not continue as new for ever."""
    fuel: int = 0

    def __post_init__(self) -> None:
        self.identity = self.identity or self.effects.workflow_id
        self.frames = {"": dict.fromkeys(self.program.ids[""], NOT_REACHED)}
        breakers = self.program.definition.circuit_breakers
        self.breakers = {name: Gate(Breaker(settings)) for name, settings in breakers.items()}

    def evaluate(self, template: Template, scope: Scope, what: str) -> JsonValue:
        """The value of an expression or of data with expressions inside.

        Raises:
            StepFailed: it has no value; `what` says in the message which part of the step it was.
        """
        context = {root: self._root(root, scope) for root in template.roots if self._exists(root, scope)}
        try:
            value, spent = template.evaluate(context, self.limits)
        except ExprError as error:
            raise expression_failed(error, what) from None
        self.fuel += spent
        return value

    def condition(self, template: Template | None, scope: Scope, what: str) -> bool:
        """The value of an expression that must be true or false; true when there is none.

        Raises:
            StepFailed: it has no value, or one that is neither.
        """
        if template is None:
            return True
        value = self.evaluate(template, scope, what)
        if not isinstance(value, bool):
            error = ExprError("E_TYPE", f"expected true or false, found {found(value)}")
            raise expression_failed(error, what)
        return value

    async def breathe(self) -> None:
        """Give way after much computing: a durable point that is the same on every replay."""
        if self.fuel > FUEL_BETWEEN_AWAITS:
            self.fuel = 0
            await self.effects.sleep(timedelta(milliseconds=1), "computing")

    async def checkpoint(self, scope: Scope) -> None:
        """A place where the run can go on as a new one. When it is to, only a request to stop leads on from here.

        Nobody is kept waiting for that as long as it is not urgent: it happens when all else rests anyway.

        Raises:
            StepFailed: `TooLarge`: here it can't, and its history is full.
            asyncio.CancelledError: the scope was asked to stop. Who rests would not hear of that a second time.
        """
        scope.stop.check()
        if not scope.can_hand_over:
            if not scope.must_end and (complaint := self.effects.history_is_full()):
                raise StepFailed(
                    Failure("TooLarge", complaint, non_retryable=True, outcome=Outcome.NOT_STARTED)
                )
            return
        if not self.handover.wanted:
            if not self._should_hand_over():
                return
            if not (self.handover.is_alone or self.effects.continue_as_new_urgent()):
                return
            self.handover.want()
        await self.handover.rest()

    def message_done(self) -> None:
        """A message was taken in. A run that does nothing but wait for them never comes to a checkpoint."""
        self.moved = True
        if self.handover.is_still and self._should_hand_over():
            self.handover.want()

    def _should_hand_over(self) -> bool:
        return self.moved and self.effects.continue_as_new_suggested()

    async def pause(self, scope: Scope, ends: datetime, summary: str) -> None:
        """Wait until a point in time, also over several runs.

        Raises:
            asyncio.CancelledError: the scope was asked to stop.
        """
        scope.stop.check()
        left = max(ends - self.effects.now(), timedelta())
        if not scope.can_hand_over:
            await self.effects.sleep(left, summary)
            return
        with self.handover.resting():
            await self.effects.sleep(left, summary)

    def declare(self) -> None:
        """Give the variables their first values, once: also a message that comes with the start finds them.

        Raises:
            StepFailed: one has none.
        """
        scope = Scope({"input": self.data}, Stop())
        for name, value in self.program.definition.vars.items():
            if name not in self.vars:
                self.vars = {**self.vars, name: self.evaluate(value, scope, f"vars.{name}")}

    @contextmanager
    def unnoticed(self) -> Iterator[None]:
        """For what is looked at and is no part of the history (a query, whether to accept an update): no replay does
        it again, so it leaves no trace."""
        fuel, values = self.fuel, self.vars
        try:
            self.declare()
            yield
        finally:
            self.fuel, self.vars = fuel, values

    def assign(self, values: Mapping[str, JsonValue]) -> None:
        """Change variables."""
        self.vars = {**self.vars, **values}
        self.changes.ring()

    def key_of(self, node: Node) -> str:
        """The idempotency key of a step: the same over attempts, compensation and a second run.

        It names one effect. When that was undone, the next run of the step is another effect with another key: a
        service that remembers the first would answer that it is done, and it is not.
        """
        place = self.place_key(node)
        undone = sum(self.undone.get(path, 0) for path in (node.path, *loops_around(node.path)))
        number = undone + (self.generation if node.undoable else 1)
        return place if number == 1 else f"{place}{AGAIN}{number}"

    def place_key(self, node: Node) -> str:
        """Names a step of this workflow, whatever has become of it."""
        return f"{self.identity}/{node.key_path}"

    def was_undone(self, node: Node) -> None:
        """Note that the effect of a step, and of what is inside it, is no more. For the iterations of a loop it is
        the loop that tells."""
        for each in (node, *(inner for child in node.parts for inner in child.walk())):
            self.undone[each.path] = self.undone.get(each.path, 0) + 1

    def fresh_id(self, path: str) -> str:
        """An id for the next activity at a place: a cancelled one may still be known to the server when a block runs
        again, and two of the same id would block the run."""
        number = self.scheduled[path] = self.scheduled.get(path, 0) + 1
        return path if number == 1 else f"{path}{AGAIN}{number}"

    def began(self, node: Node) -> None:
        step = self.progress.of(node.path)
        step.state, step.started_at = "running", self.effects.now()
        self.effects.show(node.path)

    def went_wrong(self, node: Node, failure: Failure) -> None:
        """Note an error that may yet be caught."""
        step = self.progress.of(node.path)
        step.error, step.attempts = failure.at_step(node.path), failure.attempts

    def completed(self, node: Node, result: JsonValue, state: State = "completed") -> JsonValue:
        """The step is over and the run goes on; `state` tells whether that is what the step was meant to do."""
        step = self._ended(node, state)
        error = step.error.as_json() if step.error and state != "completed" else None
        if node.id is None:
            step.result = result
        shown = {"status": state, "result": result, "error": error, "attempts": step.attempts}
        self._record(node, {**shown, **step.fields} if step.fields else shown)
        return result

    def forget_inside(self, block: Node) -> None:
        """Before a block runs again: what is inside it has not run yet."""
        gone = {node.id for child in block.inside for node in child.walk()}
        if block.frame in self.frames:
            frame = self.frames[block.frame].items()
            self.frames[block.frame] = {name: NOT_REACHED if name in gone else shown for name, shown in frame}
        for child in block.inside:
            self._forget(child)

    def enter(self, loop: Node, frame: str, key_frame: str) -> None:
        """An iteration begins, or is gone on with: it has steps of its own."""
        entered = self.progress.of(loop.path).frames
        if frame not in entered:
            fresh = dict.fromkeys(self.program.ids[loop.path[len(loop.frame) :]], NOT_REACHED)
            self.frames[frame] = {**self.frames[loop.frame], **fresh}
        entered[frame] = key_frame

    def leave(self, loop: Node, frame: str, body: tuple[Node, ...]) -> None:
        """An iteration is over: nobody sees its steps any more, save what undoes them."""
        del self.progress.of(loop.path).frames[frame]
        if not self.saga.sees(frame):
            self.frames.pop(frame, None)
        for node in body:
            self._forget(node)

    def _forget(self, node: Node) -> None:
        """Of a step and all inside it; also of iterations that were not left, when something has stopped them."""
        for each in node.walk():
            if each.path in self.progress.steps:
                for frame, key_frame in tuple(self.progress.of(each.path).frames.items()):
                    self.leave(each, frame, tuple(inner.in_frame(frame, key_frame) for inner in each.body))
                self.progress.forget(each.path)

    def known(self, node: Node) -> StepProgress | None:
        """How far a step has come in the runs before this one; None if it was not reached there."""
        return self.progress.steps.get(node.path) if self.continued else None

    def result_of(self, node: Node) -> JsonValue:
        """The result of a step that is over."""
        if node.id is None:
            return self.progress.of(node.path).result
        shown = self.frames[node.frame][node.id]
        return shown.get("result") if isinstance(shown, dict) else None

    def skipped(self, node: Node) -> None:
        self._ended(node, "skipped")
        self._record(node, {"status": "skipped"})

    def was_cancelled(self, node: Node) -> None:
        self._ended(node, "cancelled")
        self._record(node, {"status": "cancelled"})

    def failed(self, node: Node, failure: Failure) -> Failure:
        """Note the failure, bound to the innermost step that it came from."""
        failure = failure.at_step(node.path)
        step = self._ended(node, "failed")
        step.error, step.attempts = failure, failure.attempts
        shown = {"status": "failed", "error": failure.as_json(), "attempts": failure.attempts}
        self._record(node, {**shown, **step.fields})
        return failure

    def _ended(self, node: Node, state: State) -> StepProgress:
        step = self.progress.of(node.path)
        step.state, step.ended_at = state, self.effects.now()
        step.memory, step.given = {}, None
        return step

    def _record(self, node: Node, shown: JsonValue) -> None:
        """Let later expressions see how a step ended."""
        self.moved = True
        if node.id is not None:
            self.frames[node.frame] = {**self.frames[node.frame], node.id: shown}
        self.changes.ring()

    def snapshot(self) -> dict[str, Any]:
        """What the query `status` answers, as plain data."""
        definition = self.program.definition
        return {
            "definition": {
                "name": definition.name,
                "version": definition.version,
                "digest": self.program.digest,
            },
            "status": self.status,
            "error": self.failure.as_json() if self.failure else None,
            "steps": self.progress.tree(self.program),
            **({"breakers": self._shown_breakers()} if self.breakers else {}),
            **({"messages": self._shown_messages()} if definition.signals or definition.updates else {}),
            **self.aftermath(),
        }

    def _shown_breakers(self) -> dict[str, Any]:
        return {name: gate.breaker.shown() for name, gate in self.breakers.items()}

    def _shown_messages(self) -> dict[str, Any]:
        return {"waiting": [each.name for each in self.inbox.messages], "refused": self.inbox.refused}

    def aftermath(self) -> Aftermath:
        """What was done about a failure, as plain data."""
        lists: dict[str, Reported[Any]] = {
            "compensations": self.compensations,
            "dead_letters": self.dead_letters,
            "further_errors": self.further,
        }
        told: Aftermath = {
            "compensations": list(self.compensations),
            "pivot": self.saga.pivot,
            "dead_letters": list(self.dead_letters),
            "further_errors": [further.as_json() for further in self.further],
        }
        if left_out := {name: each.left_out for name, each in lists.items() if each.left_out}:
            told["left_out"] = left_out
        return told

    def _exists(self, root: str, scope: Scope) -> bool:
        return root in ("vars", "steps", "run") or root in scope.names

    def _root(self, root: str, scope: Scope) -> JsonValue:
        match root:
            case "vars":
                return self.vars
            case "steps":
                return self.frames[scope.frame]
            case "run":
                return self._about_run()
            case _:
                return scope.names[root]

    def _about_run(self) -> dict[str, Any]:
        return {
            "id": self.effects.run_id,
            "workflow_id": self.effects.workflow_id,
            "now": self.effects.now().isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "status": self.status,
            "error": self.failure.as_json() if self.failure else None,
            "compensations": list(self.compensations),
        }
