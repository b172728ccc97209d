"""`list`, `show` and `log` show runs as an operator needs to see them, without a worker."""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from signal import SIGTERM
from typing import Any

import pytest
import pytest_asyncio
from temporalio import activity
from temporalio.client import Client, WorkflowFailureError
from temporalio.exceptions import ApplicationError

from interpreter.cli.display import run_history, run_list
from interpreter.cli.process.exit import ExitCode
from interpreter.temporal.client.history.entry import HistoryEntry
from interpreter.temporal.client.runs.summary import RunSummary
from interpreter.temporal.client.search_attributes import ask_for_search_attributes
from interpreter.temporal.dev_server.server import DevServer
from interpreter.temporal.wire.search_attributes import SEARCH_ATTRIBUTES
from stepfile import create_worker, prepare, read_text, start
from tests.cli.running_command import run_in_background
from tests.support.processes import stepfile
from tests.support.waiting import until

TRIP = """\
dsl: "1"
name: NAME
version: "1.2.0"
input:
  type: object
  required: [flight]
  properties:
    flight: {type: string}
    card: {type: string, writeOnly: true, default: 4711-4711}
defaults: {timeouts: {start_to_close: 60s}, retry: {maximum_attempts: 1}}
dead_letter_queues: {lost: {activity: keep}}
steps:
  - {id: book_car, activity: ok, compensate: {activity: ok}}
  - id: newsletter
    activity: refuse
    args: ["${ input.card }"]
    dead_letter: {queue: lost, then: continue}
  - {id: book_flight, when: input.flight == 'none', activity: refuse, args: ["${ input.card }"]}
"""


@activity.defn
async def ok() -> None: ...


@activity.defn
async def refuse(card: str) -> None:
    raise ApplicationError(f"{card} was declined", type="Declined", non_retryable=True)


@activity.defn
async def keep(record: dict[str, Any]) -> None: ...


@pytest.fixture
def definition(task_queue: str) -> str:
    """The name of a definition that no other test uses."""
    return f"trip-{task_queue[-8:]}"


@pytest_asyncio.fixture
async def runs(client: Client, task_queue: str, definition: str) -> AsyncIterator[list[str]]:
    """Two runs with one id after the other, both failed, and one that has completed; their worker is gone."""
    text = TRIP.replace("NAME", definition)
    ids = [f"{task_queue}-a", f"{task_queue}-a", f"{task_queue}-b"]
    async with create_worker(client, [ok, refuse, keep], task_queue=task_queue):
        for workflow_id, flight in zip(ids, ("none", "none", "LH1"), strict=True):
            submission = prepare(read_text(text), {"flight": flight})
            run = await start(client, submission, workflow_id=workflow_id, task_queue=task_queue)
            with suppress(WorkflowFailureError):
                await run.result()

    async def are_listed() -> bool:
        query = f"WorkflowType = 'stepfile:{definition}' AND ExecutionStatus != 'Running'"
        return len([each async for each in client.list_workflows(query)]) == 3

    await until(are_listed, "the runs are listed")
    yield ids[1:]


async def call(server: DevServer, *words: str) -> subprocess.CompletedProcess[str]:
    """Run a command."""
    ended = await asyncio.to_thread(stepfile, *words, "--address", server.address)
    assert "Traceback" not in ended.stderr
    return ended


def simplify(text: str, task_queue: str) -> str:
    """Replace what differs from one test to the next."""
    text = text.replace(task_queue, "ID")
    for pattern, word in (
        (r"[0-9a-f]{64}", "HASH"),
        (r"[0-9a-f]{8}-[0-9a-f-]{27}", "RUN"),
        (r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC", "TIME"),
        (r"\d+(\.\d+)? ?s\b", "~s"),
        (r"\b\d+@\S+?(?=[,\n ])", "WHO"),
    ):
        text = re.sub(pattern, word, text)
    return text


async def test_a_list(server: DevServer, task_queue: str, definition: str, runs: list[str]) -> None:
    listed = await call(server, "list", "--definition", definition)
    assert (listed.returncode, listed.stderr) == (ExitCode.SUCCESS, "")
    lines = simplify(listed.stdout, task_queue).replace(definition, "trip").splitlines()
    assert sorted(line.rstrip() for line in lines) == [
        "ID-a  failed     trip 1.2.0  TIME  ~s",
        "ID-b  completed  trip 1.2.0  TIME  ~s",
    ]
    failed = await call(server, "list", "--definition", definition, "--failed-at", "book_flight")
    [line] = failed.stdout.splitlines()
    assert line.endswith("failed at book_flight: Declined: [writeOnly input.card] was declined")
    assert line.startswith(runs[0])


async def test_a_list_for_programs(server: DevServer, definition: str, runs: list[str]) -> None:
    words = ("list", "--definition", definition, "--json")
    letters = json.loads((await call(server, *words, "--has-letters", "--since", "1h")).stdout)
    assert sorted(each["workflow_id"] for each in letters) == runs
    assert {each["letters"] for each in letters} == {"lost"}
    every = json.loads((await call(server, *words, "--all-runs")).stdout)
    assert len(every) == 3
    assert every[0].keys() == {
        *("workflow_id", "run_id", "status", "definition", "task_queue", "started_at", "ended_at"),
        *("failed_at", "error", "undone", "not_undone", "letters", "stuck", "undecodable"),
    }
    undone = next(each for each in every if each["status"] == "failed")
    assert undone["undone"] == {"book_car": "undone"}


async def test_what_a_list_says_of_its_gaps(server: DevServer, definition: str, runs: list[str]) -> None:
    short = await call(server, "list", "--definition", definition, "--limit", "1")
    assert len(short.stdout.splitlines()) == 1
    assert "only the latest 1 runs were looked at, and there are more" in short.stderr
    nothing = await call(server, "list", "--definition", definition[:-1])
    assert (nothing.returncode, nothing.stdout) == (ExitCode.SUCCESS, "")
    assert f'no run fits; did you mean "{definition}"?' in nothing.stderr
    none = await call(server, "list", "--definition", definition, "--status", "running", "--json")
    assert (none.stdout, none.stderr) == ("[]\n", "no run fits\n")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--status", "faild"), 'there is no status "faild"; did you mean "failed"?'),
        (("--since", "yesterday"), '"yesterday" is neither a time nor a duration'),
        (("--limit", "0"), "0 is not in the range x>=1"),
        (("--stuck", "--failed-at", "x"), "a run that has failed is not stuck"),
    ],
)
def test_a_list_of_what_can_not_be(words: tuple[str, ...], said: str) -> None:
    ended = stepfile("list", *words)
    assert ended.returncode == ExitCode.USAGE
    assert said in ended.stderr


async def test_show(server: DevServer, task_queue: str, definition: str, runs: list[str]) -> None:
    shown = await call(server, "show", runs[0])
    assert (shown.returncode, shown.stderr) == (ExitCode.SUCCESS, "")
    text = simplify(shown.stdout, task_queue).replace(definition, "trip")
    assert text.startswith("""\
ID-a failed after ~s
  steps.book_flight: Declined: [writeOnly input.card] was declined
  line 18 of the definition
  dead letter: newsletter in queue lost, key ID-a/newsletter: Declined: [writeOnly input.card] was declined
  undone: book_car
definition  trip 1.2.0 (HASH)
run         RUN
started     TIME by WHO, task queue ID
ended       TIME
before it   RUN  failed  TIME, ~s
input
  {
    "card": "[writeOnly input.card]",
    "flight": "none"
  }
yaml
  dsl: "1"
  name: trip
""")
    completed = await call(server, "show", runs[1])
    assert '  the dead letter of newsletter is kept in "lost": Declined: [writeOnly ' in completed.stdout
    assert "before it" not in completed.stdout


async def test_show_for_programs(server: DevServer, definition: str, runs: list[str]) -> None:
    record = json.loads((await call(server, "show", runs[1], "--json")).stdout)
    assert (record["workflow_id"], record["status"]) == (runs[1], "completed")
    assert record["input"] == {"card": "[writeOnly input.card]", "flight": "LH1"}
    assert record["definition"]["text"] == TRIP.replace("NAME", definition)
    assert record["memo"].keys() == {"name", "version", "hash"}
    assert [letter["queue"] for letter in record["dead_letters"]] == ["lost"]
    before = json.loads((await call(server, "show", runs[0], "--json")).stdout)["runs_before"]
    assert [each["status"] for each in before] == ["failed"]
    earlier = await call(server, "show", runs[0], "--run-id", before[0]["run_id"], "--json")
    assert json.loads(earlier.stdout)["runs_before"] == []


async def test_show_the_definition_alone(
    server: DevServer, definition: str, runs: list[str], tmp_path: Path
) -> None:
    """It can be written to a file that is valid."""
    shown = await call(server, "show", runs[0], "--yaml")
    assert (shown.stdout, shown.stderr) == (TRIP.replace("NAME", definition), "")
    (tmp_path / "trip.yaml").write_text(shown.stdout)
    assert stepfile("validate", "trip.yaml", cwd=tmp_path).returncode == ExitCode.SUCCESS
    both = await call(server, "show", runs[0], "--yaml", "--json")
    assert both.returncode == ExitCode.USAGE


async def test_log(server: DevServer, task_queue: str, runs: list[str]) -> None:
    told = await call(server, "log", runs[0])
    assert (told.returncode, told.stderr) == (ExitCode.SUCCESS, "")
    text = simplify(re.sub(r"\d\d:\d\d:\d\d\.\d{3}", "TIME", told.stdout), task_queue)
    assert text.splitlines() == [
        "ID-a, run RUN",
        f"{datetime.now(UTC):%Y-%m-%d} UTC",
        "TIME  run started by WHO, task queue ID",
        "TIME  step book_car started",
        "TIME  step book_car completed",
        "TIME  step newsletter started",
        "TIME  step newsletter failed: Declined: [writeOnly input.card] was declined",
        'TIME  the dead letter of newsletter is kept in "lost": Declined: [writeOnly input.card] was declined',
        "TIME  step book_flight started",
        "TIME  step book_flight failed: Declined: [writeOnly input.card] was declined",
        "TIME  undoing book_car",
        "TIME  undone: book_car",
        "TIME  run failed after ~s: Declined: [writeOnly input.card] was declined",
    ]
    every = (await call(server, "log", runs[0], "--all-runs")).stdout
    assert every.count(", run ") == 2
    assert every.count("run started by") == 2
    lines = [json.loads(line) for line in (await call(server, "log", runs[0], "--json")).stdout.splitlines()]
    failed = [each for each in lines if each["event"] == "step_ended" and each["outcome"] == "failed"]
    assert [each["step"] for each in failed] == ["newsletter", "book_flight"]
    assert failed[0].keys() >= {"time", "workflow_id", "run_id", "message", "event_id", "error_type"}


async def test_a_run_that_there_is_not(server: DevServer) -> None:
    for words in (("show",), ("show", "--yaml"), ("log",), ("log", "--all-runs")):
        ended = await call(server, words[0], "nobody", *words[1:])
        assert (ended.returncode, ended.stdout) == (ExitCode.FAILED, "")
        assert 'there is no run with the id "nobody"' in ended.stderr


def test_lines_fit_a_narrow_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """A list is cut, since the next line is another run; a story is broken, since all of it is worth reading."""
    monkeypatch.setenv("COLUMNS", "60")
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    began = datetime(2026, 1, 2, 9, tzinfo=UTC)
    about = {"name": "trip", "version": None, "hash": None}
    run = RunSummary("trip-17", "r", "failed", about, "q", began, began + timedelta(seconds=5))
    [line] = run_list.format_runs([run])
    assert line == "trip-17  failed  trip  2026-01-02 09:00:00 UTC  5 s"
    [cut] = run_list.format_runs([RunSummary("x" * 70, "r", "failed", about, "q", began, began)])
    assert cut == f"{'x' * 59}…"
    entry = HistoryEntry(
        began, 1, "step_ended", f"step charge failed: Declined: {'no money ' * 6}".rstrip(), {}
    )
    assert run_history.RunHistoryDisplay().format(entry).splitlines() == [
        "2026-01-02 UTC",
        "09:00:00.000  step charge failed: Declined: no money no",
        "              money no money no money no money no money",
    ]


async def test_a_server_has_the_search_attributes_from_its_start(tmp_path: Path) -> None:
    """And when it is started again on its file, it has them still."""
    for _ in range(2):
        words = ("server", "--port", "0", "--ui-port", "0", "--db", str(tmp_path / "temporal.db"))
        with run_in_background(*words) as server:
            server.wait_for_output("Temporal runs at ")
            found = re.search(r"Temporal runs at (\S+)", server.stdout)
            assert found
            client = await Client.connect(found[1])
            assert await ask_for_search_attributes(client) == tuple(SEARCH_ATTRIBUTES)
            server.send_signal(SIGTERM)
            assert server.wait_for_exit() == ExitCode.SUCCESS
        assert server.stderr == ""
