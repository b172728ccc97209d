"""Every `stepfile ...` that the documentation tells to type names a command and options that exist."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator

import click
import pytest

from tests.cli.reference import make_context
from tests.docs.pages import all_blocks

_ENDS = re.compile(r"[|&;<>]+|#.*")
"""Where a shell ends a command, or sends its output elsewhere."""
_SETTING = re.compile(r"[A-Z_]+=")


def _calls() -> Iterator[tuple[str, str]]:
    for block in all_blocks("sh"):
        for line in block.text.replace("\\\n", " ").splitlines():
            for call in _calls_of(line):
                yield f"{block.place} {call}", call


def _calls_of(line: str) -> Iterator[str]:
    for part in _ENDS.split(re.sub(r"\$\(([^)]*)\)", r"; \1 ;", line)):
        words = part.split()
        while words and _SETTING.match(words[0]):
            words.pop(0)
        if words and words[0].endswith("stepfile"):
            yield " ".join(words[1:])


CALLS = list(_calls())


@pytest.mark.parametrize("call", [call for _, call in CALLS], ids=[place for place, _ in CALLS])
def test_a_command_can_be_typed_as_it_is_shown(call: str) -> None:
    name, *arguments = shlex.split(call)
    if name.startswith("-"):
        assert name in ("--help", "-h", "--version")
        return
    context = make_context(name)
    if isinstance(context.command, click.Group):
        verb, *arguments = arguments
        context = make_context(name, verb)
    command = context.command
    given, left, _ = command.make_parser(context).parse_args(arguments)  # unknown options raise
    assert not left
    _check_choices(command, given)


def _check_choices(command: click.Command, given: dict[str, object]) -> None:
    for parameter in command.params:
        value = given.get(parameter.name or "")
        if isinstance(parameter.type, click.Choice) and value is not None:
            assert value in parameter.type.choices
