"""A run that was reset keeps what lasts, and never takes for done what was undone since."""

from __future__ import annotations

from functools import partial

import pytest
from temporalio.client import Client
from temporalio.worker import Worker

from interpreter.temporal.client import start as start_module
from interpreter.temporal.wire.request import StartRequest
from tests.support.resets import find_task, list_tasks, reset
from tests.support.waiting import until
from tests.temporal.resets.service import (
    HEAD,
    LAST,
    SAGA,
    Run,
    Service,
    begin,
    count_of_memo,
    expect_failure,
    fail_at_last,
    latest,
    poke,
    step,
)


async def test_to_the_first_task_all_is_done_anew(
    client: Client, task_queue: str, service: Service, worker: Worker
) -> None:
    async with worker:
        run = await fail_at_last(client, task_queue, service)
        again = await reset(client, run, (await list_tasks(run))[0])
        await again.result()
    assert service.lasting == ["a#2", "b#2", "c#2", "last"]
    assert await count_of_memo(again) == {"a": 1, "b": 1, "c": 1}


async def test_to_a_point_behind_what_was_undone(
    client: Client, task_queue: str, service: Service, worker: Worker
) -> None:
    async with worker:
        run = await fail_at_last(client, task_queue, service)
        again = await reset(client, run, await find_task(run, "b"))
        error = await expect_failure(again)
    assert error.type == "UndoneBeforeReset"
    assert ": a, b. " in error.message
    assert f'"stepfile resume {task_queue}"' in error.message
    assert f'"stepfile retry {task_queue}"' in error.message
    assert error.details[0]["error"]["details"] == {"steps": ["a", "b"], "runs": [run.run_id]}
    assert service.calls[-2:] == ["undo b", "undo a"]
    assert service.lasting == []
    assert await count_of_memo(again) == {"a": 1, "b": 1, "c": 1}


async def test_what_was_not_undone_is_kept(
    client: Client, task_queue: str, service: Service, worker: Worker
) -> None:
    async with worker:
        run = await begin(client, task_queue)
        await run.result()
        again = await reset(client, run, await find_task(run, "b"))
        await again.result()
    assert service.calls == ["a", "b", "c", "last", "c", "last"]
    assert await count_of_memo(again) == {}


async def test_on_failure_does_not_speak_for_such_a_run(
    client: Client, task_queue: str, service: Service, worker: Worker
) -> None:
    text = f"{SAGA}on_failure: {{result: {{success: true}}}}\n"
    service.fails = {"last"}
    async with worker:
        run = await begin(client, task_queue, text)
        await run.result()
        service.fails = set()
        again = await reset(client, run, await find_task(run, "b"))
        assert (await expect_failure(again)).type == "UndoneBeforeReset"


async def test_into_a_pending_step(client: Client, task_queue: str, service: Service, worker: Worker) -> None:
    """The server runs it again at once, under its old key; the service says that it is done, and it is not."""
    async with worker:
        service.fails, service.hangs = {"last"}, {"b"}
        run = await begin(client, task_queue)
        await poke(run, service, "b")
        service.hangs = set()
        await expect_failure(run)
        service.fails, service.hangs = set(), {"b"}
        again = await reset(client, run, await find_task(run, "b", "scheduled"))
        await until(lambda: service.calls[-1] == "b", "the pending step runs again")
        service.hangs = set()
        assert (await expect_failure(again)).type == "UndoneBeforeReset"
    assert service.calls[-2:] == ["undo b", "undo a"]
    assert service.lasting == []


async def test_into_a_pending_step_of_which_nothing_was_undone(
    client: Client, task_queue: str, service: Service, worker: Worker
) -> None:
    async with worker:
        service.hangs = {"b"}
        run = await begin(client, task_queue)
        await poke(run, service, "b")
        again = await reset(client, run, await find_task(run, "b", "scheduled"))
        service.hangs = set()
        await again.result()
    assert service.lasting == ["a", "b", "c", "last"]


async def test_into_a_pending_compensation(
    client: Client, task_queue: str, service: Service, worker: Worker
) -> None:
    """The run goes on undoing, and counts each effect once."""
    async with worker:
        service.fails, service.hangs = {"last"}, {"undo b"}
        run = await begin(client, task_queue)
        await poke(run, service, "undo b")
        service.hangs = set()
        await expect_failure(run)
        again = await reset(client, run, await find_task(run, "b.compensate", "scheduled"))
        assert (await expect_failure(again)).type == "No"
        assert await count_of_memo(again) == {"a": 1, "b": 1, "c": 1}
        service.fails = set()
        await (await begin(client, task_queue)).result()
    assert service.lasting == ["a#2", "b#2", "c#2", "last"]


async def test_to_a_point_before_while_it_is_being_undone(
    client: Client, task_queue: str, service: Service, worker: Worker
) -> None:
    """Nobody knows whether `b` is undone; the reset run undoes all that it had done."""
    async with worker:
        service.fails, service.hangs = {"last"}, {"undo b"}
        run = await begin(client, task_queue)
        await until(lambda: service.calls[-1:] == ["undo b"], "b is being undone")
        service.fails, service.hangs = set(), set()
        again = await reset(client, run, await find_task(run, "b"))
        assert (await expect_failure(again)).type == "UndoneBeforeReset"
    assert service.lasting == []
    assert await count_of_memo(again) == {"a": 1, "b": 1, "c": 1}


async def test_to_the_first_task_while_it_is_being_undone(
    client: Client, task_queue: str, service: Service, worker: Worker
) -> None:
    async with worker:
        service.fails, service.hangs = {"last"}, {"undo b"}
        run = await begin(client, task_queue)
        await until(lambda: service.calls[-1:] == ["undo b"], "b is being undone")
        count = len(service.calls)
        again = await reset(client, run, (await list_tasks(run))[0])
        error = await expect_failure(again)
        service.hangs = set()
    assert error.type == "UndoneBeforeReset"
    assert ": b. " in error.message
    assert len(service.calls) == count


RETRIED = f"""\
{HEAD}steps:
{step("a")}  - id: trip
    retry: {{initial_interval: 1s, maximum_attempts: 2}}
    steps:
    {step("b")}      - {{id: c, activity: do, args: [c]}}
{LAST}"""


async def complete_at_second_try(client: Client, task_queue: str, service: Service) -> Run:
    """A run that has undone `b`, and done it anew."""
    service.fails_once = {"c"}
    run = await begin(client, task_queue, RETRIED)
    await run.result()
    assert service.lasting == ["a", "b#2", "c", "last"]
    return run


async def test_a_step_that_has_not_begun_gets_the_next_key(
    client: Client, task_queue: str, service: Service, worker: Worker
) -> None:
    async with worker:
        run = await complete_at_second_try(client, task_queue, service)
        again = await reset(client, run, await find_task(run, "a"))
        await again.result()
    assert service.calls[-3:] == ["b#2", "c", "last"]
    assert service.lasting == ["a", "b#2", "c", "last"]
    assert await count_of_memo(again) == {"b": 1}


async def test_a_step_that_has_not_begun_and_is_undone_once_more(
    client: Client, task_queue: str, service: Service, worker: Worker
) -> None:
    async with worker:
        run = await complete_at_second_try(client, task_queue, service)
        service.fails = {"last"}
        again = await reset(client, run, await find_task(run, "a"))
        assert (await expect_failure(again)).type == "No"
        assert await count_of_memo(again) == {"a": 1, "b": 2}
        service.fails = set()
        await (await begin(client, task_queue, RETRIED)).result()
    assert service.lasting == ["a#2", "b#3", "c", "last"]


async def test_one_effect_is_not_counted_twice(
    client: Client, task_queue: str, service: Service, worker: Worker
) -> None:
    """The run undoes once more what the base run has undone; what that has done anew keeps its key."""
    async with worker:
        run = await complete_at_second_try(client, task_queue, service)
        again = await reset(client, run, await find_task(run, "b"))
        assert (await expect_failure(again)).type == "UndoneBeforeReset"
        assert await count_of_memo(again) == {"a": 1, "b": 1}
        await (await begin(client, task_queue, RETRIED)).result()
    assert service.lasting == ["a#2", "b#2", "c", "last"]


async def test_of_a_run_that_was_reset(
    client: Client, task_queue: str, service: Service, worker: Worker
) -> None:
    async with worker:
        first = await fail_at_last(client, task_queue, service)
        service.fails = {"last"}
        second = await reset(client, first, (await list_tasks(first))[0])
        assert (await expect_failure(second)).type == "No"
        assert await count_of_memo(second) == {"a": 2, "b": 2, "c": 2}
        service.fails = set()
        third = await reset(client, second, await find_task(second, "b"))
        assert (await expect_failure(third)).type == "UndoneBeforeReset"
        # Nothing in the history of the first run leads to the second.
        fourth = await reset(client, first, (await list_tasks(first))[0])
        await fourth.result()
    assert service.lasting == ["a#3", "b#3", "c#3", "last"]


async def test_twice_to_a_later_point(
    client: Client, task_queue: str, service: Service, worker: Worker
) -> None:
    """The history of the last run has two resets."""
    async with worker:
        first = await begin(client, task_queue)
        await first.result()
        second = await reset(client, first, await find_task(first, "b"))
        service.fails = {"last"}
        await expect_failure(second)
        service.fails = set()
        third = await reset(client, second, await find_task(second, "c"))
        assert (await expect_failure(third)).type == "UndoneBeforeReset"
        fourth = await reset(client, first, await find_task(first, "a"))
        assert (await expect_failure(fourth)).type == "UndoneBeforeReset"
    assert service.lasting == ["last"]


ITEMS = f"""\
{HEAD}input: {{type: object, properties: {{items: {{type: array, items: {{type: string}}}}}}}}
steps:
  - id: all
    for_each: input.items
    key: item
    steps: [{{id: one, activity: do, args: ["${{ item }}"], compensate: {{activity: undo, args: ["${{ item }}"]}}}}]
{LAST}"""


async def test_of_a_run_that_was_continued_as_new(
    client: Client, task_queue: str, service: Service, worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(start_module, "StartRequest", partial(StartRequest, continue_as_new_after=1))
    async with worker:
        service.fails = {"last"}
        first = await begin(client, task_queue, ITEMS, {"items": ["x", "y"]})
        await expect_failure(client.get_workflow_handle(task_queue))
        service.fails = set()
        last = await latest(client, task_queue)
        assert last.run_id != first.run_id
        again = await reset(client, last, (await list_tasks(last))[0])
        assert (await expect_failure(again)).type == "UndoneBeforeReset"
        assert await count_of_memo(again) == {"all[x]/one": 1, "all[y]/one": 1}
        fresh = await reset(client, first, (await list_tasks(first))[0])
        await client.get_workflow_handle(task_queue).result()
        assert await count_of_memo(await latest(client, task_queue)) == {"all[x]/one": 1, "all[y]/one": 1}
        assert fresh.run_id != (await latest(client, task_queue)).run_id
    assert service.lasting == ["all[x]/one#2", "all[y]/one#2", "last"]
