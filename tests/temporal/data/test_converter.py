"""The data converter that a setting names."""

from __future__ import annotations

from pathlib import Path

import pytest
from temporalio.converter import DataConverter

from interpreter.temporal.data.converter import load_data_converter
from interpreter.temporal.data.explained_encoding import EncodingProblem, explain_encoding
from interpreter.temporal.references import SettingProblem
from tests.support.file_storage import FileStorage, store_large_payloads

MODULE = """\
from temporalio.converter import DataConverter

converter = DataConverter()


def make():
    return converter


def make_nothing():
    pass


def fail():
    raise RuntimeError("no vault")
"""


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Make a module with converters, and return its name."""
    name = f"data_of_{tmp_path.name}".replace("-", "_")
    (tmp_path / f"{name}.py").write_text(MODULE)
    (tmp_path / f"broken_{name}.py").write_text("1 / 0\n")
    monkeypatch.syspath_prepend(tmp_path)
    return name


def test_an_object_or_a_function_that_makes_one(module: str) -> None:
    made = load_data_converter(f"{module}:make")
    assert isinstance(made, DataConverter)
    assert load_data_converter(f"{module}:converter") is made


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        ("MODULE", 'must name a module and a name in it, found "MODULE"'),
        ("MODULE:", 'must name a module and a name in it, found "MODULE:"'),
        ("MODULE:nothing", 'names "MODULE:nothing", but the module MODULE has no "nothing"'),
        ("no_MODULE:x", "names the module no_MODULE, which can't be imported: No module named 'no_MODULE'"),
        ("broken_MODULE:x", "names the module broken_MODULE, which can't be imported: ZeroDivisionError"),
        ("MODULE:make_nothing", 'names "MODULE:make_nothing", which is no DataConverter but None'),
        ("MODULE:MODULE", 'has no "MODULE"'),
        ("MODULE:fail", 'names "MODULE:fail", which has failed: RuntimeError: no vault'),
    ],
)
def test_what_is_none(module: str, reference: str, message: str) -> None:
    with pytest.raises(SettingProblem) as problem:
        load_data_converter(reference.replace("MODULE", module))
    assert message.replace("MODULE", module) in problem.value.message


async def test_what_a_storage_raises_is_explained(tmp_path: Path) -> None:
    converter = explain_encoding(store_large_payloads(FileStorage(tmp_path / "missing"), threshold=0))
    with pytest.raises(EncodingProblem, match=r"nothing was sent: .* has failed: FileNotFoundError"):
        await converter.encode(["text"])
