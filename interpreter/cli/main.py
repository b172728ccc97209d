"""The command `stepfile`: one exit code for every way in which a command can end."""

from __future__ import annotations

import sys
import traceback
from typing import NoReturn

import click

from interpreter.cli.command_line import stepfile
from interpreter.cli.process.exit import Exit, leave


def main() -> NoReturn:
    """Run the command line of this process, and end it."""
    leave(_run_command_line(sys.argv[1:]))


def _run_command_line(arguments: list[str]) -> int:
    try:
        code = stepfile.main(arguments, prog_name="stepfile", standalone_mode=False)
        return code if isinstance(code, int) else Exit.FINE
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (KeyboardInterrupt, click.Abort):
        return Exit.INTERRUPTED
    except BrokenPipeError:  # click wrote a help text to nobody
        return Exit.FINE
    except Exception as error:
        return _report_error(error)


def _report_error(error: Exception) -> int:
    try:
        from interpreter.cli.display.mistakes import (
            report,  # knows Temporal's errors, which not every command needs
        )

        return report(error)
    except Exception:  # not even that can be imported
        traceback.print_exc()
        return Exit.BUG
