"""Imports stand at the head of a module, and none leads back to where it came from."""

from __future__ import annotations

import re

import pytest

from tests.structure.imports import Import, build_graph, find_circles, find_imports
from tests.structure.modules import read_modules

FOR_TYPE_CHECKERS = {("dsl.model.any_step", "dsl.model.steps")}
"""Imports that never happen, and may lead back. A step holds steps, and type checkers must know all kinds of them;
for Python a placeholder stands there."""


def _all_imports() -> list[Import]:
    return [each for module in read_modules() for each in find_imports(module)]


def test_an_import_inside_a_function_has_a_reason() -> None:
    """It stands on the line, or on the one before. Only the edges need none: their commands must start fast."""
    bare = [
        f"{each.importer.locate(each.line)} {each.imported}"
        for each in _all_imports()
        if each.in_function and not each.importer.is_at_an_edge and not _has_reason(each)
    ]
    assert not bare, "\n".join(bare)


def _has_reason(each: Import) -> bool:
    before, line = each.importer.lines[each.line - 2 : each.line]
    comment = re.sub(r"(noqa|type:) *[\w:, \[\]-]*", "", line.partition("#")[2]).strip("# ")
    return bool(comment) or before.lstrip().startswith("# ")


def test_the_annotations_of_the_model_are_no_texts() -> None:
    """pydantic compiled each of them at every start, which took 7 of 60 ms of our own."""
    texts = [
        each.importer.locate(each.line)
        for each in _all_imports()
        if each.imported.startswith("__future__") and each.importer.name.startswith("dsl.model")
    ]
    assert not texts, "\n".join(texts)


def test_no_modules_import_each_other_in_a_circle() -> None:
    """Not even by an import inside a function, or by one for type checkers only."""
    imports = [
        each
        for each in _all_imports()
        if not (each.for_type_checkers and (each.importer.name, each.imported) in FOR_TYPE_CHECKERS)
    ]
    assert not find_circles(build_graph(imports))


@pytest.mark.parametrize(
    ("graph", "circles"),
    [
        ({"a": {"b"}, "b": set()}, []),
        ({"a": {"b"}, "b": {"c"}, "c": {"b"}}, [["b", "c"]]),
        ({"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a"}}, [["a", "b", "c"]]),
        ({"a": {"b", "c"}, "b": {"d"}, "c": {"d"}, "d": set()}, []),
    ],
)
def test_circles_are_found(graph: dict[str, set[str]], circles: list[list[str]]) -> None:
    assert find_circles(graph) == circles
