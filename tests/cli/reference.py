"""The help texts in the reference of the command line: `python -m tests.cli.reference` writes them anew."""

from __future__ import annotations

import re
from pathlib import Path

import click

from interpreter.cli.commands import COMMANDS, stepfile

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "command-line.md"
WIDTH = 100

_BLOCK = re.compile(r"(?<=^```console\n)\$ stepfile ?(?P<command>\w*) --help\n.*?(?=^```$)", re.M | re.S)


def renewed(page: str) -> str:
    """The page with the help texts as the commands have them now."""
    return _BLOCK.sub(lambda block: _help(block["command"]), page)


def shown(page: str) -> list[str]:
    """The commands whose help the page shows; the empty name is `stepfile` itself."""
    return [block["command"] for block in _BLOCK.finditer(page)]


def _help(name: str) -> str:
    options = {"max_content_width": WIDTH, "terminal_width": WIDTH, "help_option_names": ["-h", "--help"]}
    root = click.Context(stepfile, info_name="stepfile", **options)  # type: ignore[arg-type]
    if not name:
        return f"$ stepfile --help\n{stepfile.get_help(root)}\n"
    command = stepfile.get_command(root, name)
    assert command is not None
    assert name in COMMANDS
    context = click.Context(command, info_name=name, parent=root, **options)  # type: ignore[arg-type]
    return f"$ stepfile {name} --help\n{command.get_help(context)}\n"


if __name__ == "__main__":
    PAGE.write_text(renewed(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
