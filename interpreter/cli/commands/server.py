"""`stepfile server` runs a Temporal server for development."""

from __future__ import annotations

from pathlib import Path

import click

from interpreter.cli.process.exit import ExitCode


@click.command(
    epilog="""\b
Examples:
  stepfile server                     forgets everything when it ends
  stepfile server --db temporal.db    keeps its runs

\b
Exit codes: 0 stopped by SIGTERM; 1 it did not start; 130 Ctrl-C."""
)
@click.option(
    "--db",
    type=click.Path(path_type=Path, dir_okay=False),
    help="SQLite file in which the server keeps its state.",
)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=7233,
    show_default=True,
    help="Port of the server; 0 is any free one.",
)
@click.option(
    "--ui-port",
    type=click.IntRange(0, 65535),
    default=8233,
    show_default=True,
    help="Port of the UI; 0 is any free one.",
)
@click.option(
    "--namespace",
    metavar="NAME",
    default="default",
    show_default=True,
    help="Temporal's namespace; the server creates it if it does not exist.",
)
@click.option(
    "--dynamic-config-value",
    "dynamic_config",
    metavar="KEY=VALUE",
    multiple=True,
    help="A value of Temporal's dynamic configuration, as JSON, for example matching.enableFairness=true.",
)
def command(
    db: Path | None, port: int, ui_port: int, namespace: str, dynamic_config: tuple[str, ...]
) -> ExitCode:
    """Run a Temporal server for development.

    This is Temporal's own development server with its UI. It runs until Ctrl-C, and is not for production. The
    other commands find it by themselves if it uses the default port.
    """
    from interpreter.cli.jobs.server import serve

    return serve(db, port or None, ui_port or None, namespace, dynamic_config)
