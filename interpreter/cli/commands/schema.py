"""`stepfile schema` prints the JSON Schema of definitions, for editors."""

from __future__ import annotations

import click

from interpreter.cli.display.output import print_result
from interpreter.cli.process.exit import ExitCode


@click.command(
    epilog="""\b
With the YAML plugin of your editor (yaml-language-server):
  stepfile schema > workflow.schema.json
and as the first line of a definition:
  # yaml-language-server: $schema=workflow.schema.json"""
)
def command() -> ExitCode:
    """Print the JSON Schema of definitions.

    Editors complete and check definitions with it. It knows keys and types. `stepfile validate` also knows
    expressions, references and durations, and what may stand together.
    """
    from dsl.json_schema.schema import format_schema

    print_result(format_schema(), end="")
    return ExitCode.SUCCESS
