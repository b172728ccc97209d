"""The way to production, gone by the letter: files are written, commands typed, and their outputs compared.

A command after which the page shows nothing says nothing, and all commands end with 0. The environment of the tests
stands for the one that the page makes, free ports stand for those on the page, and a server of the test for the one
that the page starts in a terminal of its own.
"""

from __future__ import annotations

import re
import shlex
import uuid
from configparser import ConfigParser
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from shutil import which

import pytest

from interpreter.cli.commands.worker import command
from interpreter.cli.process.running_worker import CANCELLATION_TIME
from tests.cli.reference import parse_arguments
from tests.cli.running_command import MARK, kill_at_end, run_in_background
from tests.docs.pages import DOCS, Block, blocks
from tests.docs.terminal import keep_lasting, type_commands
from tests.docs.test_tutorial import write
from tests.support.metrics import find_free_port

PAGE = DOCS / "tutorial" / "to-production.md"
INSTALL = "pip install"
"""The block that makes an environment."""

_PORT = re.compile(r"\b(?:808[12]|946[12])\b")


@pytest.mark.slow
@pytest.mark.server
@pytest.mark.skipif(which("curl") is None, reason="the page asks probes and metrics with curl")
def test_the_way(tmp_path: Path) -> None:
    address = f"127.0.0.1:{find_free_port()}"
    ports = ("--port", address.rpartition(":")[2], "--ui-port", str(find_free_port()))
    mark = uuid.uuid4().hex
    with run_in_background("server", *ports) as server, kill_at_end(mark):
        server.wait_for_output("Temporal runs at")
        _follow(_choose_ports(blocks(PAGE)), tmp_path, {"TEMPORAL_ADDRESS": address, MARK: mark})


def test_the_supervisor_waits_for_the_activities() -> None:
    [text] = [block.text for block in blocks(PAGE) if block.file == "worker.conf"]
    settings = ConfigParser(interpolation=None)
    settings.read_string(text)
    [program] = map(settings.__getitem__, settings.sections())
    options = shlex.split(program["command"])[2:]
    grace = parse_arguments(command, options)["grace"]
    assert program.getint("stopwaitsecs") > grace.total_seconds() + CANCELLATION_TIME


def _follow(page: list[Block], folder: Path, env: dict[str, str]) -> None:
    for block, following in pairwise([*page, replace(page[-1], language="")]):
        if block.file is not None:
            write(block, folder)
        elif block.language == "sh" and INSTALL not in block.text:
            done = type_commands(block.text, folder, env)
            expected = following.text if following.language == "text" else ""
            assert keep_lasting(done.stdout) == keep_lasting(expected), block.place
            assert done.returncode == 0, block.place


def _choose_ports(page: list[Block]) -> list[Block]:
    chosen: dict[str, str] = {}
    for block in page:
        for port in _PORT.findall(block.text):
            chosen.setdefault(port, str(find_free_port()))
    return [replace(block, text=_PORT.sub(lambda found: chosen[found[0]], block.text)) for block in page]
