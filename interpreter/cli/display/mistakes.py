"""What went wrong, told to the one who can mend it: without traceback if that is the user."""

from __future__ import annotations

import sys
import traceback

from dsl.check import InvalidDefinition
from dsl.problems.render import render_text
from interpreter.cli.display.output import allows_colour, say
from interpreter.cli.process.exit import Exit
from interpreter.messages.declared import MessageRefused
from interpreter.temporal.client.submission import InvalidInput
from interpreter.temporal.problem import TemporalProblem

BUG = "This is a bug of Stepfile, not of your file. Please report it with the lines above."


def report(error: Exception) -> Exit:
    """Write what happened to standard error.

    Returns:
        The exit code that it means.
    """
    match error:
        case TemporalProblem():
            say(f"stepfile: {error}")
        case MessageRefused():
            say(f"stepfile: {error}")
            _explain_text(str(error))
        case InvalidDefinition(checked=checked):
            for each in checked.documents:
                say(render_text(each.problems, each.source, colour=allows_colour(sys.stderr)), end="")
        case InvalidInput(problems=problems):
            say("the input does not fit the definition:")
            for problem in problems:
                say(f"  {problem}")
            _explain_text(str(error))
        case _:
            say("".join(traceback.format_exception(error)), end="")
            say(BUG)
            return Exit.BUG
    return Exit.FAILED


def _explain_text(message: str) -> None:
    if "expected text, found" in message:
        say("hint: VALUE is read as JSON where it is JSON; quotes make it text: 'id=\"4711\"'")
