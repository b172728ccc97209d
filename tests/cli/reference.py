"""The reference of the command line has the help texts; `python -m tests.cli.reference` updates them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from interpreter.cli.command_line import stepfile

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "command-line.md"
WIDTH = 100
HELP_OPTIONS = ["-h", "--help"]

_BLOCK = re.compile(r"(?<=^```console\n)\$ stepfile ?(?P<command>[a-z ]*) --help\n.*?(?=^```$)", re.M | re.S)


def update_page(page: str) -> str:
    """Replace the help texts on the page by those that the commands have now."""
    return _BLOCK.sub(lambda block: _format_help(block["command"]), page)


def list_shown_commands(page: str) -> list[str]:
    """List the commands whose help the page shows; the empty name is `stepfile` itself."""
    return [block["command"] for block in _BLOCK.finditer(page)]


def list_commands(group: click.Group = stepfile, above: str = "") -> Iterator[str]:
    """List all commands in the order of the help; the commands of a group come after it."""
    for name in group.list_commands(click.Context(group)):
        yield f"{above}{name}"
        command = group.get_command(click.Context(group), name)
        if isinstance(command, click.Group):
            yield from list_commands(command, f"{name} ")


def parse_arguments(command: click.Command, arguments: list[str]) -> dict[str, Any]:
    """Parse arguments as the program does. A command keeps the first names of the help option that it hears of."""
    return command.make_context(command.name, arguments, help_option_names=HELP_OPTIONS).params


def make_context(*words: str) -> click.Context:
    """Make the context of the command that the words name, as the program makes it."""
    options = {"max_content_width": WIDTH, "terminal_width": WIDTH, "help_option_names": HELP_OPTIONS}
    context = click.Context(stepfile, info_name="stepfile", **options)  # type: ignore[arg-type]
    for word in words:
        assert isinstance(context.command, click.Group)
        command = context.command.get_command(context, word)
        assert command is not None, f"no command {word}"
        context = click.Context(command, info_name=word, parent=context, **options)  # type: ignore[arg-type]
    return context


def _format_help(name: str) -> str:
    context = make_context(*name.split())
    return f"$ stepfile {f'{name} ' if name else ''}--help\n{context.command.get_help(context)}\n"


if __name__ == "__main__":
    PAGE.write_text(update_page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
