"""`stepfile submit --inputs` starts a run for each line of a file."""

from __future__ import annotations

import json
import re
import signal
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from interpreter.temporal.dev_server.server import DevServer, run_dev_server
from tests.cli.running_command import run_in_background
from tests.support.processes import stepfile

DEFINITION = """
dsl: "1"
name: order
input:
  type: object
  required: [number]
  properties: {number: {type: integer}, express: {type: boolean, default: false}}
steps: [{id: pause, wait: 1ms}]
output: ${ input.express }
"""
Submit = Callable[..., CompletedProcess[str]]


SUBMIT = ("submit", "order.yaml", "--inputs", "orders.jsonl", "--id-from", "number")


def write_orders(folder: Path, name: str, count: int) -> None:
    """Write a definition, and so many inputs for it."""
    (folder / "order.yaml").write_text(DEFINITION.replace("name: order", f"name: {name}"))
    (folder / "orders.jsonl").write_text("".join(f'{{"number": {each}}}\n' for each in range(count)))


def _at(server: DevServer, task_queue: str) -> tuple[str, ...]:
    return ("--address", server.address, "--task-queue", task_queue)


@pytest.fixture
def name() -> str:
    """The name of a definition that no other test has."""
    return f"order-{uuid.uuid4().hex[:8]}"


@pytest.fixture
def submit(server: DevServer, task_queue: str, tmp_path: Path, name: str) -> Submit:
    """Submits the orders of a file; nobody carries them out."""
    (tmp_path / "order.yaml").write_text(DEFINITION.replace("name: order", f"name: {name}"))

    def call(inputs: str, *options: str) -> CompletedProcess[str]:
        (tmp_path / "orders.jsonl").write_text(inputs)
        at = ("--address", server.address, "--task-queue", task_queue)
        return stepfile("submit", "order.yaml", "--inputs", "orders.jsonl", *options, *at, cwd=tmp_path)

    return call


async def test_a_run_for_each_line(submit: Submit, server: DevServer, name: str) -> None:
    ended = submit('{"number": 1}\n\n{"number": 2, "express": true}\n', "--id-from", "number")
    assert ended.returncode == 0, ended.stderr
    assert sorted(ended.stdout.split()) == [f"{name}-1", f"{name}-2"]
    assert "2 of 2 runs were started" in ended.stderr
    client = await server.connect()
    history = await client.get_workflow_handle(f"{name}-2").fetch_history()
    payload = history.events[0].workflow_execution_started_event_attributes.input.payloads[0]
    assert json.loads(payload.data) == {"number": 2, "express": True}


def test_nothing_is_started_if_one_line_is_wrong(submit: Submit) -> None:
    ended = submit('{"number": 1}\n{"number": "two"}\n{}\n', "--id-from", "number")
    assert (ended.returncode, ended.stdout) == (1, "")
    assert "orders.jsonl:2: " in ended.stderr
    assert "orders.jsonl:3: " in ended.stderr
    assert "2 of 3 inputs can't be started; nothing was started" in ended.stderr


def test_an_id_that_stands_twice_is_refused(submit: Submit) -> None:
    ended = submit('{"number": 1}\n{"number": 2}\n{"number": 1}\n{}\n', "--id-from", "number")
    assert (ended.returncode, ended.stdout) == (1, "")
    assert re.search(r'orders.jsonl:3: the id "order-\w+-1" is that of orders.jsonl:1, too', ended.stderr)
    assert "2 of 4 inputs can't be started" in ended.stderr


def test_an_input_without_an_id_is_refused(submit: Submit) -> None:
    ended = submit('{"number": 1}\n', "--id-from", "order.id")
    assert (ended.returncode, ended.stdout) == (1, "")
    assert "orders.jsonl:1: the input has no text and no whole number at order.id (--id-from)" in ended.stderr


def test_an_input_that_is_too_large_is_refused(submit: Submit) -> None:
    ended = submit(f'{{"number": 1}}\n{{"number": 2, "note": "{"n" * 2_000_000}"}}\n')
    assert (ended.returncode, ended.stdout) == (1, "")
    assert "orders.jsonl:2: the input with the definition can't be sent: 2,000," in ended.stderr
    assert "1 of 2 inputs can't be started" in ended.stderr


def test_ctrl_c_tells_what_was_started(server: DevServer, task_queue: str, tmp_path: Path, name: str) -> None:
    write_orders(tmp_path, name, 300)
    with run_in_background(*SUBMIT, "--rate", "5", *_at(server, task_queue), cwd=tmp_path) as command:
        command.wait_for_output(name)
        command.send_signal(signal.SIGINT)
        assert command.wait_for_exit(within=20) == 130
    started = len(command.stdout.split())
    assert f"interrupted: {started} of 300 runs were started" in command.stderr
    assert f"{300 - started} were not tried: go on from orders.jsonl:{started + 1}" in command.stderr


@pytest.mark.slow
async def test_a_server_that_is_gone_ends_it(task_queue: str, tmp_path: Path, name: str) -> None:
    write_orders(tmp_path, name, 300)
    async with run_dev_server() as server:
        with run_in_background(*SUBMIT, "--rate", "10", *_at(server, task_queue), cwd=tmp_path) as command:
            command.wait_for_output(name)
            server.kill()
            begun = time.monotonic()
            assert command.wait_for_exit(within=60) == 1
            assert time.monotonic() - begun < 40
    started = len(command.stdout.split())
    lost = re.findall(r"orders.jsonl:\d+: it is not known whether the run was started: ", command.stderr)
    left = 300 - started - len(lost)
    assert f"{started} of 300 runs were started" in command.stderr
    assert (
        f"of {len(lost)} it is not known whether they were started; submit these lines again"
        in command.stderr
    )
    place = f"orders.jsonl:{300 - left + 1}"
    assert f"{left} were not tried, because Temporal does not answer: go on from {place}\n" in command.stderr
    assert "refused" not in command.stderr


def test_all_lines_that_are_no_json_are_told(submit: Submit) -> None:
    ended = submit('{"number": 1}\n{"number": 2\n[\n{"number": NaN}\n')
    assert (ended.returncode, ended.stdout) == (2, "")
    for place in (
        "orders.jsonl:2:13: ",
        "orders.jsonl:3:2: ",
        "orders.jsonl:4: this line is no JSON: NaN is not",
    ):
        assert place in ended.stderr
    assert "3 of 4 lines can't be read; nothing was started" in ended.stderr


def test_a_byte_order_mark_and_other_ends_of_lines(submit: Submit) -> None:
    """Windows writes both; a text of JSON may hold U+2028, at which Python ends a line."""
    ended = submit('\ufeff{"number": 1}\r\n{"number": 2, "note": "one\u2028two"}\r\n')
    assert ended.returncode == 0, ended.stderr
    assert "2 of 2 runs were started" in ended.stderr


def test_ids_that_are_taken_are_told_and_the_others_are_started(submit: Submit) -> None:
    assert submit('{"number": 1}\n', "--id-from", "number").returncode == 0
    ended = submit('{"number": 1}\n{"number": 2}\n', "--id-from", "number", "--json")
    assert ended.returncode == 1
    (started,) = map(json.loads, ended.stdout.splitlines())
    assert (started["line"], started["workflow_id"].rpartition("-")[2]) == ("orders.jsonl:2", "2")
    assert "orders.jsonl:1: " in ended.stderr
    assert "1 of 2 runs were started" in ended.stderr


def test_no_faster_than_the_rate(submit: Submit) -> None:
    begun = time.monotonic()
    ended = submit("".join(f'{{"number": {number}}}\n' for number in range(7)), "--rate", "2")
    assert ended.returncode == 0, ended.stderr
    assert len(set(ended.stdout.split())) == 7
    assert time.monotonic() - begun > 3


@pytest.mark.parametrize(
    ("inputs", "options", "message"),
    [
        ('{"number": 1}\n{number: 2}\n', (), "orders.jsonl:2:2: this line is no JSON"),
        ('"\\ud800"\n', (), r'orders.jsonl:1: the text "\ud800" holds half of a surrogate pair'),
        ("7" * 5000, (), "orders.jsonl:1:1: the integer 777"),
        (
            '{"number": 1}\n{"number": 2, "number": 3}\n',
            (),
            'orders.jsonl:2:15: "number" stands twice in this object',
        ),
        ("[" * 99_999, (), "orders.jsonl:1: this line is no JSON: lists and objects are nested too deeply"),
        ("\n", (), "orders.jsonl has no line with an input"),
        ('{"number": 1}\n', ("--id", "a"), "either --inputs or --id: --id-from says where"),
        (
            '{"number": 1}\n',
            ("--input", "number=2"),
            "either --inputs or --input: each line is the whole input",
        ),
        ('{"number": 1}\n', ("--wait",), "either --inputs or --wait"),
    ],
)
def test_what_does_not_fit_is_said(
    submit: Submit, inputs: str, options: tuple[str, ...], message: str
) -> None:
    ended = submit(inputs, *options)
    assert ended.returncode == 2
    assert message in ended.stderr
    assert "Traceback" not in ended.stderr


async def test_each_line_has_the_priority_of_its_input(
    submit: Submit, server: DevServer, name: str, tmp_path: Path
) -> None:
    said = 'priority: {key: 4, fairness_key: "${ string(input.number) }"}\nsteps:'
    (tmp_path / "order.yaml").write_text((tmp_path / "order.yaml").read_text().replace("steps:", said))
    options = ("--id-from", "number", "--priority-key", "1", "--fairness-weight", "0.5")
    ended = submit('{"number": 1}\n{"number": 2}\n', *options)
    assert ended.returncode == 0, ended.stderr
    client = await server.connect()
    for number in (1, 2):
        found = (await client.get_workflow_handle(f"{name}-{number}").describe()).raw_description
        priority = found.workflow_execution_info.priority
        assert (priority.priority_key, priority.fairness_key) == (1, str(number))
        assert priority.fairness_weight == 0.5


def test_a_priority_that_no_server_takes(submit: Submit) -> None:
    ended = submit('{"number": 1}\n', "--priority-key", "0")
    assert ended.returncode == 2
    assert "the priority key is not a whole number from 1 to 2147483647: 0" in ended.stderr
