"""The commands: one module each, imported when it is called for."""

from __future__ import annotations

import click

from interpreter.cli.group import Commands

COMMANDS = (
    "validate",
    "run",
    "submit",
    "status",
    "signal",
    "update",
    "query",
    "schedule",
    "cancel",
    "worker",
    "server",
    "schema",
)
"""In the order of their use. Each is the `command` of the module of its name, which imports what it needs
only when it runs: help and completion are quick."""


@click.group(
    cls=Commands,
    package="interpreter.cli.commands",
    names=COMMANDS,
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
