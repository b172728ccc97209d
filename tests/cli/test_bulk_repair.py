"""Many runs that are started again: the question, the limit, names that are misspelt, and Ctrl-C."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from signal import SIGINT, SIGTERM, Signals

import pytest

from interpreter.cli.process.exit import ExitCode
from tests.cli.running_command import run_in_background
from tests.cli.terminal import run_on_terminal
from tests.cli.test_repair import (
    env,  # pyright: ignore[reportUnusedImport]
    name,  # pyright: ignore[reportUnusedImport]
    shop,  # pyright: ignore[reportUnusedImport]
    submit,
    worker,  # pyright: ignore[reportUnusedImport]
)
from tests.support.processes import stepfile

__all__ = ["env", "name", "shop", "worker"]


@pytest.fixture
def failed(shop: Path, env: Mapping[str, str], task_queue: str, worker: None) -> list[str]:
    """The ids of two runs that have failed, because a service was down; it is up again."""
    down = shop / "charge-is-down"
    down.touch()
    ids = [f"{task_queue}-{number}" for number in range(2)]
    for each in ids:
        submit(shop, env, task_queue, each)
    down.unlink()
    return ids


def test_at_the_question(shop: Path, env: Mapping[str, str], name: str, failed: list[str]) -> None:
    one, many = ("resume", failed[0]), ("retry", "--definition", name)
    acts: list[tuple[tuple[str, ...], str | Signals, ExitCode]] = [
        (one, SIGTERM, ExitCode.INTERRUPTED),
        (many, "\x03", ExitCode.INTERRUPTED),
        (many, "\x04", ExitCode.INTERRUPTED),
        (many, "n\n", ExitCode.FAILED),
    ]
    for words, key, meant in acts:
        code, seen = run_on_terminal(*words, cwd=shop, env=env, keys={"[y/N]": key})
        assert code == meant, seen
        assert seen.rstrip().endswith("nothing was started")
    code, seen = run_on_terminal(*many, cwd=shop, env=env, keys={"start 2 runs? [y/N]": "y\n"})
    assert code == ExitCode.SUCCESS
    assert "of 2 runs 2 were started again, 0 were refused" in seen


@pytest.mark.slow
def test_what_filters_find(env: Mapping[str, str], name: str, failed: list[str]) -> None:
    first, last = failed
    words = ("resume", "--definition", name, "--failed-at", "charge", "--error-type", "Down", "--dry-run")
    assert last in stepfile("list", "--error-type", "Down", "--definition", name, env=env).stdout
    limited = stepfile(*words, "--limit", "1", env=env)
    assert limited.returncode == ExitCode.FAILED, "one was left out"
    assert limited.stdout.startswith(
        f"{last}  1 step is kept, 1 step runs again, 1 step runs again with a new key"
    )
    assert "there are more runs, which are left out: the limit is 1" in limited.stderr

    assert stepfile("retry", last, "--wait", env=env).returncode == ExitCode.SUCCESS
    repaired = stepfile(*words, "--limit", "1", env=env)
    assert repaired.returncode == ExitCode.SUCCESS, repaired.stderr
    assert repaired.stdout.startswith(f"{first} "), "what was repaired does not count"
    assert repaired.stderr == "of 1 run 1 could be started again, 0 were refused\n"

    for wrong, hint in (
        (("--definition", name[:-1]), f'no run fits; did you mean "{name}"?'),
        (("--definition", name, "--failed-at", "chrage"), 'no run fits; did you mean "charge"?'),
        (("--definition", name, "--failed-at", "check"), "no run fits"),
        (("--definition", name, "--error-type", "Up"), "no run fits"),
    ):
        nothing = stepfile("resume", *wrong, "--yes", env=env)
        assert (nothing.returncode, nothing.stdout) == (ExitCode.FAILED, "")
        assert nothing.stderr == f"{hint}; nothing was started\n"
    listed = stepfile("list", "--definition", name, "--failed-at", "chrage", env=env)
    assert (listed.returncode, listed.stderr) == (ExitCode.SUCCESS, 'no run fits; did you mean "charge"?\n')


@pytest.mark.slow
def test_an_id_is_used_again_while_runs_wait_for_their_turn(
    shop: Path, env: Mapping[str, str], task_queue: str, failed: list[str]
) -> None:
    """A plan is made when it is its turn, so it knows what was undone meanwhile."""
    first, last = failed
    with run_in_background("resume", *failed, "--yes", "--rate", "0.1", env=env) as resuming:
        resuming.wait_for_output(f"{first}  started again")
        down = shop / "charge-is-down"
        down.touch()
        submit(shop, env, task_queue, last)
        down.unlink()
        (shop / "calls").unlink()
        assert resuming.wait_for_exit() == ExitCode.SUCCESS, resuming.stderr
    assert stepfile("status", last, "--follow", env=env).returncode == ExitCode.SUCCESS
    assert f"reserve {last}/reserve#3" in (shop / "calls").read_text().splitlines()


def test_an_id_is_used_again_while_the_question_stands(
    shop: Path, env: Mapping[str, str], task_queue: str, failed: list[str]
) -> None:
    """What somebody says yes to is the plan of another run."""
    first, last = failed

    def say_yes() -> str:
        down = shop / "charge-is-down"
        down.touch()
        submit(shop, env, task_queue, last)
        down.unlink()
        return "y\n"

    code, seen = run_on_terminal("retry", first, last, cwd=shop, env=env, keys={"[y/N]": say_yes})
    assert code == ExitCode.FAILED
    assert f'{last}  refused: "{last}" was used again since the plan was made: a later run has failed' in seen
    assert "of 2 runs 1 was started again, 1 was refused" in seen


def test_ctrl_c_says_what_was_done(env: Mapping[str, str], failed: list[str]) -> None:
    with run_in_background("resume", *failed, "--yes", "--rate", "0.02", env=env) as resuming:
        resuming.wait_for_output("started again")
        resuming.send_signal(SIGINT)
        assert resuming.wait_for_exit() == ExitCode.INTERRUPTED
    assert resuming.stdout.startswith(f"{failed[0]}  started again: ")
    assert resuming.stderr.splitlines() == [
        "interrupted: of 2 runs 1 was started again, 0 were refused, 1 was not started",
        "runs that were started go on: `stepfile status ID` shows what becomes of one",
    ]
