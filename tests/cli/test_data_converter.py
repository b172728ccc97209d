"""The data converter that a project names is that of every command."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from interpreter.cli.process.exit import ExitCode
from interpreter.temporal.dev_server.server import DevServer
from tests.support.processes import python, stepfile

CONVERTER = """\
import dataclasses
from pathlib import Path
from temporalio.converter import DataConverter, ExternalStorage, PayloadCodec
from tests.support.file_storage import FileStorage, store_large_payloads


class Broken(PayloadCodec):
    async def encode(self, payloads):
        raise KeyError("no codec today")

    async def decode(self, payloads):
        raise KeyError("no codec today")


def make():
    folder = Path(__file__).with_name("stored")
    folder.mkdir(exist_ok=True)
    return store_large_payloads(FileStorage(folder))


broken = dataclasses.replace(DataConverter.default, payload_codec=Broken())
"""

ECHO = """\
dsl: "1"
name: echo
defaults: {timeouts: {start_to_close: 10s}, retry: {maximum_attempts: 1}}
steps: [{id: reserve, activity: reserve, args: ["${ input.item }"]}]
output: ${ steps.reserve.result }
"""


@pytest.fixture
def configured(shop: Path) -> Path:
    """A project with a data converter."""
    (shop / "shop_data.py").write_text(CONVERTER)
    (shop / "echo.yaml").write_text(ECHO)
    return shop


def configure(shop: Path, reference: str) -> None:
    (shop / "pyproject.toml").write_text(
        f'[tool.stepfile]\nactivities = ["shop_activities"]\ndata_converter = {reference}\n'
    )


def test_external_storage(configured: Path, server: DevServer) -> None:
    """The input is larger than anything that Temporal takes."""
    configure(configured, '"shop_data:make"')
    (configured / "input.json").write_text(json.dumps({"item": "x" * 3_000_000}))
    words = ("run", "echo.yaml", "--input", "@input.json", "--address", server.address)
    ended = stepfile(*words, cwd=configured, env={"PYTHONPATH": str(Path(__file__).parents[2])})
    assert ended.returncode == ExitCode.SUCCESS, ended.stderr
    assert len(json.loads(ended.stdout)) > 3_000_000
    assert list((configured / "stored").iterdir())


def test_a_converter_that_fails(configured: Path, server: DevServer) -> None:
    configure(configured, '"shop_data:broken"')
    words = ("submit", "echo.yaml", "--input", "item=x", "--address", server.address)
    ended = stepfile(*words, cwd=configured, env={"PYTHONPATH": str(Path(__file__).parents[2])})
    assert ended.returncode == ExitCode.FAILED
    assert (
        "stepfile: nothing was sent: the data converter of the project has failed: KeyError" in ended.stderr
    )
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        ("5", "[tool.stepfile] data_converter must be the name of an object"),
        (
            '"shop_date:make"',
            "[tool.stepfile] data_converter names the module shop_date, which can't be imported",
        ),
        (
            '"shop_data:mike"',
            '[tool.stepfile] data_converter names "shop_data:mike", but the module shop_data has',
        ),
        ('"shop_data:CONVERTER"', '[tool.stepfile] data_converter names "shop_data:CONVERTER", but'),
        ('"json:dumps"', '[tool.stepfile] data_converter names "json:dumps", which has failed: TypeError'),
        ('"json:__name__"', "which is no DataConverter but an object of the type str"),
    ],
)
def test_settings_that_are_wrong(configured: Path, server: DevServer, reference: str, message: str) -> None:
    configure(configured, reference)
    env = {"PYTHONPATH": str(Path(__file__).parents[2])}
    ended = stepfile("status", "no-such-run", "--address", server.address, cwd=configured, env=env)
    assert ended.returncode == ExitCode.FAILED
    assert message in ended.stderr
    assert "Traceback" not in ended.stderr


IMPORTED = """
import sys
import interpreter.cli.jobs.status, interpreter.temporal.client.connection
from interpreter.cli.arguments.data_converter import find_data_converter
assert find_data_converter() is None
print(*sorted(name for name in sys.modules if name.startswith(("interpreter.temporal.worker", "cryptography"))))
"""


def test_a_command_without_a_worker_imports_none_of_its_modules() -> None:
    ended = python(IMPORTED)
    assert (ended.returncode, ended.stderr, ended.stdout.strip()) == (0, "", "")
