"""An error is reported to whoever can correct it; the user's mistakes have no traceback."""

from __future__ import annotations

import sys
import traceback

from dsl.check import InvalidDefinition
from dsl.problems.render import render_text
from interpreter.cli.display.output import allows_colour, print_notice
from interpreter.cli.process.exit import ExitCode
from interpreter.messages.declared import MessageRefused
from interpreter.temporal.client.submission import InvalidInput
from interpreter.temporal.problem import TemporalProblem

BUG = "This is a bug of Stepfile, not of your file. Please report it with the lines above."


def report_error(error: Exception) -> ExitCode:
    """Write an error to standard error.

    Returns:
        The exit code for this error: `BUG`, unless it is one that the user can correct.
    """
    match error:
        case TemporalProblem():
            print_notice(f"stepfile: {error}")
        case MessageRefused():
            print_notice(f"stepfile: {error}")
            _explain_text(str(error))
        case InvalidDefinition(checked=checked):
            for document in checked.documents:
                text = render_text(document.problems, document.source, colour=allows_colour(sys.stderr))
                print_notice(text, end="")
        case InvalidInput(problems=problems):
            print_notice("the input does not fit the definition:")
            for problem in problems:
                print_notice(f"  {problem}")
            _explain_text(str(error))
        case _:
            print_notice("".join(traceback.format_exception(error)), end="")
            print_notice(BUG)
            return ExitCode.BUG
    return ExitCode.FAILED


def _explain_text(message: str) -> None:
    if "expected text, found" in message:
        print_notice("hint: a VALUE that is JSON is read as JSON; quotes make it text: 'id=\"4711\"'")
