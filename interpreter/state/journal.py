"""What happens to the steps of a run, written down: for expressions, for `status`, and for the next run."""

from __future__ import annotations

from dsl.expressions import JsonValue
from interpreter.events import StepOutcome
from interpreter.failure.failure import Failure
from interpreter.program.model import Node
from interpreter.state.observation import observe_step_end, observe_step_start
from interpreter.state.progress import StepProgress
from interpreter.state.run import NOT_REACHED, Run


def record_start(run: Run, node: Node) -> StepProgress:
    """Note that a step begins."""
    step = run.progress.of(node.path)
    step.state, step.started_at = "running", run.effects.now()
    run.effects.show(node.path)
    if run.effects.is_observed:
        observe_step_start(run, node)
    return step


def record_error(run: Run, node: Node, failure: Failure) -> None:
    """Note an error that may yet be caught."""
    step = run.progress.of(node.path)
    step.forget_attempts()
    step.error, step.attempts = failure.at_step(node.path), failure.attempts
    show_failed(run, node, step.error)


def record_completed(run: Run, node: Node, result: JsonValue, state: StepOutcome = "completed") -> JsonValue:
    """Note that a step is over and the run goes on.

    Args:
        run: The run.
        node: The step.
        result: What `steps.<id>.result` is from now on.
        state: Whether that is what the step was meant to do: `completed`, `caught` or `dead_lettered`.

    Returns:
        The result.
    """
    step = _record_end(run, node, state)
    if node.id is None:
        step.result = result
    if state != "completed" or node.kind == "race":
        _forget_states_inside(run, node)
    show_completed(run, node, result, state)
    _announce(run, node, state)
    return result


def record_skipped(run: Run, node: Node) -> None:
    """Note that a step was not to run."""
    _record_end(run, node, "skipped")
    _show(run, node, {"status": "skipped"})
    _announce(run, node, "skipped")


def record_cancelled(run: Run, node: Node) -> None:
    """Note that a step was cancelled."""
    _record_end(run, node, "cancelled")
    show_cancelled(run, node)
    _announce(run, node, "cancelled")


def record_failed(run: Run, node: Node, failure: Failure) -> Failure:
    """Note that a step has failed for good.

    Returns:
        The failure, bound to the innermost step that it came from.
    """
    failure = failure.at_step(node.path)
    step = _record_end(run, node, "failed")
    step.error, step.attempts = failure, failure.attempts
    show_failed(run, node, failure)
    _announce(run, node, "failed")
    return failure


# What expressions see of a step that has ended. Its own `catch` and `finally` see it before the step is over.


def show_completed(run: Run, node: Node, result: JsonValue, state: StepOutcome = "completed") -> None:
    """Let expressions see that a step has completed, was caught or dead-lettered."""
    step = run.progress.of(node.path)
    error = step.error.to_json() if step.error and state != "completed" else None
    shown = {"status": state, "result": result, "error": error, "attempts": step.attempts}
    _show(run, node, {**shown, **step.fields} if step.fields else shown)


def show_failed(run: Run, node: Node, failure: Failure) -> None:
    """Let expressions see that a step has failed."""
    shown = {"status": "failed", "error": failure.to_json(), "attempts": failure.attempts}
    _show(run, node, {**shown, **run.progress.of(node.path).fields})


def show_cancelled(run: Run, node: Node) -> None:
    """Let expressions see that a step was cancelled."""
    _show(run, node, {"status": "cancelled"})


def show_not_reached(run: Run, node: Node) -> None:
    """Let expressions see that a step has not ended yet."""
    _show(run, node, NOT_REACHED)


def find_known(run: Run, node: Node) -> StepProgress | None:
    """How far a step has come in the runs before this one; None if it was not reached there."""
    return run.progress.steps.get(node.path) if run.continued else None


def get_result(run: Run, node: Node) -> JsonValue:
    """The result of a step that is over."""
    if node.id is None:
        return run.progress.of(node.path).result
    shown = run.frames[node.frame][node.id]
    return shown.get("result") if isinstance(shown, dict) else None


def forget_inside(run: Run, block: Node) -> None:
    """Forget the steps inside a block, before the block runs again."""
    _forget_all(run, block.frame, tuple(block.inside))


def forget_step(run: Run, node: Node) -> None:
    """Forget a step that is to run again, and all that is inside it."""
    _forget_all(run, node.frame, (node,))


def _forget_all(run: Run, frame: str, nodes: tuple[Node, ...]) -> None:
    gone = {each.id for node in nodes for each in node.walk()}
    if frame in run.frames:
        shown = run.frames[frame].items()
        run.frames[frame] = {name: NOT_REACHED if name in gone else value for name, value in shown}
    for node in nodes:
        _forget(run, node)


def _forget_states_inside(run: Run, node: Node) -> None:
    """Forget how far steps came that have failed, or were stopped, inside a step after which the run goes on."""
    for child in node.inside:
        for each in child.walk():
            if each.path in run.progress.steps:
                run.progress.of(each.path).resume = None


def enter_iteration(run: Run, loop: Node, frame: str, key_frame: str) -> None:
    """Give an iteration that begins, or goes on in this run, steps of its own."""
    entered = run.progress.of(loop.path).frames
    if frame not in entered:
        fresh = dict.fromkeys(run.program.ids[loop.path[len(loop.frame) :]], NOT_REACHED)
        run.frames[frame] = {**run.frames[loop.frame], **fresh}
    entered[frame] = key_frame


def leave_iteration(run: Run, loop: Node, frame: str, body: tuple[Node, ...]) -> None:
    """Forget the steps of an iteration that is over. Only what undoes them may still see them."""
    if run.progress.of(loop.path).frames.pop(frame, None) is None:
        return  # it has failed before it began
    run.saga.leave(frame.removesuffix("/"))
    if not run.saga.sees(frame):
        run.frames.pop(frame, None)
    for node in body:
        _forget(run, node)


def _forget(run: Run, node: Node) -> None:
    """Forget a step and all inside it; also in iterations that were not left because something has stopped them."""
    for each in node.walk():
        if each.path in run.progress.steps:
            for frame, key_frame in tuple(run.progress.of(each.path).frames.items()):
                body = tuple(inner.in_frame(frame, key_frame) for inner in each.body)
                leave_iteration(run, each, frame, body)
            run.progress.forget(each.path)


def _record_end(run: Run, node: Node, state: StepOutcome) -> StepProgress:
    step = run.progress.of(node.path)
    step.state, step.ended_at = state, run.effects.now()
    if step.is_over:
        step.resume, step.handler = None, None
    step.given = None
    step.forget_attempts()
    return step


def _show(run: Run, node: Node, shown: JsonValue) -> None:
    if node.id is not None:
        run.frames[node.frame][node.id] = shown


def _announce(run: Run, node: Node, outcome: StepOutcome) -> None:
    """Tell all that wait for a change that a step is over, and those who observe the run."""
    run.made_progress = True
    run.changes.notify_all()
    if run.effects.is_observed:
        observe_step_end(run, node, outcome)
