"""The fault matrix: which test shows each of its rows. Most are cases (`matrix:` in tests/cases/run), on the fake
world, on a real server and on a worker without a cache; here is the list of all, and what no case can say."""

from __future__ import annotations

import importlib
from collections import Counter

import pytest
from temporalio.client import Client, WorkflowFailureError
from temporalio.exceptions import ApplicationError
from temporalio.worker import Worker

from dsl.reading.reader import read_file
from interpreter.temporal.workflow.workflow import StepfileWorkflow
from stepfile import create_worker, prepare, read_text, start
from tests.support.cases import CASES, run_cases
from tests.support.history import events_of, letters
from tests.support.script import Script
from tests.support.temporal_activities import build_scripted_activities

BY_CASES = (
    *("F01", "F02", "F03", "F04", "F05", "F06", "F08", "F09", "F10", "F20"),
    *("C01", "C02", "C04", "C09", "C10"),
    *("S01", "S02", "S03", "S06", "S09", "S10"),
    *("B01", "B03", "B07", "B08"),
    *("D01", "D02", "D03", "D05", "D07"),
)
"""Rows that have a case at least."""

BY_TESTS = {
    "F12": "tests.temporal.test_fault_matrix:test_a_queue_that_nobody_works_on",
    "F14": "tests.temporal.test_attempt_marks:test_the_next_attempt_of_one_that_fell_silent_sees_what_was_sent",
    "F16": "tests.temporal.test_worker_loss:test_an_activity_resumes_at_its_last_heartbeat",
    "F17": "tests.temporal.test_workflow:test_what_a_stopped_worker_leaves_is_not_known_and_undone",
    "F19": "tests.dsl.test_check_cases:test_errors_leave_no_definition",  # err/modifiers, err/no-steps
    "F21": "tests.temporal.test_attempt_marks:test_full_jitter_spreads_what_has_failed_together",
    "F23": "tests.temporal.test_programming_errors:test_our_own_bug_fails_the_run_and_does_not_block_it",
    "C07": "tests.temporal.test_workflow:test_terminate_undoes_nothing",
    "C08": "tests.temporal.test_workflow:test_the_run_timeout_undoes_nothing_which_is_said_before",
    "S04": "tests.temporal.test_attempt_marks:test_an_attempt_does_not_do_its_work_after_it_was_undone",
    "B04": "tests.temporal.breakers.test_over_processes:test_one_probe_at_a_time_over_two_workers",
    "B10": "tests.temporal.breakers.test_over_processes:test_what_one_worker_has_seen_holds_for_the_other",
    "B12": "tests.temporal.breakers.test_one_worker:test_orders_win",
    "B13": "tests.temporal.breakers.test_over_processes:test_a_terminated_entity_lets_calls_through_and_begins_anew",
    "B14": "tests.interpreter.test_breaker:test_what_a_failure_says_of_the_service",
    "B16": "tests.temporal.breakers.test_one_worker:test_healthy_calls_cost_neither_calls_of_the_server_nor_events",
    "D09": "tests.temporal.letters.test_written_letters:test_one_letter_and_the_run_goes_on",
    "D10": "tests.temporal.letters.test_entity:test_a_redrive_that_succeeds_resolves_the_letter",
    "D12": "tests.temporal.letters.test_entity:test_it_is_poison_after_so_many_redrives_and_its_id_is_free_then",
    "D15": "tests.temporal.letters.test_parked:test_no_attempt_is_made_while_the_step_is_parked",
}
"""Rows that need more than a case: row → the test."""

LATER = {
    "S12": "continue-as-new",
}
"""Rows about parts of the language that do not exist yet."""


def test_every_row_has_a_place() -> None:
    rows = Counter((*BY_CASES, *BY_TESTS, *LATER))
    letters_ = Counter(row[0] for row in rows)
    assert set(rows.values()) == {1}
    assert letters_ == {"F": 17, "C": 7, "S": 8, "B": 10, "D": 9}


def test_the_cases_of_the_matrix_are_there() -> None:
    shown = {row for case in run_cases() for row in case.matrix}
    assert shown == set(BY_CASES)


@pytest.mark.parametrize("where", BY_TESTS.values(), ids=BY_TESTS)
def test_the_tests_of_the_matrix_are_there(where: str) -> None:
    module, _, name = where.partition(":")
    assert callable(getattr(importlib.import_module(module), name))


async def test_a_queue_that_nobody_works_on(client: Client, task_queue: str) -> None:
    """F12: it was never started, so there is nothing to undo."""
    script = Script({"A": [], "uA": []})
    submission = prepare(read_file(CASES / "timeouts.yaml"), {"which": "queue"})
    async with create_worker(client, build_scripted_activities(script), task_queue=task_queue):
        run = await start(client, submission, workflow_id=task_queue, task_queue=task_queue)
        with pytest.raises(WorkflowFailureError) as failed:
            await run.result()
    assert isinstance(failed.value.cause, ApplicationError)
    error = failed.value.cause.details[0]["error"]
    assert (error["type"], error["cause"]) == ("Timeout.ScheduleToStart", None)
    assert letters(await events_of(run)) == "S T failed"
    assert script.calls == []


async def test_the_queue_of_the_run_itself_has_no_name_in_its_error(client: Client, task_queue: str) -> None:
    """A replayer would give it another one, so an expression that reads the message would go another way there."""
    text = """\
dsl: "1"
name: alone
defaults: {timeouts: {start_to_close: 10s, schedule_to_start: 1s}}
steps: [{id: call, activity: A}]
on_failure: {result: "${ error.message }"}
"""
    async with Worker(client, task_queue=task_queue, workflows=[StepfileWorkflow]):
        run = await start(client, prepare(read_text(text)), workflow_id=task_queue, task_queue=task_queue)
        assert await run.result() == "no worker on the task queue of the run has started it within 1s"
