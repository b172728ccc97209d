"""From the text of a definition to the program."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from types import MappingProxyType

from dsl.check import Checked, InvalidDefinition, check_stored
from dsl.definition.bundle import find_definition, list_definitions
from dsl.definition.defaults import (
    resolve_activity_retry,
    resolve_activity_timeouts,
    resolve_alert_retry,
    resolve_child_retry,
    resolve_child_timeouts,
    resolve_circuit_breaker,
    resolve_compensation_retry,
    resolve_max_redrives,
    resolve_queue_timeouts,
    resolve_retry_policy,
)
from dsl.definition.messages import find_awaited_names
from dsl.definition.walk import list_bodies
from dsl.model import (
    Alert,
    BlockCompensation,
    BlockStep,
    Call,
    CatchClause,
    ChildWorkflowAction,
    ChildWorkflowStep,
    Compensation,
    DeadLetter,
    DeadLetterQueue,
    DeadLetterRef,
    Definition,
    ForEachStep,
    Pages,
    RetryPolicy,
    RetryRef,
    Step,
    Undoable,
    get_child_workflow,
)
from dsl.reading.reader import read_text
from dsl.source.map import Path
from interpreter.program.model import (
    ActivityPlan,
    AlertPlan,
    Branch,
    Bundle,
    CatchHandler,
    ChildPlan,
    DeadLetterRoute,
    DeadLetterSink,
    Node,
    Program,
)
from interpreter.program.paths import compensation_path


@dataclass(frozen=True, slots=True)
class _Compiler:
    """Builds the nodes of one definition."""

    definition: Definition
    line_of: Callable[[Path], int]
    undoing: bool = False
    compensated: bool = False

    @property
    def retry_of(self) -> Callable[[Definition, RetryRef | None], RetryPolicy]:
        """What undoes goes on until it succeeds, a single activity as well as those of a block."""
        return resolve_compensation_retry if self.undoing else resolve_activity_retry

    def steps(self, steps: tuple[Step, ...], source: Path, within: str) -> tuple[Node, ...]:
        return tuple(self.step(s, (*source, i), f"{within}[{i}]") for i, s in enumerate(steps))

    def step(self, step: Step, source: Path, unnamed: str) -> Node:
        path = step.id or unnamed
        compensation = None
        if isinstance(step, Undoable) and step.compensate is not None:
            compensation = self.compensation(
                step.compensate, (*source, "compensate"), compensation_path(path)
            )
        inside = replace(self, compensated=self.compensated or compensation is not None)
        body, branches = inside.parts(step, source, path)
        return Node(
            step=step,
            path=path,
            source=source,
            line=self.line_of(source),
            plan=self.call(step),
            child=self.child(step),
            retry=self.block_retry(step),
            body=body,
            branches=branches,
            pages=self.pages(step, source, path),
            catch=tuple(self.handler(c, (*source, "catch", i), path, i) for i, c in enumerate(step.catch)),
            finally_=self.steps(step.finally_, (*source, "finally"), f"{path}.finally"),
            dead_letter=self.dead_letter_route(step),
            breaker=None if self.undoing else resolve_circuit_breaker(self.definition, step),
            compensation=compensation,
            undoes=self.undoing,
            compensated=inside.compensated,
            undoable=inside.compensated or _is_nested_saga(step),
        )

    def parts(
        self, step: Step | Compensation, source: Path, path: str
    ) -> tuple[tuple[Node, ...], tuple[Branch, ...]]:
        """Compile what the step is made of: its body, or its branches."""
        body: tuple[Node, ...] = ()
        branches: list[Branch] = []
        for each in list_bodies(step):
            steps = self.steps(each.steps, (*source, *each.way), f"{path}.{_format_way(each.way)}")
            if each.branch is None:
                body = steps
            else:
                branches.append(Branch(each.branch, steps))
        return body, tuple(branches)

    def pages(self, step: Step, source: Path, path: str) -> Node | None:
        if not (isinstance(step, ForEachStep) and isinstance(step.for_each, Pages)):
            return None
        call, where = step.for_each.pages, (*source, "for_each", "pages")
        plan = self.plan(call, self.retry_of)
        return Node(step=call, path=f"{path}.pages", source=where, line=self.line_of(where), plan=plan)

    def compensation(self, step: Compensation, source: Path, path: str) -> Node:
        undoing = replace(self, undoing=True)
        body, branches = undoing.parts(step, source, path)
        return Node(
            step=step,
            path=path,
            source=source,
            line=self.line_of(source),
            plan=undoing.call(step),
            child=undoing.child(step),
            retry=undoing.block_retry(step),
            body=body,
            branches=branches,
            undoes=True,
        )

    def handler(self, clause: CatchClause, source: Path, within: str, index: int) -> CatchHandler:
        path = f"{within}.catch[{index}]"
        return CatchHandler(clause, path, self.steps(clause.steps, (*source, "steps"), path))

    def call(self, step: Step | Compensation) -> ActivityPlan | None:
        return self.plan(step, self.retry_of) if isinstance(step, Call) else None

    def block_retry(self, step: Step | Compensation) -> RetryPolicy | None:
        if isinstance(step, BlockStep | BlockCompensation) and step.retry is not None:
            return resolve_retry_policy(self.definition, step.retry)
        return None

    def child(self, step: Step | Compensation) -> ChildPlan | None:
        if not isinstance(step, ChildWorkflowAction):
            return None
        child = get_child_workflow(step)
        definition = find_definition(self.definition, child.definition)
        timeouts = resolve_child_timeouts(definition, step.timeouts)
        return ChildPlan(child, timeouts, resolve_child_retry(self.definition, definition, step.retry))

    def dead_letter_route(self, step: Step) -> DeadLetterRoute | None:
        """Steps that call an activity have a default; for what undoes there is `saga.dead_letter`."""
        ref: DeadLetterRef | None = step.dead_letter
        if ref is None and isinstance(step, Call) and not self.undoing:
            ref = self.definition.defaults.dead_letter
        if ref is None:
            return None
        if isinstance(ref, DeadLetter):
            return DeadLetterRoute(self.dead_letter_sink(ref.queue), then_continue=ref.then == "continue")
        return DeadLetterRoute(self.dead_letter_sink(ref), then_continue=False)

    def dead_letter_sink(self, name: str) -> DeadLetterSink:
        """The write goes on until it succeeds: a letter must not be lost."""
        queue = self.definition.dead_letter_queues[name]
        plan = None if queue.activity is None else self.plan(queue, resolve_retry_policy)
        on_dead_letter = self.alert(queue.on_dead_letter, f"dead_letter_queues.{name}.on_dead_letter")
        return DeadLetterSink(name, resolve_max_redrives(queue), queue.activity, plan, on_dead_letter)

    def alert(self, alert: Alert | None, name: str) -> AlertPlan | None:
        if alert is None:
            return None
        return AlertPlan(name, alert.activity, self.plan(alert, resolve_alert_retry))

    def plan(
        self,
        call: Call | DeadLetterQueue | Alert,
        retry_of: Callable[[Definition, RetryRef | None], RetryPolicy],
    ) -> ActivityPlan:
        return ActivityPlan(
            resolve_queue_timeouts(self.definition, call)
            if isinstance(call, DeadLetterQueue)
            else resolve_activity_timeouts(self.definition, call.timeouts),
            retry_of(self.definition, call.retry),
            call.task_queue or self.definition.defaults.task_queue,
            call.priority if isinstance(call, Call) else None,
        )


def _collect_ids(top: tuple[Node, ...]) -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {"": []}

    def note(node: Node, loop: str) -> None:
        if node.id is not None:
            found[loop].append(node.id)
        inside = node.path if node.is_loop else loop
        found.setdefault(inside, [])
        for child in node.body:
            note(child, inside)
        for child in node.inside:
            if child not in node.body:
                note(child, loop)
        if node.compensation is not None:
            note(node.compensation, loop)

    for node in top:
        note(node, "")
    return {loop: tuple(ids) for loop, ids in found.items()}


def _format_way(way: Path) -> str:
    """Format the way to a body for the paths of its steps: `steps`, `parallel.car`, `switch[1]`."""
    if len(way) == 1:
        return str(way[0])
    name, which = way[:2]
    return f"{name}[{which}]" if isinstance(which, int) else f"{name}.{which}"


def _is_nested_saga(step: Step) -> bool:
    return isinstance(step, ChildWorkflowStep) and get_child_workflow(step).definition is not None


def compile_bundle(bundle: Bundle) -> dict[str | None, Program]:
    """Compile a definition and those that belong to it.

    Returns:
        The programs by the name of their definition in the bundle. The bundle's own has the name None.

    Raises:
        dsl.InvalidDefinition: the text has problems.
    """
    checked = check_stored(read_text(bundle.text, files=dict(bundle.files)))
    root = checked.definition
    if root is None:
        raise InvalidDefinition(checked)
    whole: dict[str | None, Definition] = {None: root, **dict(list_definitions(root))}
    return {entry: _compile_entry(definition, bundle, entry, checked) for entry, definition in whole.items()}


def _compile_entry(definition: Definition, bundle: Bundle, entry: str | None, checked: Checked) -> Program:
    place = _Compiler(definition, _find_lines(checked, entry))
    steps = place.steps(definition.steps, ("steps",), "steps")
    after = definition.on_failure.steps if definition.on_failure else ()
    on_failure = place.steps(after, ("on_failure", "steps"), "on_failure")
    finally_ = place.steps(definition.finally_, ("finally",), "finally")
    top = (*steps, *on_failure, *finally_)
    nodes = {node.path: node for each in top for node in each.walk()}
    return Program(
        definition=definition,
        digest=bundle.digest,
        steps=steps,
        on_failure=on_failure,
        finally_=finally_,
        nodes=MappingProxyType(nodes),
        ids=MappingProxyType(_collect_ids(top)),
        awaited=find_awaited_names(definition),
        saga_queue=place.dead_letter_sink(definition.saga.dead_letter)
        if definition.saga.dead_letter
        else None,
        on_not_undone=place.alert(definition.saga.on_not_undone, "saga.on_not_undone"),
        bundle=bundle,
        entry=entry,
    )


def _find_lines(checked: Checked, entry: str | None) -> Callable[[Path], int]:
    """Where the paths of a definition are found: in its own file, or inside that of the root."""
    if entry in checked.files:
        return lambda path: checked.files[str(entry)].source.locate_value(path).start.line
    inside = () if entry is None else ("definitions", entry)
    return lambda path: checked.source.locate_value((*inside, *path)).start.line
