"""A run that has failed goes on from where it failed, in a new run: nothing is done twice, and nothing is left out.

The service of these tests is the ledger of `test_identity`: it answers a key that it knows with the first answer, and
refuses one that was undone.
"""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from temporalio.api.enums.v1 import EventType
from temporalio.client import Client, WorkflowFailureError

from interpreter.program.model import Bundle
from interpreter.state.patches import Patch
from interpreter.temporal.client import start as start_module
from interpreter.temporal.client.own_predecessor import PredecessorProblem
from interpreter.temporal.client.run_problem import RunProblem
from interpreter.temporal.dev_server.server import DevServer
from interpreter.temporal.repair.children import leave_out_children, look_at_runs
from interpreter.temporal.repair.ended_run import EndedRun
from interpreter.temporal.repair.problem import RepairProblem
from interpreter.temporal.repair.resume import plan_resume
from interpreter.temporal.repair.retry import plan_retry
from interpreter.temporal.wire.request import StartRequest
from stepfile import create_worker
from stepfile.encryption import encrypt_payloads
from tests.support.history import events_of
from tests.support.waiting import until
from tests.temporal.data.keys import KEYS
from tests.temporal.test_identity import ITEMS, SAGA, Ledger, Run, begin, fail

PLAIN = """\
dsl: "1"
name: plain
defaults: {timeouts: {start_to_close: 60s}, retry: {maximum_attempts: 1}}
steps:
  - {id: a, activity: do, args: [a]}
  - {id: b, activity: do, args: [b]}
  - {id: c, activity: do, args: ["${ steps.a.result }"]}
"""
PAUSED = SAGA.replace("  - {id: last,", "  - {id: pause, wait: 5s}\n  - {id: last,")


@pytest.fixture
def ledger() -> Ledger:
    return Ledger()


async def resume(client: Client, workflow_id: str, **options: Any) -> Any:
    """Resume a run, and return the result."""
    resumption = await plan_resume(client, workflow_id, **options)
    assert resumption.plan.refused == []
    return await (await resumption.start(reason="a test")).result()


async def plan(client: Client, workflow_id: str) -> dict[str, str]:
    """Plan how a run is resumed: step → what becomes of it."""
    return {each.step: each.action for each in (await plan_resume(client, workflow_id)).plan.steps}


async def test_it_goes_on_from_the_failed_step(client: Client, task_queue: str, ledger: Ledger) -> None:
    async with create_worker(client, ledger.activities(), task_queue=task_queue):
        ledger.fails = {"b"}
        await fail(client, task_queue, PLAIN)
        assert await plan(client, task_queue) == {"a": "keep", "b": "run_again", "c": "not_reached"}
        ledger.fails = set()
        ledger.calls.clear()
        assert await resume(client, task_queue) == f"{task_queue}/c"
    assert ledger.calls == ["b b", f"{task_queue}/a c"]


async def test_who_has_resumed_it_and_why_is_kept(client: Client, task_queue: str, ledger: Ledger) -> None:
    async with create_worker(client, ledger.activities(), task_queue=task_queue):
        ledger.fails = {"last"}
        await fail(client, task_queue)
        failed = await client.get_workflow_handle(task_queue).describe()
        ledger.fails = set()
        await resume(client, task_queue)
    resumed = await client.get_workflow_handle(task_queue).describe()
    memo = await resumed.memo()
    assert memo["repair"] == {
        "how": "resume",
        "run_id": failed.run_id,
        "by": client.identity,
        "reason": "a test",
    }
    assert memo["name"] == "order"
    assert memo["undone:a"] == {"status": "undone", "times": 1}
    assert (resumed.task_queue, await resumed.static_summary()) == (task_queue, "order")


async def test_it_fails_again_and_is_resumed_again(client: Client, task_queue: str, ledger: Ledger) -> None:
    async with create_worker(client, ledger.activities(), task_queue=task_queue):
        ledger.fails = {"last"}
        await fail(client, task_queue)
        with pytest.raises(WorkflowFailureError):
            await resume(client, task_queue)
        assert ledger.steps() == ["c"]
        ledger.fails = set()
        ledger.calls.clear()
        await resume(client, task_queue)
        assert ledger.steps() == ["a", "b", "c", "last"]
        assert ledger.calls == ["a a#3", "b b#3", "last last"]
        assert await _count(client, task_queue, "a") == 2


async def test_a_resumed_run_that_failed_is_run_again_from_its_beginning(
    client: Client, task_queue: str, ledger: Ledger
) -> None:
    async with create_worker(client, ledger.activities(), task_queue=task_queue):
        ledger.fails = {"last"}
        await fail(client, task_queue)
        with pytest.raises(WorkflowFailureError):
            await resume(client, task_queue)
        ledger.fails = set()
        ledger.calls.clear()
        await (await (await plan_retry(client, task_queue)).start()).result()
    assert ledger.calls == ["a a#3", "b b#3", "c c", "last last"]


async def test_a_run_is_run_again_from_its_beginning(client: Client, task_queue: str, ledger: Ledger) -> None:
    async with create_worker(client, ledger.activities(), task_queue=task_queue):
        ledger.fails = {"last", "undo b"}
        await fail(client, task_queue)
        ledger.fails = set()
        ledger.calls.clear()
        await (await (await plan_retry(client, task_queue)).start(reason="well again")).result()
        with pytest.raises(RepairProblem, match="has completed, so there is nothing to repair"):
            await plan_retry(client, task_queue)
    assert ledger.steps() == ["a", "b", "c", "last"]
    assert ledger.calls == ["a a#2", "b b", "c c", "last last"]


async def test_a_compensation_has_failed(client: Client, task_queue: str, ledger: Ledger) -> None:
    async with create_worker(client, ledger.activities(), task_queue=task_queue):
        ledger.fails = {"last", "undo b"}
        await fail(client, task_queue)
        resumption = await plan_resume(client, task_queue)
        with pytest.raises(RepairProblem, match="b: its compensation has failed, and nobody knows"):
            await resumption.start()


async def test_a_run_that_was_terminated(client: Client, task_queue: str, ledger: Ledger) -> None:
    async with create_worker(client, ledger.activities(), task_queue=task_queue):
        run = await begin(client, task_queue, PAUSED)
        await until(partial(_runs, run, "pause"), "it waits")
        await run.terminate()
        ledger.calls.clear()
        await resume(client, task_queue)
    assert ledger.calls == ["last last"]


async def test_a_run_that_was_terminated_while_it_undid(
    client: Client, task_queue: str, ledger: Ledger
) -> None:
    async with create_worker(
        client, ledger.activities(), task_queue=task_queue, graceful_shutdown=timedelta(0)
    ):
        ledger.fails, ledger.hangs = {"last"}, {"undo a"}
        run = await begin(client, task_queue)
        await until(partial(_has_memo, run, "undone:a"), "the compensation of a has begun")
        await run.terminate()
        refused = (await plan_resume(client, task_queue)).plan.refused
    assert refused == [
        "a: the run was ended while this step was being undone, and nobody knows whether it is",
    ]


async def test_a_run_that_was_cancelled(client: Client, task_queue: str, ledger: Ledger) -> None:
    async with create_worker(client, ledger.activities(), task_queue=task_queue):
        run = await begin(client, task_queue, PAUSED)
        await until(partial(_runs, run, "pause"), "it waits")
        await run.cancel()
        with pytest.raises(WorkflowFailureError):
            await run.result()
        ledger.calls.clear()
        await resume(client, task_queue)
    assert ledger.calls == ["a a#2", "b b#2", "last last"]


async def test_a_run_that_has_timed_out(client: Client, task_queue: str, ledger: Ledger) -> None:
    text = PAUSED.replace("steps:\n", "timeouts: {run: 4s}\nsteps:\n", 1).replace("wait: 5s", "wait: 6s")
    async with create_worker(client, ledger.activities(), task_queue=task_queue):
        run = await begin(client, task_queue, text)
        with pytest.raises(WorkflowFailureError):
            await run.result()
        ledger.calls.clear()
        await resume(client, task_queue)
    assert ledger.calls == ["last last"]


async def test_a_run_that_was_ended_before_a_worker_has_seen_it(
    client: Client, task_queue: str, ledger: Ledger
) -> None:
    run = await begin(client, task_queue)
    await run.terminate()
    async with create_worker(client, ledger.activities(), task_queue=task_queue):
        await resume(client, task_queue)
    assert ledger.calls == ["a a", "b b", "c c", "last last"]


async def test_a_failure_that_no_worker_has_seen(client: Client, task_queue: str, ledger: Ledger) -> None:
    """Nothing was undone, although a replay would begin with that."""
    async with create_worker(client, ledger.activities(), task_queue=f"{task_queue}-activities"):
        text = SAGA.replace("defaults: {", f"defaults: {{task_queue: {task_queue}-activities, ")
        ledger.fails = {"last"}
        worker = create_worker(client, [], task_queue=task_queue, max_cached_workflows=0)
        async with worker:
            ledger.hangs = {"do last"}
            run = await begin(client, task_queue, text)
            await until(lambda: _is_called(ledger, "last last"), "the last step runs")
        ledger.hangs = set()
        await until(partial(_has_event, run, "EVENT_TYPE_ACTIVITY_TASK_FAILED"), "the last step has failed")
        await run.terminate()
        ledger.fails = set()
        ledger.calls.clear()
        async with create_worker(client, [], task_queue=task_queue):
            await resume(client, task_queue)
    assert ledger.calls == ["last last"]


async def test_runs_that_can_not_be_repaired(client: Client, task_queue: str, ledger: Ledger) -> None:
    run = await begin(client, task_queue)
    for look in (plan_retry, plan_resume):
        with pytest.raises(RepairProblem, match="has not ended: it is running"):
            await look(client, task_queue)
        with pytest.raises(RunProblem, match="there is no run with the id"):
            await look(client, f"{task_queue}-nobody")
    await run.terminate()


@pytest.mark.parametrize("look", [plan_retry, plan_resume])
async def test_the_id_was_used_again_since_the_plan_was_made(
    client: Client, task_queue: str, ledger: Ledger, look: Any
) -> None:
    """The plan has keys of effects that were undone meanwhile."""
    async with create_worker(client, ledger.activities(), task_queue=task_queue):
        ledger.fails = {"last"}
        await fail(client, task_queue)
        planned = [await look(client, task_queue)]
        await fail(client, task_queue)
        latest = await client.get_workflow_handle(task_queue).describe()
        with pytest.raises(
            RepairProblem, match="was used again since the plan was made: a later run has failed"
        ):
            await planned[0].start()
        assert (await client.get_workflow_handle(task_queue).describe()).run_id == latest.run_id
        planned.append(await look(client, task_queue))
        ledger.fails = set()
        ledger.calls.clear()
        await (await planned[1].start()).result()
        assert {"a a#3", "b b#3", "last last"} <= set(ledger.calls)
        for each in planned:
            with pytest.raises(RepairProblem, match="a later run has completed; nothing was started"):
                await each.start()
    run = await begin(client, task_queue)
    with pytest.raises(RepairProblem, match="a later run is running"):
        await planned[1].start()
    await run.terminate()


async def test_a_later_run_that_completes_while_another_is_started_is_refused_by_the_server(
    client: Client, task_queue: str, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with create_worker(client, ledger.activities(), task_queue=task_queue):
        ledger.fails = {"last"}
        await fail(client, task_queue)
        planned = await plan_resume(client, task_queue)
        ledger.fails = set()
        await (await begin(client, task_queue)).result()
        completed = await client.get_workflow_handle(task_queue).describe()
        monkeypatch.setattr(EndedRun, "_refuse_later_run", _see_nothing)
        with pytest.raises(RepairProblem, match="goes on already, or has completed"):
            await planned.start()
    assert (await client.get_workflow_handle(task_queue).describe()).run_id == completed.run_id


async def _see_nothing(_: EndedRun) -> None:
    """Stands for a look that comes too early."""


async def test_what_has_ended_while_no_worker_ran_is_known(
    client: Client, task_queue: str, ledger: Ledger
) -> None:
    """A message that no worker has seen is not lost."""
    text = """\
dsl: "1"
name: messages
defaults: {timeouts: {start_to_close: 60s}, retry: {maximum_attempts: 1}}
signals: {go: {}, again: {}}
steps:
  - {id: a, activity: do, args: [a]}
  - {id: first, wait_for: {signal: go}}
  - {id: second, wait_for: {signal: again}}
"""
    async with create_worker(client, ledger.activities(), task_queue=task_queue):
        run = await begin(client, task_queue, text)
        await until(partial(_runs, run, "first"), "it waits")
    await run.signal("go", "x")
    await run.signal("again", "y")
    await run.terminate()
    async with create_worker(client, ledger.activities(), task_queue=task_queue):
        assert await resume(client, task_queue) == "y"
    assert ledger.calls == ["a a"]


async def test_a_run_that_has_continued_as_new(
    client: Client, task_queue: str, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(start_module, "StartRequest", partial(StartRequest, continue_as_new_after=1))
    async with create_worker(client, ledger.activities(), task_queue=task_queue):
        ledger.fails = {"last"}
        await fail(client, task_queue, ITEMS, {"items": ["x", "y"]})
        ledger.fails = set()
        ledger.calls.clear()
        await resume(client, task_queue)
    assert ledger.calls == ["x one#2", "y one#2", "last last"]


async def test_encrypted_payloads(server: DevServer, client: Client, task_queue: str, ledger: Ledger) -> None:
    owner = await server.connect(encrypt_payloads(lambda: KEYS))
    async with create_worker(owner, ledger.activities(), task_queue=task_queue):
        ledger.fails = {"b"}
        await fail(owner, task_queue, PLAIN)
        ledger.fails = set()
        with pytest.raises(RepairProblem, match="can't be decoded here"):
            await plan_resume(client, task_queue)
        assert await resume(owner, task_queue) == f"{task_queue}/c"


async def test_another_input_and_another_definition(client: Client, task_queue: str, ledger: Ledger) -> None:
    text = PLAIN.replace(
        "name: plain\n", "name: plain\ninput: {type: object, properties: {b: {type: string}}}\n"
    )
    text = text.replace("args: [b]", 'args: ["${ input.b }"]')
    newer = text + "  - {id: d, activity: do, args: [d]}\n"
    async with create_worker(client, ledger.activities(), task_queue=task_queue):
        ledger.fails = {"wrong"}
        await fail(client, task_queue, text, {"b": "wrong"})
        ledger.calls.clear()
        other = newer.replace("id: a, activity: do", "id: x, activity: do").replace("steps.a", "steps.x")
        refused = (await plan_resume(client, task_queue, bundle=Bundle(other))).plan.refused
        assert refused == ["a: the other definition has no such step"]
        patches = [Patch(("input", "b"), "right")]
        await resume(client, task_queue, bundle=Bundle(newer), patches=patches)
    assert ledger.calls == ["right b", f"{task_queue}/a c", "d d"]


CHILD = """\
dsl: "1"
name: parent
defaults: {timeouts: {start_to_close: 60s}, retry: {maximum_attempts: 1}}
definitions:
  child:
    dsl: "1"
    name: child
    defaults: {timeouts: {start_to_close: 60s}, retry: {maximum_attempts: 1}}
    steps:
      - {id: inner, activity: do, args: [inner], compensate: {activity: undo, args: [inner]}}
      - {id: pause, wait: 4s}
      - {id: last, activity: do, args: [last]}
steps:
  - {id: a, activity: do, args: [a]}
  - {id: nested, child_workflow: {definition: child}}
"""


@pytest.mark.slow
async def test_a_child_that_has_undone_itself(client: Client, task_queue: str, ledger: Ledger) -> None:
    async with create_worker(client, ledger.activities(), task_queue=task_queue):
        ledger.fails = {"last"}
        await fail(client, task_queue, CHILD)
        ledger.fails = set()
        ledger.calls.clear()
        await resume(client, task_queue)
    assert ledger.calls == ["inner inner", "last last"]
    assert ledger.steps() == ["a", "inner", "last"]
    assert any("nested#2/inner" in key for key in ledger.effects)


async def test_a_child_that_was_terminated_with_its_parent(
    client: Client, task_queue: str, ledger: Ledger
) -> None:
    async with create_worker(client, ledger.activities(), task_queue=task_queue):
        run = await begin(client, task_queue, CHILD)
        child: Run = client.get_workflow_handle(f"{task_queue}/nested")
        await until(lambda: _is_there(ledger, "inner"), "the child has begun")
        await until(partial(_runs, child, "pause"), "the child waits")
        await run.terminate()
        await until(partial(_has_ended, child), "the child was terminated, too")
        await resume(client, task_queue)
    assert ledger.steps() == ["a", "inner", "last"]
    assert len(ledger.effects) == 3


QUICK_CHILD = CHILD.replace("      - {id: pause, wait: 4s}\n", "")
NO_CHILD = QUICK_CHILD.replace("child_workflow: {definition: child}", "activity: do, args: [instead]")


async def test_a_child_that_was_repaired_by_itself(client: Client, task_queue: str, ledger: Ledger) -> None:
    """Its parent would run it again under another id, and so with other keys."""
    child = f"{task_queue}/nested"
    async with create_worker(client, ledger.activities(), task_queue=task_queue):
        ledger.fails = {"last"}
        await fail(client, task_queue, QUICK_CHILD)
        ledger.fails = set()
        planned = await plan_retry(client, child)
        assert planned.notes == [
            f'it was started as a child of "{task_queue}", which does not hear of the new run; to bring both to '
            f'their end, repair "{task_queue}" instead, which runs its child again'
        ]
        await (await planned.start()).result()
        assert ledger.steps() == ["a", "inner", "last"]
        why = f'its child "{child}" was repaired by itself and has completed, after its step had counted as undone'
        (refused,) = (await plan_resume(client, task_queue)).plan.refused
        assert refused.startswith(f"nested: {why}")
        with pytest.raises(PredecessorProblem, match=why):
            await plan_retry(client, task_queue)
        ledger.calls.clear()
        await resume(client, task_queue, bundle=Bundle(NO_CHILD))
    assert [call.partition(" ")[0] for call in ledger.calls] == ["instead"]


async def test_a_child_that_was_repaired_by_itself_and_fails_again(
    client: Client, task_queue: str, ledger: Ledger
) -> None:
    """What it has done was undone once more, so its parent runs it."""
    child = f"{task_queue}/nested"
    async with create_worker(client, ledger.activities(), task_queue=task_queue):
        ledger.fails = {"last"}
        await fail(client, task_queue, QUICK_CHILD)
        with pytest.raises(WorkflowFailureError):
            await resume(client, child)
        memo = await (await client.get_workflow_handle(child).describe()).memo()
        assert memo["repair"]["parent"] == task_queue
        ledger.fails = set()
        await resume(client, task_queue)
        (note,) = (await plan_resume(client, child)).plan.notes
        assert note.endswith("that run has completed, and may have done this work in another way")
    assert ledger.steps() == ["a", "inner", "last"]


async def test_a_child_whose_parent_has_not_waited_for_it_counts_as_a_run_of_its_own(
    client: Client, task_queue: str, ledger: Ledger
) -> None:
    started = "{definition: child, wait: started, parent_close_policy: abandon}"
    text = QUICK_CHILD.replace("{definition: child}", started)
    child = f"{task_queue}/nested"
    async with create_worker(client, ledger.activities(), task_queue=task_queue):
        ledger.fails, ledger.hangs = {"last"}, {"do last"}
        await (await begin(client, task_queue, text)).result()
        ledger.hangs = set()
        await until(partial(_has_ended, client.get_workflow_handle(child)), "the child has failed")
        for _ in range(2):
            (run,) = await look_at_runs(client, [child])
            assert (run.status, run.parent) == ("failed", task_queue)
            assert await leave_out_children(client, [run]) == []
            with pytest.raises(WorkflowFailureError):
                await resume(client, child)


async def test_a_child_of_a_child_is_left_out_with_the_run_that_is_repaired(
    client: Client, task_queue: str, ledger: Ledger
) -> None:
    child = f"{task_queue}/nested"
    between = QUICK_CHILD[QUICK_CHILD.index("  child:") : QUICK_CHILD.index("steps:\n  - {id: a")]
    between = between[: between.index("    steps:")].replace("child", "between")
    text = QUICK_CHILD.replace("definitions:\n", f"definitions:\n{between}    steps: [STEP]\n")
    text = text.replace("{definition: child}", "{definition: between}")
    text = text.replace("STEP", "{id: inside, child_workflow: {definition: child}}")
    async with create_worker(client, ledger.activities(), task_queue=task_queue):
        ledger.fails = {"last"}
        await fail(client, task_queue, text)
        family = await look_at_runs(client, [task_queue, child, f"{child}/inside", f"{task_queue}-nobody"])
        left = await leave_out_children(client, family)
        assert [each.workflow_id for each in left] == [child, f"{child}/inside"]
        assert all(each.is_settled for each in left)
        assert not any(each.is_settled for each in await leave_out_children(client, family[1:]))


async def test_a_child_that_has_undone_nothing_was_repaired_by_itself(
    client: Client, task_queue: str, ledger: Ledger
) -> None:
    """Its parent runs it with the same keys, so a service does nothing twice."""
    async with create_worker(client, ledger.activities(), task_queue=task_queue):
        run = await begin(client, task_queue, CHILD)
        child: Run = client.get_workflow_handle(f"{task_queue}/nested")
        await until(lambda: _is_there(ledger, "inner"), "the child has begun")
        await until(partial(_runs, child, "pause"), "the child waits")
        await run.terminate()
        await until(partial(_has_ended, child), "the child was terminated, too")
        await (await (await plan_retry(client, child.id)).start()).result()
        await resume(client, task_queue)
    assert ledger.steps() == ["a", "inner", "last"]
    assert len(ledger.effects) == 3


async def _is_called(ledger: Ledger, call: str) -> bool:
    return call in ledger.calls


async def _has_event(run: Run, kind: str) -> bool:
    return any(EventType.Name(event.event_type) == kind for event in await events_of(run))


async def _is_there(ledger: Ledger, step: str) -> bool:
    return step in ledger.steps()


async def _has_ended(run: Run) -> bool:
    return (await run.describe()).close_time is not None


async def _count(client: Client, workflow_id: str, step: str) -> int:
    memo = await (await client.get_workflow_handle(workflow_id).describe()).memo()
    times: int = memo[f"undone:{step}"]["times"]
    return times


async def _has_memo(run: Run, key: str) -> bool:
    return key in await (await run.describe()).memo()


async def _runs(run: Run, step: str) -> bool:
    steps = (await run.query("status"))["steps"]
    return any(each["step"] == step and each["state"] == "running" for each in steps)
