"""Check what can be imported from `stepfile`, and what that costs."""

from __future__ import annotations

import re

import pytest

import stepfile
from stepfile import _api
from tests.docs.pages import DOCS
from tests.support.processes import python

IMPORTED = """
import sys
import stepfile.activity, stepfile
from stepfile import activity
print(*sorted(name for name in sys.modules if name.split(".")[0] in {"dsl", "interpreter", "stepfile", "pydantic"}))
"""


@pytest.mark.parametrize("name", _api.__all__)
def test_each_name_is_there(name: str) -> None:
    assert getattr(stepfile, name) is getattr(_api, name)
    assert name in dir(stepfile)


def test_a_star_gives_the_same_names() -> None:
    names: dict[str, object] = {}
    exec("from stepfile import *", names)
    assert names.keys() - {"__builtins__"} == set(_api.__all__)


def test_other_names_are_missing() -> None:
    with pytest.raises(AttributeError, match="module 'stepfile' has no attribute 'conect'"):
        _ = stepfile.conect  # type: ignore[attr-defined]
    with pytest.raises(ImportError, match="cannot import name 'conect' from 'stepfile'"):
        from stepfile import conect  # type: ignore[attr-defined] # noqa: F401


def test_an_activity_imports_neither_the_language_nor_the_machine() -> None:
    ended = python(IMPORTED)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert set(ended.stdout.split()) == {
        *("stepfile", "stepfile.activity"),
        *("interpreter", "interpreter.program", "interpreter.program.paths", "interpreter.temporal"),
        *("interpreter.temporal.wire", "interpreter.temporal.wire.current_header"),
        "interpreter.temporal.wire.default_key",
        *("interpreter.temporal.worker", "interpreter.temporal.worker.activity_api"),
    }


def test_encryption_says_which_package_it_needs() -> None:
    ended = python("import sys; sys.modules['cryptography'] = None; import stepfile.encryption")
    assert ended.returncode == 1
    assert "encryption needs the package cryptography, which can't be imported" in ended.stderr
    assert "hint: pip install 'stepfile[encryption]'" in ended.stderr


def test_the_pages_import_from_nowhere_else() -> None:
    internal = re.compile(r"^\s*(?:from|import) (?:dsl|interpreter|stepfile\._\w+)\b.*$", re.MULTILINE)
    pages = [*DOCS.rglob("*.md"), DOCS.parent / "README.md"]
    found = [(page.name, line) for page in pages for line in internal.findall(page.read_text())]
    assert found == []
