"""On a terminal the steps are a table that changes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from interpreter.cli.process.exit import ExitCode
from interpreter.temporal.dev_server.server import DevServer
from tests.cli.terminal import run_on_terminal

SHOW_CURSOR = "\x1b[?25h"


@pytest.mark.parametrize("presses", [1, 2])
def test_the_table_and_the_cursor_afterwards(server: DevServer, shop: Path, presses: int) -> None:
    command = ["run", "order.yaml", "--input", "item=tea", "--input", "card=v", "--input", "gate=never"]
    keys = {"✓": "\x03"} | ({"cancelling": "\x03"} if presses == 2 else {})
    code, seen = run_on_terminal(*command, "--address", server.address, cwd=shop, keys=keys)
    assert code == ExitCode.INTERRUPTED
    assert "running" in seen
    assert ("↶" in seen) == (presses == 1), "the command waits for the undoing only at the first Ctrl-C"
    assert "reserving tea" in seen
    assert seen.rindex(SHOW_CURSOR) > seen.rindex("\x1b[?25l")


LONG = """\
dsl: "1"
name: long
vars: {n: 0}
steps:
%s
  - {id: gate, wait: 1h}
  - {id: last, set: {n: 2}}
"""


def test_what_goes_on_is_seen_below_the_fold(server: DevServer, shop: Path) -> None:
    steps = "\n".join(f"  - {{id: s{number}, set: {{n: {number}}}}}" for number in range(40))
    (shop / "long.yaml").write_text(LONG % steps)
    code, seen = run_on_terminal(
        *("run", "long.yaml", "--address", server.address), cwd=shop, keys={"gate": "\x03"}, lines=10
    )
    assert code == ExitCode.INTERRUPTED
    assert re.search(r"3\d more", seen)
    assert "s0 " not in seen
