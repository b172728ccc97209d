"""The help texts in the reference of the command line: `python -m tests.cli.reference` writes them anew."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import click

from interpreter.cli.command_line import stepfile

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "command-line.md"
WIDTH = 100

_BLOCK = re.compile(r"(?<=^```console\n)\$ stepfile ?(?P<command>[a-z ]*) --help\n.*?(?=^```$)", re.M | re.S)


def renewed(page: str) -> str:
    """The page with the help texts as the commands have them now."""
    return _BLOCK.sub(lambda block: _help(block["command"]), page)


def shown(page: str) -> list[str]:
    """The commands whose help the page shows; the empty name is `stepfile` itself."""
    return [block["command"] for block in _BLOCK.finditer(page)]


def commands(group: click.Group = stepfile, above: str = "") -> Iterator[str]:
    """All commands in the order of their help, those of a group behind it."""
    for name in group.list_commands(click.Context(group)):
        yield f"{above}{name}"
        command = group.get_command(click.Context(group), name)
        if isinstance(command, click.Group):
            yield from commands(command, f"{name} ")


def context_of(*words: str) -> click.Context:
    """Of the command that the words name, as the program makes it: click keeps the help option of the first one."""
    options = {"max_content_width": WIDTH, "terminal_width": WIDTH, "help_option_names": ["-h", "--help"]}
    context = click.Context(stepfile, info_name="stepfile", **options)  # type: ignore[arg-type]
    for word in words:
        assert isinstance(context.command, click.Group)
        command = context.command.get_command(context, word)
        assert command is not None, f"no command {word}"
        context = click.Context(command, info_name=word, parent=context, **options)  # type: ignore[arg-type]
    return context


def _help(name: str) -> str:
    context = context_of(*name.split())
    return f"$ stepfile {f'{name} ' if name else ''}--help\n{context.command.get_help(context)}\n"


if __name__ == "__main__":
    PAGE.write_text(renewed(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
