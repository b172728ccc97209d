"""Make the plan of a resumed run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from interpreter.program.model import Program
from interpreter.program.paths import enclosing_loops
from interpreter.resume.children import NO_HINDRANCES, Hindrances, refuse_children
from interpreter.resume.compatible import adopt_program
from interpreter.resume.earlier_children import EarlierChildren
from interpreter.resume.executed import has_calls
from interpreter.resume.patches import apply_patches
from interpreter.resume.plan import Plan
from interpreter.resume.reads import find_stale_reads, read_changed_results, read_patched
from interpreter.resume.remains import Remains
from interpreter.resume.rewind import STUCK, Rewinding
from interpreter.snapshot import export_state
from interpreter.state.patches import Patch
from interpreter.state.step_state import ForEachState, RepeatState


def build_plan(
    remains: Remains,
    *,
    patches: Sequence[Patch] = (),
    program: Program | None = None,
    hindrances: Hindrances = NO_HINDRANCES,
    despite_cleanup: bool = False,
) -> Plan:
    """Plan what another run does that goes on from here.

    Args:
        remains: What the run has left.
        patches: What is changed of its input and variables.
        program: Another definition to go on with; None for that of the run.
        hindrances: Why some of its children can't be started.
        despite_cleanup: Whether to go on although `finally` or `on_failure` may have taken back what is kept.

    Raises:
        InvalidPatch: a patch does not fit.
    """
    run = remains.build_run()
    plan = Plan(refused=list(_refuse_undoing(remains)))
    rewinding = Rewinding(run, remains.undone, plan.steps, plan.refused)
    plan.refused.extend(f"{path}: {why}" for path, why in refuse_children(run, hindrances, program))
    earlier = EarlierChildren.find(run, remains, hindrances)
    rewinding.rewind()
    plan.refused.extend(f"{path}: {why}" for path, why in earlier.refuse(rewinding, program))
    data = apply_patches(run, patches)
    plan.refused.extend(_refuse_stale_reads(rewinding))
    plan.notes.extend(_note_patched(rewinding, patches))
    plan.refused.extend(_refuse_patched_loops(rewinding, patches))
    if not despite_cleanup:
        plan.refused.extend(_refuse_cleanup(remains, rewinding))
    plan.notes.extend(_note_repeated(remains))
    plan.notes.extend(_note_letters(remains, rewinding))
    if program is not None:
        plan.refused.extend(adopt_program(run, program))
    return Plan(plan.steps, plan.refused, plan.notes, None if plan.refused else export_state(run), data)


def _refuse_undoing(remains: Remains) -> Iterator[str]:
    for path in remains.being_undone:
        yield f"{path}: the run was ended while this step was being undone, and nobody knows whether it is"
    for path in remains.list_not_undone():
        yield f"{path}: {STUCK}"


def _refuse_stale_reads(rewinding: Rewinding) -> Iterator[str]:
    if not rewinding.changed:
        return
    changes = read_changed_results(rewinding.run.program, rewinding.changed)
    for stale in find_stale_reads(rewinding.run, rewinding.kept, rewinding.opened, changes):
        yield f"{stale.reader.path}: it is not run again, and has read {stale.read}, which will be another one"


def _note_patched(rewinding: Rewinding, patches: Sequence[Patch]) -> Iterator[str]:
    changes = read_patched(patch.path for patch in patches)
    for stale in find_stale_reads(rewinding.run, rewinding.kept, (), changes):
        yield f"{stale.reader.path} is kept, and has read {stale.read} as it was before"


def _refuse_patched_loops(rewinding: Rewinding, patches: Sequence[Patch]) -> Iterator[str]:
    changes = read_patched(patch.path for patch in patches)
    for stale in find_stale_reads(rewinding.run, (), rewinding.opened, changes):
        yield f"{stale.reader.path}: it has begun with {stale.read}, which can't be changed any more"


def _refuse_cleanup(remains: Remains, rewinding: Rewinding) -> Iterator[str]:
    """What cleans up may have taken away what a kept step has done: nobody but its writer knows."""
    after = "which may have taken back what kept steps have done"
    if (ran := remains.list_cleanup()) and has_calls(rewinding.run, rewinding.kept):
        yield f"finally or on_failure of the run has called {', '.join(ran)}, {after}"
    for block in rewinding.cleaned_up:
        yield f"{block.path}: its finally has run, {after}"


def _note_repeated(remains: Remains) -> Iterator[str]:
    if ran := remains.list_cleanup():
        yield f"finally and on_failure have run, and run again at the end: {', '.join(ran)}"


def _note_letters(remains: Remains, rewinding: Rewinding) -> Iterator[str]:
    """A letter can be told that what had failed is done, unless an activity of the user's keeps it."""
    told = {letter.key for letter in rewinding.run.letters}
    kept = {each.path for node in rewinding.kept for each in node.walk()}
    written = remains.last["dead_letters"]
    done = [
        each["key"]
        for each in written
        if each["key"] in told
        and kept.isdisjoint(_list_places(each["step"]))
        and not _is_left(rewinding, each["step"])
    ]
    if done:
        yield f"these dead letters are resolved once this run has done what had failed: {', '.join(done)}"
    if others := [each["key"] for each in written if each["key"] not in done]:
        yield f"these dead letters stay where they are: {', '.join(others)}"


def _list_places(path: str) -> Iterator[str]:
    """List the paths of a step and of the loops around it. The path of an item (`all[3]`) is inside its loop."""
    yield path
    yield from enclosing_loops(f"{path}/" if path.endswith("]") else path)


def _is_left(rewinding: Rewinding, path: str) -> bool:
    """Whether a step belongs to an iteration that is over, of a loop that goes on with others."""
    for node in rewinding.opened:
        if not node.is_loop or not path.startswith(f"{node.path}["):
            continue
        number = int(path.removeprefix(f"{node.path}[").partition("]")[0])
        match rewinding.run.progress.of(node.path).resume:
            case ForEachState(next_item=begun, open=going) if number < begun and number not in going:
                return True
            case RepeatState(done=done) if number < done:
                return True
            case _:
                pass
    return False
