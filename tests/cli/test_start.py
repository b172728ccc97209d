"""A command starts quickly: it imports what it needs, and collects no garbage meanwhile."""

from __future__ import annotations

import gc

from interpreter.cli.process.async_command import run_async_command
from interpreter.cli.process.exit import ExitCode
from interpreter.cli.process.interrupts import Interrupts
from tests.support.processes import python

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


def test_garbage_is_collected_once_a_command_stays() -> None:
    async def look(_: Interrupts) -> ExitCode:
        return ExitCode.SUCCESS if gc.isenabled() else ExitCode.BUG

    gc.disable()
    try:
        assert run_async_command(look) == ExitCode.SUCCESS
    finally:
        gc.enable()
