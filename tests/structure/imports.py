"""Who imports whom: every import statement, wherever it stands."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from tests.structure.modules import Module, read_modules


@dataclass(frozen=True)
class Import:
    """One module that an import statement names."""

    importer: Module
    imported: str
    line: int
    in_function: bool
    for_type_checkers: bool
    """It stands under `if TYPE_CHECKING:`, and never happens."""


def find_imports(module: Module) -> Iterator[Import]:
    """Find what a module imports of Stepfile and of others."""
    yield from _search(module, module.tree, in_function=False, for_type_checkers=False)


def _search(module: Module, node: ast.AST, *, in_function: bool, for_type_checkers: bool) -> Iterator[Import]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import | ast.ImportFrom):
            for name in _list_names(child):
                yield Import(module, name, child.lineno, in_function, for_type_checkers)
        elif isinstance(child, ast.If) and _asks_for_type_checkers(child.test):
            for each in child.body:
                wrapped = ast.Module([each], [])
                yield from _search(module, wrapped, in_function=in_function, for_type_checkers=True)
            for each in child.orelse:
                wrapped = ast.Module([each], [])
                yield from _search(
                    module, wrapped, in_function=in_function, for_type_checkers=for_type_checkers
                )
        else:
            inside = in_function or isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
            yield from _search(module, child, in_function=inside, for_type_checkers=for_type_checkers)


def _asks_for_type_checkers(test: ast.expr) -> bool:
    return ast.unparse(test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING")


def _list_names(statement: ast.Import | ast.ImportFrom) -> Iterator[str]:
    """List the modules that a statement names: `from a.b import c` is `a.b.c` if there is one, otherwise `a.b`."""
    known = {module.name for module in read_modules()}
    if isinstance(statement, ast.Import):
        yield from (alias.name for alias in statement.names)
        return
    assert statement.level == 0, "imports are absolute"
    for alias in statement.names:
        inner = f"{statement.module}.{alias.name}"
        yield inner if inner in known else str(statement.module)


def build_graph(imports: Iterable[Import]) -> dict[str, set[str]]:
    """Build a map from each module to the modules of Stepfile that it imports.

    Python runs `a` before `a.b`; that alone is no import of `a`.
    """
    known = {module.name for module in read_modules()}
    graph: dict[str, set[str]] = {name: set() for name in known}
    for each in imports:
        if each.imported in known and each.imported != each.importer.name:
            graph[each.importer.name].add(each.imported)
    return graph


def find_circles(graph: Mapping[str, set[str]]) -> list[list[str]]:
    """Find the groups of modules in which each imports, by way of others, every other (Tarjan's algorithm)."""
    numbers: dict[str, int] = {}
    lowest: dict[str, int] = {}
    stack: list[str] = []
    circles: list[list[str]] = []

    def visit(name: str) -> None:
        numbers[name] = lowest[name] = len(numbers)
        stack.append(name)
        for imported in sorted(graph[name]):
            if imported not in numbers:
                visit(imported)
                lowest[name] = min(lowest[name], lowest[imported])
            elif imported in stack:
                lowest[name] = min(lowest[name], numbers[imported])
        if lowest[name] == numbers[name]:
            group = stack[stack.index(name) :]
            del stack[stack.index(name) :]
            if len(group) > 1:
                circles.append(sorted(group))

    for name in sorted(graph):
        if name not in numbers:
            visit(name)
    return circles
