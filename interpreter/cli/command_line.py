"""The command line consists of these commands; each is in the module of its name in `interpreter.cli.commands`."""

from __future__ import annotations

import click

from interpreter.cli.lazy_group import LazyGroup

COMMANDS = (
    "validate",
    "run",
    "submit",
    "status",
    "list",
    "show",
    "log",
    "signal",
    "update",
    "query",
    "schedule",
    "breaker",
    "cancel",
    "retry",
    "resume",
    "worker",
    "server",
    "schema",
)
"""The commands in the order of their use.

A command's module imports what the command needs only when the command runs, so that help and completion are quick.
"""


@click.group(
    cls=LazyGroup,
    package="interpreter.cli.commands",
    names=COMMANDS,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="""\b
First steps:
  stepfile validate orders.yaml               finds every mistake, and where it is
  stepfile run orders.yaml --input order=17   starts a Temporal server of its own

\b
In production:
  stepfile worker                             carries out what is submitted
  stepfile submit orders.yaml --input order=17
  stepfile status ID --follow

\b
Stepfile finds Temporal as Temporal's own tools do: by TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE and
TEMPORAL_PROFILE, or by --address, --namespace and --profile.

\b
Exit codes: 0 success; 1 the definition, the run or Temporal failed; 2 the command line is wrong;
3 a bug of Stepfile; 130 interrupted.""",
)
@click.version_option(package_name="stepfile", message="stepfile %(version)s")
def stepfile() -> None:
    """Resilient Temporal workflows, written as YAML."""
