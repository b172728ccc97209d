"""What is said of letters that can't be decoded here: they are left out."""

from __future__ import annotations

from dsl.problems.snippet import make_printable
from interpreter.cli.display.output import print_notice
from interpreter.cli.display.wording import join_names
from interpreter.cli.process.exit import ExitCode
from interpreter.temporal.client.decoding import CODEC_HINT
from interpreter.temporal.client.letters.found import FoundLetters


def tell_left_out(found: FoundLetters) -> ExitCode:
    """Say which letters were left out, and why.

    Returns:
        How a command ends that has worked with those that were found: one that was to see all letters has failed if
        it has not seen some.
    """
    if not found.undecodable:
        return ExitCode.SUCCESS
    ids = join_names([make_printable(letter.id) for letter in found.undecodable])
    print_notice(f"left out, because the letters can't be decoded here: {ids} ({found.undecodable[0].why})")
    print_notice(f"hint: {CODEC_HINT}")
    return ExitCode.FAILED
