"""The commands: one module each, imported when it is called for."""

from __future__ import annotations

from difflib import get_close_matches
from importlib import import_module

import click

COMMANDS = (
    "validate",
    "run",
    "submit",
    "status",
    "signal",
    "update",
    "query",
    "cancel",
    "worker",
    "server",
    "schema",
)
"""In the order of their use. Each is the `command` of the module of its name, which imports what it needs
only when it runs: help and completion are quick."""


class Commands(click.Group):
    """A group that finds its commands in `COMMANDS`, and the one that was probably meant."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(f"interpreter.cli.{cmd_name}").command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        if name in COMMANDS or name.startswith("-"):
            return super().resolve_command(ctx, args)
        close = get_close_matches(name, COMMANDS, n=1)
        hint = f'did you mean "{close[0]}"?' if close else f"there are: {', '.join(sorted(COMMANDS))}"
        raise click.UsageError(f'no command "{name}"; {hint}', ctx)


@click.group(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="""\b
First steps:
  stepfile validate orders.yaml               every mistake, with its place
  stepfile run orders.yaml --input order=17   on a Temporal of its own, nothing to install

\b
For good:
  stepfile worker                             runs what is submitted
  stepfile submit orders.yaml --input order=17
  stepfile status ID --follow

\b
Temporal is found as its own tools find it: TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE,
TEMPORAL_PROFILE, or --address, --namespace, --profile.

\b
Exit codes: 0 fine; 1 the definition, the run or Temporal failed; 2 the command line is wrong;
3 a bug of Stepfile; 130 interrupted.""",
)
@click.version_option(package_name="stepfile", message="stepfile %(version)s")
def stepfile() -> None:
    """Resilient Temporal workflows, written as YAML."""
