"""Of many runs each filter finds exactly those that fit, with search attributes and without."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from uuid import uuid4

import pytest
from temporalio.client import Client, WorkflowFailureError

from interpreter.temporal.client import start as start_module
from interpreter.temporal.client.run_problem import RunProblem, UnknownRun
from interpreter.temporal.client.runs.checks import list_slow_checks
from interpreter.temporal.client.runs.query import InvalidQuery, RunQuery
from interpreter.temporal.client.runs.search import find_runs
from interpreter.temporal.client.runs.summary import RunSummary
from interpreter.temporal.dev_server.server import DevServer
from interpreter.temporal.wire.request import StartRequest
from stepfile import prepare, read_text, start
from tests.support.waiting import until
from tests.temporal.runs.mixed_runs import Mixed, choose_runs, run_all, search, serve, until_listed

COUNT = 300

FILTERS: dict[str, tuple[RunQuery, Callable[[Mixed], bool]]] = {
    "all": (RunQuery(), lambda run: True),
    "failed": (RunQuery(statuses=("failed",)), lambda run: bool(run.fails)),
    "completed": (RunQuery(statuses=("completed",)), lambda run: not run.fails),
    "several": (RunQuery(statuses=("failed", "completed")), lambda run: True),
    "cancelled": (RunQuery(statuses=("cancelled",)), lambda run: False),
    "definition": (RunQuery(definition="other"), lambda run: run.name == "other"),
    "version": (RunQuery(version="2.0"), lambda run: run.version == "2.0"),
    "early": (RunQuery(failed_at="early"), lambda run: run.fails == "early"),
    "in a loop": (RunQuery(failed_at="inner"), lambda run: run.fails == "loop"),
    "in an iteration": (RunQuery(failed_at="rounds[0]/inner"), lambda run: run.fails == "loop"),
    "in no iteration": (RunQuery(failed_at="rounds[1]/inner"), lambda run: False),
    "nowhere": (RunQuery(failed_at="book"), lambda run: False),
    "not undone": (RunQuery(not_undone=True), lambda run: run.is_not_undone),
    "letters": (RunQuery(has_letters=True), lambda run: run.letter),
    "all of it": (
        RunQuery(
            definition="mixed",
            version="1.0",
            failed_at="late",
            not_undone=True,
            has_letters=True,
            since=datetime.now(UTC) - timedelta(days=1),
        ),
        lambda run: run.name == "mixed" and run.fails == "late" and run.is_not_undone and run.letter,
    ),
    "stuck": (RunQuery(stuck=True), lambda run: False),
}


@pytest.mark.slow
async def test_each_filter_is_exact(any_server: DevServer, task_queue: str) -> None:
    client = await any_server.connect()
    runs = choose_runs(task_queue, COUNT)
    for number in range(20):  # beside them are runs of others, which are nobody's business
        await client.start_workflow(
            "foreign", id=f"{task_queue}-foreign-{number}", task_queue=f"{task_queue}-none"
        )
    async with serve(client, task_queue):
        await run_all(client, task_queue, runs)
    await until_listed(client, task_queue, COUNT)
    for unindexed in (False, True):
        for name, (query, fits) in FILTERS.items():
            expected = [run.id for run in runs if fits(run)]
            assert name in ("cancelled", "in no iteration", "nowhere", "stuck") or expected
            changed = RunQuery(
                **{each: getattr(query, each) for each in query.__dataclass_fields__}
                | {"limit": 100_000, "unindexed": unindexed}
            )
            found, result = await search(client, changed, task_queue)
            assert found == expected, name
            assert not result.has_reached_limit
            undecided = [
                each.run.workflow_id for each in result.undecided
            ]  # also of other tests on this server
            assert [each for each in undecided if each.startswith(task_queue)] == []


async def test_a_limit_that_was_reached(client: Client, task_queue: str, definition: str) -> None:
    runs = [Mixed(f"{task_queue}-{number}", name=definition) for number in range(5)]
    async with serve(client, task_queue):
        await run_all(client, task_queue, runs)
    await until_listed(client, task_queue, 5)
    for limit, found, reached in ((4, 4, True), (5, 5, False), (6, 5, False)):
        ids, result = await search(client, RunQuery(definition=definition, limit=limit), task_queue)
        assert (len(ids), result.looked_at, result.has_reached_limit) == (found, found, reached)


async def test_since(client: Client, task_queue: str, definition: str) -> None:
    """Also a run counts that was started before, and has ended since."""
    async with serve(client, task_queue):
        before = datetime.now(UTC)
        held = prepare(read_text(Mixed("x", name=definition).text), {"hold": True})
        handle = await start(client, held, workflow_id=f"{task_queue}-held", task_queue=task_queue)
        await run_all(client, task_queue, [Mixed(f"{task_queue}-1", name=definition)])
        between = datetime.now(UTC)
        await handle.signal("go")
        await handle.result()
    await until_listed(client, task_queue, 2)
    names = [f"{task_queue}-1", f"{task_queue}-held"]
    for since, expected in ((before, names), (between, names[1:]), (datetime.now(UTC), [])):
        found, _ = await search(client, RunQuery(definition=definition, since=since), task_queue)
        assert found == expected


async def test_a_run_that_another_one_has_followed(
    any_server: DevServer, task_queue: str, definition: str
) -> None:
    """Nobody need act on it any more; it is found where it is asked for."""
    client = await any_server.connect()
    odd = f'{task_queue}-it\'s \\ "odd"'
    async with serve(client, task_queue):
        for name in (odd, f"{task_queue}-plain"):
            await run_all(client, task_queue, [Mixed(name, "late", name=definition)])
        await run_all(client, task_queue, [Mixed(odd, name=definition)])

    async def find(query: RunQuery) -> list[str]:
        return (await search(client, query, task_queue))[0]

    every = RunQuery(definition=definition, superseded=True)
    await until_listed_all(client, every, task_queue, 3)
    assert await find(RunQuery(definition=definition, statuses=("failed",))) == [f"{task_queue}-plain"]
    assert await find(RunQuery(definition=definition, failed_at="late")) == [f"{task_queue}-plain"]
    assert await find(RunQuery(definition=definition)) == sorted([odd, f"{task_queue}-plain"])
    assert len(await find(RunQuery(definition=definition, failed_at="late", superseded=True))) == 2


async def until_listed_all(client: Client, query: RunQuery, prefix: str, count: int) -> None:
    """Wait until so many runs fit."""

    async def are_listed() -> bool:
        return len((await search(client, query, prefix))[0]) == count

    await until(are_listed, f"{count} runs are listed")


@pytest.mark.parametrize(
    ("chosen", "said"),
    [
        ({"statuses": ("faild",)}, 'there is no status "faild"; did you mean "failed"?'),
        ({"statuses": ("canceled",)}, 'did you mean "cancelled"?'),
        ({"statuses": ("timed-out",)}, 'did you mean "timed_out"?'),
        ({"statuses": ("xyz",)}, "a run is running, completed, failed, "),
        ({"statuses": ("completed",), "failed_at": "x"}, "can't be found among runs that are completed"),
        ({"statuses": ("failed",), "stuck": True}, "runs that are stuck can't be found among"),
        ({"failed_at": "x", "stuck": True}, "a run that has failed is not stuck"),
        ({"limit": 0}, "the limit must be 1 or more"),
    ],
)
def test_what_can_not_be_meant(chosen: dict[str, object], said: str) -> None:
    with pytest.raises(InvalidQuery) as refused:
        RunQuery(**chosen)  # type: ignore[arg-type]
    assert said in str(refused.value)


@pytest.mark.slow
async def test_a_run_that_continues_as_new_is_one_run(
    any_server: DevServer, task_queue: str, definition: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What its earlier runs have written and left counts for the last one."""
    client = await any_server.connect()
    monkeypatch.setattr(start_module, "StartRequest", partial(StartRequest, continue_as_new_after=1))
    async with serve(client, task_queue):
        await run_all(
            client, task_queue, [Mixed(f"{task_queue}-1", letter=True, undo="works", name=definition)]
        )
    await until_listed(client, task_queue, 1)
    runs = find_runs(client, RunQuery(definition=definition, superseded=True))
    assert len([run async for run in runs]) > 1
    for unindexed in (False, True):
        query = RunQuery(definition=definition, has_letters=True, unindexed=unindexed)
        assert [run.status async for run in find_runs(client, query)] == ["completed"]


async def test_a_run_with_a_failure_that_is_none_of_ours(
    client: Client, task_queue: str, definition: str
) -> None:
    """A refused run has failed at no step, and has no letter."""
    async with serve(client, task_queue):
        handle = await client.start_workflow(
            f"stepfile:{definition}", args=[None, {"format": 1}], id=task_queue, task_queue=task_queue
        )
        with pytest.raises(WorkflowFailureError):
            await handle.result()
    await until_listed(client, task_queue, 1)
    for query in (
        RunQuery(definition=definition, failed_at="late"),
        RunQuery(definition=definition, has_letters=True),
        RunQuery(definition=definition, not_undone=True),
    ):
        assert (await search(client, query, task_queue))[0] == []


async def test_a_run_that_is_gone_since_it_was_listed(client: Client, task_queue: str) -> None:
    """It is left out. When the server refuses to tell of a run, the list must not end as if all were well."""
    about = {"name": "x", "version": None, "hash": None}
    gone = RunSummary(task_queue, str(uuid4()), "failed", about, "q", datetime.now(UTC), datetime.now(UTC))
    wrong = replace(gone, run_id="none")  # which the server calls invalid
    for query in (RunQuery(failed_at="late"), RunQuery(stuck=True), RunQuery(has_letters=True)):
        [check] = list_slow_checks(client, query)
        with pytest.raises(UnknownRun):
            await check(replace(gone, status="completed"))
        with pytest.raises(RunProblem) as refused:
            await check(replace(wrong, status="completed"))
        assert not isinstance(refused.value, UnknownRun)
