"""A command with commands below it."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches
from importlib import import_module
from typing import Any

import click


class Commands(click.Group):
    """A group that finds its commands in the modules of a package, and the one that was probably meant."""

    def __init__(self, *args: Any, package: str, names: Sequence[str], **options: Any) -> None:
        super().__init__(*args, **options)
        self._package = package
        self._names = names

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self._names)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self._names:
            return None
        command: click.Command = import_module(f"{self._package}.{cmd_name}").command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        if name in self._names or name.startswith("-"):
            return super().resolve_command(ctx, args)
        close = get_close_matches(name, self._names, n=1)
        hint = f'did you mean "{close[0]}"?' if close else f"there are: {', '.join(sorted(self._names))}"
        raise click.UsageError(f'no command "{name}"; {hint}', ctx)
