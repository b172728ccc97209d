"""`dlq` works off dead letters: of real runs, with the commands alone."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from interpreter.cli.process.exit import ExitCode
from interpreter.temporal.dev_server.server import DevServer
from tests.cli.running_command import RunningCommand, run_in_background
from tests.cli.terminal import run_on_terminal
from tests.support.metrics import find_free_port, scrape
from tests.support.processes import stepfile
from tests.temporal.data.keys import KEYS, write_keys

ACTIVITIES = '''
"""A service that remembers keys. Which orders it refuses stands in a file."""

import asyncio
from pathlib import Path

from temporalio import activity
from temporalio.exceptions import ApplicationError
from stepfile.activity import idempotency_key

HERE = Path(__file__).parent


@activity.defn
async def charge(order: dict) -> str:
    while (HERE / "hang").exists():
        (HERE / "hangs").touch()
        activity.heartbeat()
        await asyncio.sleep(0.05)
    refused = (HERE / "refused").read_text().split() if (HERE / "refused").exists() else []
    if order["id"] in refused or order.get("amount") == "much":
        raise ApplicationError(f"no money for {order['id']}", type="Declined", non_retryable=True)
    return do("charge", idempotency_key())


@activity.defn
async def reserve() -> str:
    return do("reserve", idempotency_key())


@activity.defn
async def release() -> str:
    return do("release", idempotency_key())


@activity.defn
async def wait_for_gate() -> None:
    while not (HERE / "gate").exists():
        activity.heartbeat()
        await asyncio.sleep(0.05)


def do(what: str, key: str) -> str:
    line = f"{what} {key}\\n"
    ledger = HERE / "ledger"
    if not ledger.exists() or line not in ledger.read_text():
        with ledger.open("a") as file:
            file.write(line)
    return "done"
'''

ORDERS = """\
dsl: "1"
name: orders
version: "1"
input:
  type: object
  properties:
    orders: {{type: array}}
    region: {{type: string, default: eu}}
    token: {{type: string, writeOnly: true}}
dead_letter_queues: {{{queue}: {{}}}}
defaults: {{timeouts: {{start_to_close: 20s, heartbeat: 3s}}}}
steps:
  - id: charge_all
    for_each: ${{ input.orders }}
    key: ${{ item.id }}
    steps:
      - id: charge
        activity: charge
        args: [{{id: "${{ item.id }}", amount: "${{ item.amount }}", region: "${{ input.region }}"}}]
        dead_letter: {{queue: {queue}, then: continue}}
"""

SAGA = """\
dsl: "1"
name: saga
input:
  type: object
  properties: {{id: {{type: string}}, token: {{type: string, writeOnly: true}}}}
dead_letter_queues: {{{queue}: {{}}}}
defaults: {{timeouts: {{start_to_close: 20s, heartbeat: 3s}}}}
steps:
  - {{id: reserve, activity: reserve, compensate: {{activity: release}}}}
  - id: charge
    activity: charge
    args: [{{id: "${{ input.id }}", token: "${{ input.token }}"}}]
    dead_letter: {queue}
"""


GATED = """\
dsl: "1"
name: gated
input: {{type: object, properties: {{id: {{type: string}}}}}}
dead_letter_queues: {{{queue}: {{}}}}
defaults: {{timeouts: {{start_to_close: 60s, heartbeat: 3s}}}}
steps:
  - id: charge
    activity: charge
    args: [{{id: "${{ input.id }}"}}]
    compensate: {{activity: release}}
    dead_letter: {{queue: {queue}, then: continue}}
  - {{activity: wait_for_gate}}
"""

ENCRYPTING = """\
[tool.stepfile]
activities = ["dlq_activities"]

[tool.stepfile.encryption]
keys_variable = "SHOP_KEYS"
"""


class Shop:
    """A project with a queue of its own."""

    def __init__(self, folder: Path, server: DevServer) -> None:
        self.folder, self.environment = folder, {"TEMPORAL_ADDRESS": server.address}
        self.queue = f"q{uuid4().hex[:10]}"
        (folder / "dlq_activities.py").write_text(ACTIVITIES)
        (folder / "pyproject.toml").write_text('[tool.stepfile]\nactivities = ["dlq_activities"]\n')
        (folder / "orders.yaml").write_text(ORDERS.format(queue=self.queue))
        (folder / "saga.yaml").write_text(SAGA.format(queue=self.queue))
        (folder / "gated.yaml").write_text(GATED.format(queue=self.queue))

    def refuse(self, *orders: str) -> None:
        """Let the service refuse these orders from now on, and no others."""
        (self.folder / "refused").write_text(" ".join(orders))

    @property
    def ledger(self) -> Counter[str]:
        """What the service has done: the line of each effect → how often."""
        file = self.folder / "ledger"
        return Counter(file.read_text().splitlines() if file.exists() else ())

    def call(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run a command; whatever happens, it has no traceback."""
        ended = stepfile(*words, cwd=self.folder, env=self.environment)
        assert "Traceback" not in ended.stderr, ended.stderr
        return ended

    def get(self, *words: str) -> str:
        """Run a command that works."""
        ended = self.call(*words)
        assert ended.returncode == ExitCode.SUCCESS, ended.stdout + ended.stderr
        return ended.stdout

    def get_json(self, *words: str) -> Any:
        """Run a command that works, and read its JSON."""
        return json.loads(self.get(*words, "--json"))

    @contextmanager
    def worker(self, *words: str) -> Iterator[RunningCommand]:
        """Run a worker of the project."""
        command = ("worker", "--task-queue", self.queue, *words)
        with run_in_background(*command, cwd=self.folder, env=self.environment) as it:
            it.wait_for_output("worker on task queue")
            yield it

    def submit(self, file: str, workflow_id: str, *words: str) -> subprocess.CompletedProcess[str]:
        """Run a definition to its end."""
        return self.call("submit", file, "--id", workflow_id, "--task-queue", self.queue, "--wait", *words)

    def fail_orders(self, count: int, refused: int) -> str:
        """Run a definition with orders, the first of which are refused; the id of the run."""
        orders: list[dict[str, Any]] = [{"id": f"o{number}", "amount": number} for number in range(count)]
        (self.folder / "orders.json").write_text(json.dumps({"orders": orders}))
        self.refuse(*(order["id"] for order in orders[:refused]))
        workflow_id = f"{self.queue}-run"
        ended = self.submit("orders.yaml", workflow_id, "--input", "@orders.json")
        assert ended.returncode == ExitCode.SUCCESS, ended.stderr
        return workflow_id

    def wait_for_letter(self) -> dict[str, Any]:
        """Wait until the queue has a letter."""
        for _ in range(100):
            if letters := self.letters():
                return letters[0]
        raise AssertionError("no letter was written")

    def letters(self, *words: str) -> list[dict[str, Any]]:
        """The letters of the queue."""
        found: list[dict[str, Any]] = self.get_json("dlq", "list", "--queue", self.queue, *words)
        return found


def _wait_for_file(file: Path) -> None:
    end = time.monotonic() + 30
    while not file.exists():
        assert time.monotonic() < end, f"{file.name} never came"
        time.sleep(0.05)


@pytest.fixture
def shop(tmp_path: Path, server: DevServer) -> Shop:
    return Shop(tmp_path, server)


def test_what_alerts_look_at(shop: Shop) -> None:
    port = find_free_port()
    with shop.worker("--metrics-address", f"127.0.0.1:{port}", "--log-format", "json") as worker:
        shop.fail_orders(3, refused=2)
        assert scrape(port).select("stepfile_dead_letters_total") == {
            "stepfile_dead_letters_total definition=orders,outcome=kept,step=charge": 2
        }
        worker.wait_for_output('"event": "run_ended"')
        assert worker.stderr.count('"event": "dead_letter_written"') == 2
    counted = shop.get("dlq", "stats", "--queue", shop.queue, "--prometheus")
    assert f'stepfile_dead_letter_queue_letters{{queue="{shop.queue}",state="open"}} 2' in counted
    assert f'stepfile_dead_letter_queue_oldest_age_seconds{{queue="{shop.queue}"}} ' in counted


@pytest.mark.slow
def test_from_an_alert_to_a_queue_that_is_empty(shop: Shop) -> None:
    """D10 for many: each effect is done once, under the key that it had in the run that has failed."""
    with shop.worker():
        run = shop.fail_orders(8, refused=3)
        letters = shop.letters()
        assert [letter["status"] for letter in letters] == ["open"] * 3
        assert "Declined: no money for o0" in shop.get("dlq", "list", "--queue", shop.queue)
        (group,) = shop.get_json("dlq", "stats", "--queue", shop.queue)
        assert (group["count"], group["step"], group["error_type"]) == (3, "charge", "Declined")
        assert f"3        {shop.queue}  orders" in shop.get("dlq", "stats", "--queue", shop.queue)

        shown = shop.get("dlq", "show", letters[0]["id"])
        assert "step      " in shown
        assert "  redrive       the step alone: what its run has done stands" in shown

        planned = shop.get_json("dlq", "redrive", "--queue", shop.queue, "--dry-run")
        assert {plan["action"] for plan in planned} == {"step"}
        assert len(shop.letters()) == 3, "a dry run does nothing"

        in_vain = shop.call("dlq", "redrive", "--queue", shop.queue, "--yes")
        assert in_vain.returncode == ExitCode.FAILED
        assert in_vain.stdout.count("failed   ") == 3
        assert {letter["failures"] for letter in shop.letters()} == {2}

        shop.refuse()
        words = ("dlq", "redrive", "--queue", shop.queue, "--rate", "50", "--reason", "paid in", "--yes")
        done = shop.get(*words)
        assert done.count("done     ") == 3
        assert shop.letters() == []
        assert shop.ledger == Counter(f"charge {run}/charge_all[o{number}]/charge" for number in range(8))
        (outcome, *_) = shop.letters("--state", "resolved")[0]["outcomes"][1:]
        assert (outcome["reason"], outcome["result"]) == ("paid in", "done")
        assert "@" in outcome["by"]


@pytest.mark.slow
def test_a_value_is_set_and_that_is_kept(shop: Shop) -> None:
    with shop.worker():
        orders = json.dumps({"orders": [{"id": "o1", "amount": "much"}]})
        (shop.folder / "orders.json").write_text(orders)
        shop.submit("orders.yaml", f"{shop.queue}-run", "--input", "@orders.json")
        (letter,) = shop.letters()
        for wrong, said in (
            ("itme.amount=5", 'the step reads no "itme"; did you mean "item"?'),
            ("item.amount.eur=5", "is no object and no list"),
        ):
            refused = shop.call("dlq", "redrive", letter["id"], "--set", wrong)
            assert refused.returncode == ExitCode.FAILED
            assert said in refused.stdout
        done = shop.get("dlq", "redrive", letter["id"], "--set", "item.amount=5")
        assert "item.amount was set" in done
        assert "item.amount was set" in shop.get("dlq", "show", letter["id"])


@pytest.mark.slow
def test_a_newer_definition_is_used_if_it_can_take_the_place(shop: Shop) -> None:
    with shop.worker():
        shop.fail_orders(1, refused=1)
        (letter,) = shop.letters()
        shop.refuse()
        old = (shop.folder / "orders.yaml").read_text()
        newer = shop.folder / "newer.yaml"
        for before, after, said in (
            ("name: orders", "name: others", 'is called "others", and the letter is of "orders"'),
            ("id: charge\n", "id: pay\n", "has no step"),
            ("region: {", "country: {type: string}\n    region: {", None),
            (
                "${ input.region }",
                "${ input.country }",
                "reads input.country, which the letter does not hold",
            ),
        ):
            old = old.replace(before, after) if said is None else old
            newer.write_text(old if said is None else old.replace(before, after))
            if said is not None:
                refused = shop.call("dlq", "redrive", letter["id"], "--definition-file", str(newer))
                assert refused.returncode == ExitCode.FAILED
                assert said in refused.stdout, refused.stderr
        newer.write_text(old.replace('version: "1"', 'version: "2"'))
        done = shop.get("dlq", "redrive", letter["id"], "--definition-file", str(newer))
        assert "the definition of version 2 takes the place of version 1" in done


def test_a_saga_that_was_undone_is_redriven_as_a_whole(shop: Shop) -> None:
    """What was undone gets a new key; a value that must not be seen is asked for."""
    with shop.worker():
        shop.refuse("o1")
        run = f"{shop.queue}-saga"
        ended = shop.submit("saga.yaml", run, "--input", "id=o1", "--input", "token=t0p-secret")
        assert ended.returncode == ExitCode.FAILED
        (letter,) = shop.letters()
        assert letter["undone"] is True
        assert "t0p-secret" not in shop.get("dlq", "show", letter["id"], "--json")
        refused = shop.call("dlq", "redrive", letter["id"])
        assert "give it with --set input.token=VALUE" in refused.stdout
        redrive = ("dlq", "redrive", letter["id"], "--set", "input.token=t0p-secret")
        in_vain = shop.call(*redrive)
        assert "failed     " in in_vain.stdout
        (letter,) = shop.letters()
        assert (letter["failures"], letter["redrives"]) == (2, 1), (
            "the whole run has told it, and counts once"
        )
        shop.refuse()
        done = shop.get(*redrive)
        assert "what it had done before was undone" in done
        assert shop.ledger == Counter(
            [
                *(f"reserve {run}/reserve{number}" for number in ("", "#2", "#3")),
                *(f"release {run}/reserve{number}" for number in ("", "#2")),
                f"charge {run}/charge",
            ]
        )


@pytest.mark.slow
def test_a_worker_is_killed_while_it_redrives(shop: Shop) -> None:
    with shop.worker() as first:
        run = shop.fail_orders(1, refused=1)
        (letter,) = shop.letters()
        shop.refuse()
        (shop.folder / "hang").touch()
        with run_in_background("dlq", "redrive", letter["id"], cwd=shop.folder, env=shop.environment) as it:
            it.wait_for_output("ordered   ")
            _wait_for_file(shop.folder / "hangs")
            first.send_signal(signal.SIGKILL)
            (shop.folder / "hang").unlink()
            with shop.worker():
                assert it.wait_for_exit() == ExitCode.SUCCESS, it.stdout
    assert shop.ledger == Counter([f"charge {run}/charge_all[o0]/charge"])


@pytest.mark.slow
def test_a_run_that_would_undo_the_step_is_waited_for(shop: Shop) -> None:
    """What is redriven meanwhile would not be undone with the rest."""
    with shop.worker():
        shop.refuse("o1")
        run = f"{shop.queue}-gated"
        words = ("submit", "gated.yaml", "--id", run, "--task-queue", shop.queue, "--input", "id=o1")
        shop.get(*words)
        letter = shop.wait_for_letter()
        shop.refuse()
        refused = shop.call("dlq", "redrive", letter["id"])
        assert f"the run {run} still runs, and undoes this step if it fails later" in refused.stdout
        (shop.folder / "gate").touch()
        shop.get("status", run, "--follow")
        assert "done" in shop.get("dlq", "redrive", letter["id"])
        assert shop.ledger == Counter([f"charge {run}/charge"])


@pytest.mark.slow
def test_letters_of_a_project_that_encrypts(shop: Shop) -> None:
    (shop.folder / "pyproject.toml").write_text(ENCRYPTING)
    shop.environment["SHOP_KEYS"] = write_keys(KEYS)
    with shop.worker():
        run = shop.fail_orders(1, refused=1)
        (letter,) = shop.letters()
        shop.environment["SHOP_KEYS"] = write_keys({"another": b"3" * 32})
        blind = shop.call("dlq", "list", "--queue", shop.queue)
        assert (blind.returncode, blind.stdout) == (ExitCode.FAILED, "")
        assert f"left out, because the letters can't be decoded here: {letter['id']}" in blind.stderr
        assert "no such dead letter" not in blind.stderr
        shop.environment["SHOP_KEYS"] = write_keys(KEYS)
        shop.refuse()
        shop.get("dlq", "redrive", letter["id"])
        assert shop.ledger == Counter([f"charge {run}/charge_all[o0]/charge"])


@pytest.mark.slow
def test_orders_are_kept_while_no_worker_runs(shop: Shop) -> None:
    with shop.worker():
        shop.fail_orders(2, refused=2)
    first, second = shop.letters()
    waiting = shop.call("dlq", "purge", first["id"], "--wait", "1s", "--reason", "a test")
    assert waiting.returncode == ExitCode.FAILED
    assert "nobody has carried out the order yet; it is kept" in waiting.stdout
    missing = f'no worker answers on task queue "{shop.queue}": start one with `stepfile worker'
    assert missing in waiting.stderr
    shown = shop.get("dlq", "show", first["id"])
    assert "purge by" in shown
    assert missing in shown
    assert "waiting" in shop.get("dlq", "resolve", second["id"], "--wait", "0s")
    with shop.worker():
        ended = shop.call("dlq", "purge", first["id"], "--wait", "10s")
        assert "purged" in ended.stdout + str(shop.letters("--state", "purged"))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("redrive",), "which letters? Give their IDs, a filter such as --queue, or --all"),
        (("purge", "a", "--queue", "b"), "give either IDs, or filters, or --all"),
        (("resolve", "--all", "--step", "b"), "give either IDs, or filters, or --all"),
        (("list", "--since", "soon"), "neither a time nor a duration"),
        (("redrive", "a", "--set", "@file"), "file: No such file"),
        (("redrive", "a", "--set", "{}"), "--set takes PATH=VALUE"),
        (("redrive", "a", "--limit", "2"), "--limit goes with filters or --all"),
        (("redrive", "a", "--rate", "0"), "is not a number from 0.001 on"),
        (("list", "--state", "lost"), "'lost' is not one of"),
    ],
)
def test_a_mistake_on_the_command_line(words: tuple[str, ...], said: str) -> None:
    ended = stepfile("dlq", *words)
    assert ended.returncode == ExitCode.USAGE
    assert said in ended.stderr


def test_letters_that_are_not_there(shop: Shop) -> None:
    assert shop.letters() == []
    assert "there is no such dead letter" in shop.call("dlq", "stats", "--queue", shop.queue).stderr
    unknown = shop.call("dlq", "show", "stepfile-letter:orders:nothing")
    assert unknown.returncode == ExitCode.FAILED
    assert "there is no letter stepfile-letter:orders:nothing" in unknown.stderr
    assert "refused" in shop.call("dlq", "purge", "stepfile-letter:orders:nothing").stdout
    elsewhere = shop.call("dlq", "show", "letter-08f07541e8514b7b")
    assert (
        "letters in a database are found in the project whose pyproject.toml names that" in elsewhere.stderr
    )


@pytest.mark.slow
def test_many_letters_are_asked_about_limited_and_misspelt(shop: Shop) -> None:
    with shop.worker():
        shop.fail_orders(3, refused=3)
    many = ("dlq", "purge", "--queue", shop.queue)
    asked = shop.call(*many)
    assert asked.returncode == ExitCode.FAILED
    assert asked.stdout.count("purge      ") == 3
    assert asked.stderr == "nothing was ordered: add --yes to do what is planned\n"
    for key, meant in (("\x03", ExitCode.INTERRUPTED), ("n\n", ExitCode.FAILED)):
        keys = {"purge 3 letters? [y/N]": key}
        code, seen = run_on_terminal(*many, cwd=shop.folder, env=shop.environment, keys=keys)
        assert code == meant, seen
        assert seen.rstrip().endswith("nothing was ordered")
    assert len(shop.letters()) == 3

    some = shop.call("dlq", "redrive", "--queue", shop.queue, "--limit", "2", "--dry-run")
    assert some.returncode == ExitCode.FAILED, "one was left out"
    assert some.stdout.count("step       ") == 2
    assert "these are the first 2 of 3 letters; the others are left out" in some.stderr

    for filters in (("--queue", shop.queue[:-1]), ("--queue", shop.queue, "--error-type", "Declimed")):
        meant_name = shop.queue if len(filters) == 2 else "Declined"
        nothing = shop.call("dlq", "redrive", *filters, "--yes")
        assert nothing.returncode == ExitCode.FAILED
        assert f'there is no such dead letter; did you mean "{meant_name}"?; nothing' in nothing.stderr
        assert (
            f'there is no such dead letter; did you mean "{meant_name}"?'
            in shop.call("dlq", "list", *filters).stderr
        )


def test_ctrl_c_says_which_letters_were_given_the_order(shop: Shop) -> None:
    with shop.worker():
        shop.fail_orders(2, refused=2)
    words = ("dlq", "redrive", "--queue", shop.queue, "--yes", "--rate", "0.02")
    with run_in_background(*words, cwd=shop.folder, env=shop.environment) as redriving:
        redriving.wait_for_output("ordered    ")
        redriving.send_signal(signal.SIGINT)
        assert redriving.wait_for_exit() == ExitCode.INTERRUPTED
    assert len(redriving.stdout.splitlines()) == 1, "a line is an order"
    assert redriving.stderr.splitlines() == [
        "interrupted: of 2 letters 1 was given the order, 0 were refused, 1 was not given it",
        "1 was not seen to its end: orders that were given are kept, and workers carry them out; "
        "`stepfile dlq show ID` shows what has become of one",
    ]
    shown = shop.get("dlq", "show", redriving.stdout.split()[1].rstrip(":"))
    assert "nobody has carried it out yet" in shown
