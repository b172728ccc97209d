"""No coroutine sets a variable of the context in a `finally`.

Python also runs a `finally` while it collects a coroutine that was dropped, and this may happen in the middle of
setting a variable of the context. To set one there is a use of freed memory, which ends the process (issue 148891 of
CPython). A context manager that knows `GeneratorExit` can do it: see `interpreter.state.position`.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from tests.conftest import ROOT

BAD = """
current = ContextVar("current")
async def step():
    try:
        await something()
    finally:
        current.set(None)
"""


def find_settings(text: str) -> Iterator[int]:
    """Find the lines in which a coroutine sets a variable of the context in a `finally`."""
    tree = ast.parse(text)
    for function in [each for each in ast.walk(tree) if isinstance(each, ast.AsyncFunctionDef)]:
        for attempt in [each for each in ast.walk(function) if isinstance(each, ast.Try)]:
            for each in [inner for last in attempt.finalbody for inner in ast.walk(last)]:
                if isinstance(each, ast.Call) and isinstance(each.func, ast.Attribute):
                    name = each.func.value.id if isinstance(each.func.value, ast.Name) else ""
                    if each.func.attr in ("set", "reset") and name.startswith(("current", "_")):
                        yield each.lineno


def test_it_would_be_found() -> None:
    assert list(find_settings(BAD)) == [7]


def test_no_coroutine_does_it() -> None:
    files = sorted((ROOT / "interpreter").rglob("*.py"))
    found = [f"{file}:{line}" for file in files for line in find_settings(file.read_text(encoding="utf-8"))]
    assert not found
