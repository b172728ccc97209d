"""A command group imports the module of a command only when that command is called."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from importlib import import_module
from typing import Any

import click


class LazyGroup(click.Group):
    """A `LazyGroup` finds each of its commands in a module of the command's name.

    For a name that it does not know, it suggests the command that was probably meant.
    """

    def __init__(self, *args: Any, package: str, names: Sequence[str], **options: Any) -> None:
        """Make the group.

        Args:
            package: The package whose modules hold the commands.
            names: The names of the commands, in the order of the help.
        """
        super().__init__(*args, **options)
        self._package = package
        self._names = names

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order of the help."""
        return list(self._names)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command, or return None if there is no command of that name."""
        if cmd_name not in self._names:
            return None
        command: click.Command = import_module(f"{self._package}.{cmd_name}").command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that the first argument names.

        Raises:
            click.UsageError: there is no such command.
        """
        name = args[0]
        if name in self._names or name.startswith("-"):
            return super().resolve_command(ctx, args)
        raise click.UsageError(f'there is no command "{name}"; {self._suggest(ctx, name)}', ctx)

    def _suggest(self, ctx: click.Context, name: str) -> str:
        """Suggest the commands of this very name that other groups have, or else a similar one of this group."""
        root = ctx.find_root()
        paths = _list_paths(root, root.command, "stepfile")
        elsewhere = [f'"{path}"' for path in paths if path.split()[-1] == name]
        if elsewhere:
            return f"did you mean {' or '.join(elsewhere)}?"
        close = get_close_matches(name, self._names, n=1)
        return (
            f'did you mean "{close[0]}"?' if close else f"the commands are {', '.join(sorted(self._names))}"
        )


def _list_paths(ctx: click.Context, command: click.Command, path: str) -> Iterator[str]:
    """List what is typed for each command of a group, in it and in the groups inside it."""
    if isinstance(command, click.Group):
        for name in command.list_commands(ctx):
            yield f"{path} {name}"
            inner = command.get_command(ctx, name)
            if inner is not None:
                yield from _list_paths(ctx, inner, f"{path} {name}")
