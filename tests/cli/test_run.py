"""`stepfile run` runs a definition, with real processes and real servers."""

from __future__ import annotations

import json
import re
from pathlib import Path
from signal import SIGINT, SIGTERM

import pytest
from temporalio.client import Client, WorkflowExecutionStatus

from interpreter.cli.process.exit import ExitCode
from interpreter.temporal.dev_server.server import DevServer
from tests.cli.running_command import run_in_background
from tests.support.processes import stepfile

ORDER = ("--input", "item=tea", "--input", "card=visa")


def test_standard_output_has_only_the_result_and_no_process_is_left(shop: Path) -> None:
    with run_in_background("run", "order.yaml", *ORDER, cwd=shop) as run:
        assert run.wait_for_exit() == ExitCode.SUCCESS
        assert json.loads(run.stdout) == {"reservation": "reserved tea", "charge": "charged visa"}
        notices = run.stderr
        assert run.list_processes() == []
    assert "reserve  completed   (attempt 1, " in notices
    assert "reserving tea" in notices, "what activities print is not the result"
    assert re.search(r"charge   retrying    \(attempt 2(, next .*)?: ConnectionError: no answer\)", notices)
    assert "charge   completed   (attempt 2, " in notices
    assert (
        notices.index("reserve  completed")
        < notices.index("gate     completed")
        < notices.index("charge   completed")
    )
    assert "Traceback" not in notices


def test_a_failed_run_shows_the_step_its_place_and_what_was_undone(server: DevServer, shop: Path) -> None:
    # The command runs in another folder, so that the project is found beside the file.
    command = ("run", shop / "order.yaml", "--input", "item=tea", "--input", "card=empty", "--json")
    ended = stepfile(*command, cwd=Path("/"), env={"TEMPORAL_ADDRESS": server.address})
    assert ended.returncode == ExitCode.FAILED, ended.stderr
    error = "  steps.charge (activity charge): CardDeclined after 2 attempts: insufficient funds\n"
    assert f"{error}  {shop}/order.yaml:23\n  undone: reserve\n" in ended.stderr
    assert "reserve  undone      (attempt 1, " in ended.stderr
    record = json.loads(ended.stdout)
    assert record["status"] == "failed"
    assert "result" not in record
    assert (record["error"]["type"], record["error"]["line"]) == ("CardDeclined", 23)
    assert [step["state"] for step in record["steps"]] == ["completed", "completed", "failed"]
    assert record["compensations"] == [{"step": "reserve", "status": "completed", "error": None}]
    assert record["definition"]["version"] == "2.1.0"


async def test_a_configured_temporal_is_used_with_a_task_queue_of_its_own(
    server: DevServer, client: Client, shop: Path, task_queue: str
) -> None:
    command = ("run", "order.yaml", *ORDER, "--id", task_queue, "--address", server.address)
    ended = stepfile(*command, cwd=shop)
    assert ended.returncode == ExitCode.SUCCESS, ended.stderr
    about = await client.get_workflow_handle(task_queue).describe()
    assert about.task_queue.startswith("stepfile-run-")


async def test_an_id_that_is_taken(server: DevServer, client: Client, shop: Path, task_queue: str) -> None:
    run = await client.start_workflow("any", id=task_queue, task_queue=task_queue)
    ended = stepfile("run", "order.yaml", *ORDER, "--id", task_queue, "--address", server.address, cwd=shop)
    assert (ended.returncode, ended.stdout) == (ExitCode.FAILED, "")
    taken = f'the id "{task_queue}" is taken by a workflow that is not a run of Stepfile: its workflow type is any'
    hint = f"hint: choose another --id; `temporal workflow describe --workflow-id {task_queue}` shows that workflow"
    assert ended.stderr.splitlines() == [f"stepfile: {taken}", hint]
    to_queue = ("--id", task_queue, "--task-queue", task_queue, "--address", server.address)
    for more in (
        ("--id-reuse", "reject-duplicate"),
        ("--id-conflict", "use-existing"),
        ("--id-conflict", "terminate-existing"),
    ):
        submitted = stepfile("submit", "order.yaml", *ORDER, *to_queue, *more, cwd=shop)
        assert (submitted.returncode, submitted.stdout) == (ExitCode.FAILED, "")
        assert submitted.stderr.splitlines()[-2:] == [f"stepfile: {taken}", hint]
    assert (await run.describe()).status is WorkflowExecutionStatus.RUNNING


async def test_a_message_to_a_workflow_that_is_no_run(
    server: DevServer, client: Client, tmp_path: Path, task_queue: str
) -> None:
    (tmp_path / "waiting.yaml").write_text(WAITING)
    run = await client.start_workflow("any", id=task_queue, task_queue=task_queue)
    to_queue = ("--id", task_queue, "--task-queue", task_queue, "--address", server.address)
    for message in (("--signal", "go=by=ann"), ("--update", "go_now")):
        submitted = stepfile("submit", "waiting.yaml", *to_queue, *message, cwd=tmp_path)
        assert submitted.returncode == ExitCode.FAILED
        assert "is taken by a workflow that is not a run of Stepfile" in submitted.stderr
    assert [event.event_type for event in (await run.fetch_history()).events][2:] == []


def test_ctrl_c_undoes_what_was_done(shop: Path) -> None:
    with run_in_background("run", "order.yaml", *ORDER, "--input", "gate=never", cwd=shop) as run:
        run.wait_for_output("gate     running")
        run.send_signal(SIGINT)
        assert run.wait_for_exit() == ExitCode.INTERRUPTED
        assert "cancelling: " in run.stderr
        assert "gate     cancelled" in run.stderr
        assert "\n  undone: reserve\n" in run.stderr
        assert run.stdout == ""
        assert run.list_processes() == []


def test_a_second_signal_ends_the_command_at_once(shop: Path) -> None:
    with run_in_background("run", "order.yaml", *ORDER, "--input", "gate=never", cwd=shop) as run:
        run.wait_for_output("gate     running")
        run.send_signal(SIGINT)
        run.wait_for_output("cancelling")
        run.send_signal(SIGTERM)
        assert run.wait_for_exit(within=5) == ExitCode.INTERRUPTED
        assert "\n  undone: reserve" not in run.stderr
        assert (
            "the command ends at once; NOT undone: reserve\n"
            "its Temporal server ends with it, so nothing more will be undone\n"
        ) in run.stderr
        assert run.list_processes() == []


REFUSED = {
    "an input that does not fit": (
        ("item=7",),
        "",
        "the input does not fit the definition:\n",
    ),
    "a number where text is expected": (
        ("item=7", "card=visa"),
        "",
        "expected text, found the number 7\nhint: a VALUE that is JSON is read as JSON; quotes make it text",
    ),
    "a misspelt key": (("item=tea", "card=visa"), "    retires: {}\n", "unknown-key"),
    "an activity that nobody has": (
        ("item=tea", "card=visa"),
        "  - {id: last, activity: chrage, args: [1]}\n",
        'no worker has an activity "chrage"',
    ),
    "too many arguments": (
        ("item=tea", "card=visa"),
        "  - {id: last, activity: charge, args: [1, 2]}\n",
        "charge takes 1 argument, found 2",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_wrong_is_refused_before_anything_starts(shop: Path, name: str) -> None:
    given, line, message = REFUSED[name]
    file = shop / "order.yaml"
    file.write_text(file.read_text().replace("output:", f"{line}output:"))
    inputs = [word for pair in given for word in ("--input", pair)]
    # No server answers at this address: if the command connected, the message would be another one.
    ended = stepfile("run", "order.yaml", *inputs, "--address", "127.0.0.1:1", cwd=shop)
    assert (ended.returncode, ended.stdout) == (ExitCode.FAILED, "")
    assert message in ended.stderr
    assert "Traceback" not in ended.stderr


def test_without_activities_it_says_how_to_configure_them(shop: Path) -> None:
    (shop / "pyproject.toml").unlink()
    ended = stepfile("run", "order.yaml", *ORDER, cwd=shop)
    assert ended.returncode == ExitCode.FAILED
    assert "[tool.stepfile] activities = " in ended.stderr
    ended = stepfile(
        "run", "order.yaml", *ORDER, "--activities", "shop_activities", "--address", "127.0.0.1:1", cwd=shop
    )
    assert "can't reach Temporal at 127.0.0.1:1" in ended.stderr


WAITING = """\
dsl: "1"
name: waiting
updates: {go_now: {result: "'gone'"}}
signals: {go: {schema: {type: object, required: [by], properties: {by: {type: string}, on: {type: string}}}}}
steps: [{id: word, wait_for: {signal: go}}]
"""


def test_it_shows_how_to_send_what_a_run_waits_for(shop: Path) -> None:
    (shop / "waiting.yaml").write_text(WAITING)
    with run_in_background("run", "waiting.yaml", "--id", "w-1", cwd=shop) as run:
        run.wait_for_output("word  running     (waits for go)")
        run.wait_for_output("to send go: stepfile signal w-1 go by=TEXT [on=TEXT] --address 127.0.0.1:")
        hint = next(line for line in run.stderr.splitlines() if "to send go" in line)
        words = hint.removeprefix("to send go: stepfile ").replace("by=TEXT [on=TEXT]", "by=ann").split()
        assert stepfile(*words, cwd=shop).returncode == ExitCode.SUCCESS
        assert run.wait_for_exit() == ExitCode.SUCCESS
        assert json.loads(run.stdout) == {"by": "ann"}
