"""Where the letters of the soak are kept, and how that place is taken away for a while."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from stepfile.sql import LettersDatabase
from tests.soak.cluster import ROOT, Cluster
from tests.support.postgresql import PostgreSql

AWAY_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Sink:
    """A place for letters."""

    queue: str
    """The queue, as the definition has it."""
    take_away: Callable[[Cluster], Awaitable[None]]
    """Takes the place away, and brings it back."""
    project: Path = ROOT
    """Where workers and commands run."""
    database: LettersDatabase | None = None


async def _restart_server(cluster: Cluster) -> None:
    await cluster.restart_server(signal.SIGKILL)


IN_TEMPORAL = Sink("{}", _restart_server)


def make_database_sink(folder: Path, server: PostgreSql) -> Sink:
    """Make a project in a folder, whose letters are in a database of a server."""
    url = server.create_database()
    folder.mkdir()
    (folder / "pyproject.toml").write_text(f'[tool.stepfile]\nletters_database = "{url}"\n')

    async def take_down(cluster: Cluster) -> None:
        await asyncio.to_thread(server.stop)
        await asyncio.sleep(AWAY_SECONDS)
        await asyncio.to_thread(server.start)
        cluster.done["database killed"] += 1

    return Sink("{activity: stepfile.write_letter_to_database}", take_down, folder, LettersDatabase(url))
