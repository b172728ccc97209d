"""The tutorial on repairs, done by the letter on a server and a worker of its own; its outputs are compared."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from tests.cli.running_command import run_in_background
from tests.docs.pages import DOCS, blocks
from tests.docs.terminal import keep_lasting, type_commands
from tests.docs.test_tutorial import write
from tests.support.metrics import find_free_port

PAGE = DOCS / "tutorial" / "repair-in-the-morning.md"


@pytest.mark.slow
@pytest.mark.server
def test_the_tutorial_goes_as_it_says(tmp_path: Path) -> None:
    page = blocks(PAGE)
    address = f"127.0.0.1:{find_free_port()}"
    ports = ("--port", address.rpartition(":")[2], "--ui-port", str(find_free_port()))
    with run_in_background("server", *ports) as server:
        server.wait_for_output("Temporal runs at")
        env = {"TEMPORAL_ADDRESS": address}
        for block in page:
            if block.file is not None:
                write(block, tmp_path)
        with run_in_background("worker", cwd=tmp_path, env=env) as worker:
            worker.wait_for_output("worker on task queue")
            for block, following in pairwise(page):
                if block.language == "sh":
                    assert following.language == "text", block.place
                    said = type_commands(block.text, tmp_path, env).stdout
                    assert keep_lasting(said) == keep_lasting(following.text), block.place
