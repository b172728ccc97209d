"""Files and functions stay small enough to be read at once, and no module lies loose beside rooms."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from statistics import median

import pytest

from tests.structure.modules import ROOT, Module, read_modules

LONGEST_FILE = 400
MEDIAN_FILE = 120
LONGEST_FUNCTION = 60
"""Lines, from its `def` to its end."""

LOOSE = {
    "dsl": {"check"},
    "interpreter": {"effects", "events", "lifecycle", "machine", "predecessor", "snapshot", "wording"},
    "interpreter/cli": {"command_line", "group", "lazy_group", "main"},
    "interpreter/temporal": {"plugin", "problem", "references"},
}
"""Ring → the modules that lie beside its rooms: what is read first, and what all rooms need."""


def test_no_file_is_too_long() -> None:
    long = {str(module.path.relative_to(ROOT)): len(module.lines) for module in read_modules()}
    assert not {path: lines for path, lines in long.items() if lines > LONGEST_FILE}


def test_most_files_are_short() -> None:
    sizes = [len(module.lines) for module in read_modules() if not module.is_empty]
    assert median(sizes) <= MEDIAN_FILE


def test_no_function_is_too_long() -> None:
    long = [
        f"{module.locate(function.lineno)} {function.name}: {size} lines"
        for module in read_modules()
        for function in _find_functions(module)
        if (size := (function.end_lineno or 0) - function.lineno + 1) > LONGEST_FUNCTION
    ]
    assert not long, "\n".join(long)


@pytest.mark.parametrize("ring", [ring for ring in LOOSE if (ROOT / ring).is_dir()])
def test_no_module_lies_loose_beside_the_rooms(ring: str) -> None:
    loose = {path.stem for path in (ROOT / ring).glob("*.py")} - {"__init__", "__main__"}
    assert loose <= LOOSE[ring], "put it into a room, or on the list"


def _find_functions(module: Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(module.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node
