"""The tutorial on repairs, done by the letter on a server and a worker of its own; its outputs are compared.

Only what differs from run to run may differ: times, ids of runs, who has started them, and lines that show a passing
state, which a busy machine may miss or see.
"""

from __future__ import annotations

import os
import re
import subprocess
from itertools import pairwise
from pathlib import Path

import pytest

from tests.cli.running_command import run_in_background
from tests.docs.pages import DOCS, blocks
from tests.docs.test_tutorial import write
from tests.support.metrics import find_free_port
from tests.support.processes import STEPFILE

PAGE = DOCS / "tutorial" / "repair-in-the-morning.md"

_PASSING = re.compile(r"^(?:no worker answers|(?:\w+ +(?:running|retrying|undoing)\b)).*\n", re.M)
_DIFFERENT = (
    (r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d:\d\d(?:\.\d+)?)?(?:Z| UTC)", "DATE"),
    (r"\b\d\d:\d\d:\d\d\.\d+\b", "TIME"),
    (r"\b\d+(?:\.\d+)? ?s\b", "SECONDS"),
    (r"\b[0-9a-f]{8}-[0-9a-f-]{27}\b", "RUN"),
    (r"\b\d+@[\w.-]+", "SOMEBODY"),
    (r" +$", ""),
)


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
                    said = _type(block.text, tmp_path, env)
                    assert _keep_lasting(said) == _keep_lasting(following.text), block.place


def _type(text: str, folder: Path, env: dict[str, str]) -> str:
    """What the commands write, to standard output and standard error."""
    path = f"{STEPFILE.parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        text,
        shell=True,
        cwd=folder,
        env={**os.environ, **env, "PATH": path},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
    )
    return done.stdout


def _keep_lasting(text: str) -> str:
    text = _PASSING.sub("", text)
    for pattern, name in _DIFFERENT:
        text = re.sub(pattern, name, text, flags=re.M)
    return re.sub(r" +", " ", text)
