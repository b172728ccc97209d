"""A command starts quickly: it imports what it needs, and collects no garbage meanwhile."""

from __future__ import annotations

import sys
from pathlib import Path
from signal import SIGINT, SIGTERM, Signals

import pytest

from interpreter.cli.process.exit import ExitCode
from tests.cli.running_command import run_in_background
from tests.support.processes import python, run

LOADED = """
import gc, os, sys

def tell(code):
    loaded = {name.partition(".")[0] for name in sys.modules} & {"pydantic", "ruamel", "temporalio"}
    print("collects" if gc.isenabled() else "does not collect", *sorted(loaded))
    sys.stdout.flush()
    leave(code)

leave, os._exit = os._exit, tell
from interpreter.cli.main import main
main()
"""


def test_help_and_version_load_nothing_of_the_language() -> None:
    for option in ("--version", "--help"):
        assert python(LOADED, option).stdout.splitlines()[-1] == "does not collect", option


ORDER = """
import gc, os, sys
from interpreter.temporal.dev_server import launch

def start(*arguments, **options):
    told = "launched, with temporalio" if "temporalio" in sys.modules else "launched"
    print(told, file=sys.__stdout__, flush=True)
    return popen(*arguments, **options)

popen, launch.Popen = launch.Popen, start
from interpreter.cli.command_line import stepfile
code = stepfile.main(sys.argv[1:], standalone_mode=False)
print("ended", int(code), *sorted({"httpx"} & sys.modules.keys()), "collects" if gc.isenabled() else "", flush=True)
os._exit(0)  # Temporal's runtime does not survive the usual way
"""


@pytest.fixture
def definition(tmp_path: Path) -> Path:
    file = tmp_path / "answer.yaml"
    file.write_text('dsl: "1"\nname: answer\nvars: {a: 1}\nsteps: [{set: {a: 42}}]\noutput: ${ vars.a }\n')
    return file


def run_definition(definition: Path, **setting: str) -> list[str]:
    """Run it, and return what `ORDER` has printed, with the result in between."""
    ended = run(sys.executable, "-c", ORDER, "run", definition, env=setting)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout.splitlines()


@pytest.mark.server
def test_a_run_starts_the_server_first_loads_no_httpx_and_collects_garbage_in_the_end(
    definition: Path,
) -> None:
    assert run_definition(definition) == ["launched", "42", "ended 0 collects"]


@pytest.mark.server
def test_a_run_looks_into_the_configuration_first_where_there_is_one(definition: Path) -> None:
    lines = run_definition(definition, TEMPORAL_NAMESPACE="default")
    assert lines == ["launched, with temporalio", "42", "ended 0 collects"]


SLOW = """
import sys, time
print("importing", file=sys.stderr, flush=True)
time.sleep(60)
"""


@pytest.mark.server
@pytest.mark.parametrize("number", [SIGINT, SIGTERM])
def test_a_signal_while_activities_are_imported_ends_the_server_too(
    definition: Path, number: Signals
) -> None:
    (definition.parent / "slow.py").write_text(SLOW)
    words = ("run", definition.name, "--activities", "slow")
    with run_in_background(*words, cwd=definition.parent) as command:
        command.wait_for_output("importing")
        assert len(command.list_processes()) == 2
        command.send_signal(number)
        assert command.wait_for_exit() == ExitCode.INTERRUPTED
        assert command.list_processes() == []
