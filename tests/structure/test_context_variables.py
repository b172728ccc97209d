"""No coroutine sets a variable of the context in a `finally`.

Python also runs a `finally` while it collects a coroutine that was dropped, and this may happen in the middle of
setting a variable of the context. To set one there is a use of freed memory, which ends the process (issue 148891 of
CPython). A context manager that knows `GeneratorExit` can do it: see `interpreter.state.position`.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from tests.conftest import ROOT

BAD = """
current: ContextVar[int] = ContextVar("current")
async def step():
    try:
        await something()
    finally:
        current.set(None)
"""
_VARIABLE = re.compile(r"\b(\w+)(?:: ContextVar\[.*\])? = ContextVar\(")


def find_settings(text: str, variables: set[str]) -> Iterator[int]:
    """Find the lines in which a coroutine sets one of these variables in a `finally`."""
    for function in [each for each in ast.walk(ast.parse(text)) if isinstance(each, ast.AsyncFunctionDef)]:
        for attempt in [each for each in ast.walk(function) if isinstance(each, ast.Try)]:
            for each in [inner for last in attempt.finalbody for inner in ast.walk(last)]:
                match each:
                    case ast.Call(func=ast.Attribute(attr="set" | "reset", value=ast.Name(id=name))):
                        if name in variables:
                            yield each.lineno
                    case _:
                        pass


def test_it_would_be_found() -> None:
    assert list(find_settings(BAD, set(_VARIABLE.findall(BAD)))) == [7]


def test_no_coroutine_does_it() -> None:
    texts = {file: file.read_text(encoding="utf-8") for file in sorted((ROOT / "interpreter").rglob("*.py"))}
    variables = {name for text in texts.values() for name in _VARIABLE.findall(text)}
    assert "current_position" in variables
    found = [f"{file}:{line}" for file, text in texts.items() for line in find_settings(text, variables)]
    assert not found
