"""The program `stepfile` starts here, and ends with the exit code that says how its command ended."""

from __future__ import annotations

import gc
import sys
import traceback
from typing import NoReturn

import click

from interpreter.cli.command_line import stepfile
from interpreter.cli.process.exit import ExitCode, exit_process
from interpreter.cli.process.streams import make_streams_usable


def main() -> NoReturn:
    """Run the command line of this process, and end the process.

    Collecting garbage takes a tenth of the time to start, and finds nothing: what is imported stays. So the collector
    is off until `run_async_command` begins, for a command that stays.
    """
    gc.disable()
    make_streams_usable()
    exit_process(_run_command_line(sys.argv[1:]))


def _run_command_line(arguments: list[str]) -> int:
    try:
        code = stepfile.main(arguments, prog_name="stepfile", standalone_mode=False)
        return code if isinstance(code, int) else ExitCode.SUCCESS
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (KeyboardInterrupt, click.Abort):
        return ExitCode.INTERRUPTED
    except BrokenPipeError:  # click wrote a help text that nobody reads any more
        return ExitCode.SUCCESS
    except Exception as error:
        return _report_error(error)


def _report_error(error: Exception) -> int:
    try:
        # This module knows Temporal's errors, so importing it takes time that not every command needs.
        from interpreter.cli.display.errors import report_error

        return report_error(error)
    except Exception:  # not even that module can be imported
        traceback.print_exc()
        return ExitCode.BUG
