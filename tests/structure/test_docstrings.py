"""Modules, and what they offer to others, say what they are in a sentence that is understood on first reading."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from tests.structure.modules import Module, read_modules

RIDDLES = ("Of ", "Those ", "The same ")
"""How the first line of a docstring must not begin: nobody knows of what, which, or the same as what."""

NOT_YET = ("dsl.expressions.", "dsl.model.", "dsl.reading.", "dsl.rules.", "dsl.source.")
"""Rooms in which some public functions have no docstring: their names and the head of the file say it all."""


def test_every_module_has_a_docstring() -> None:
    bare = [
        module.name
        for module in read_modules()
        if not module.is_empty and ast.get_docstring(module.tree) is None
    ]
    assert not bare, "\n".join(bare)


def test_what_others_use_has_a_docstring() -> None:
    """Methods are not looked at: many do what an interface says, and the sentence stands there."""
    bare = [
        f"{module.locate(node.lineno)} {node.name}"
        for module in read_modules()
        if not module.name.startswith(NOT_YET)
        for node in module.tree.body
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        if not node.name.startswith("_") and ast.get_docstring(node) is None
    ]
    assert not bare, "\n".join(bare)


def test_no_docstring_begins_with_a_riddle() -> None:
    riddles = [
        f"{module.locate(line)} {text.splitlines()[0]}"
        for module in read_modules()
        for line, text in _find_docstrings(module)
        if text.startswith(RIDDLES)
    ]
    assert not riddles, "\n".join(riddles)


def _find_docstrings(module: Module) -> Iterator[tuple[int, str]]:
    """Find all docstrings with their lines; also those of constants and fields, which Python forgets."""
    for node in ast.walk(module.tree):
        if not isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        for statement in node.body:
            match statement:
                case ast.Expr(value=ast.Constant(value=str() as text)):
                    yield statement.lineno, text.strip()
