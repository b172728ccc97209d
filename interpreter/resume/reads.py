"""What kept steps have read that will be another value: found in their expressions, without any values."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from dsl.definition.sites import Site, find_clause_sites, find_sites
from dsl.expressions import Template
from dsl.expressions.references import Reference
from dsl.model import Definition, PagingCall, SetStep
from interpreter.program.model import Node, Program
from interpreter.resume.executed import list_executed
from interpreter.state.run import Run

Reads = Callable[[Reference], bool]
"""Whether a reference may read something of which the caller knows that it changes."""

_BEFORE = frozenset({"when", "switch", "for_each", "key", "repeat"})
"""The keys of a block that are evaluated before, or between, what is inside it."""


@dataclass(frozen=True, slots=True)
class StaleRead:
    """A step that is not run again has read what changes."""

    reader: Node
    read: str
    """Such as `steps.reserve`."""


def find_stale_reads(
    run: Run, kept: Iterable[Node], opened: Iterable[Node], changes: Reads
) -> Iterator[StaleRead]:
    """Find the steps that have read what changes, among those that are kept, and the blocks that go on.

    Args:
        run: The run.
        kept: The steps that are over, and stay so.
        opened: The blocks that go on. They have read what is evaluated before the steps inside them.
        changes: What is asked for.
    """
    for top in kept:
        for node in list_executed(run, top):
            yield from _find_reads(node, _list_sites(node), changes)
    for node in opened:
        own = [site for site in _list_sites(node) if site.path[0] in _BEFORE]
        yield from _find_reads(node, own, changes)
        if node.is_loop:  # iterations that are over have read as well
            for inner in (each for step in node.body for each in step.walk()):
                yield from _find_reads(inner, _list_sites(inner), changes)


def read_changed_results(program: Program, changed: Iterable[Node]) -> Reads:
    """Build the question whether a reference reads the result of a step that changes, also by way of a variable."""
    ids = {each.id for node in changed for each in node.walk() if each.id is not None}
    names = set[str]()

    def reads(reference: Reference) -> bool:
        match reference.root:
            case "steps":
                return bool(ids) and (not reference.fields or reference.fields[0] in ids)
            case "vars":
                return bool(names) and (not reference.fields or reference.fields[0] in names)
            case _:
                return False

    assigned = list(_list_assignments(program))
    while more := {name for name, value in assigned if any(map(reads, value.find_references()))} - names:
        names |= more
    return reads


def read_patched(paths: Iterable[tuple[str, ...]]) -> Reads:
    """Build the question whether a reference reads a value that was patched: `("input", "amount")`."""
    patched = list(paths)

    def reads(reference: Reference) -> bool:
        way = (reference.root, *map(str, reference.fields))
        return any(all(a == b for a, b in zip(way, path, strict=False)) for path in patched)

    return reads


def _list_assignments(program: Program) -> Iterator[tuple[str, Template]]:
    definition: Definition = program.definition
    for node in program.nodes.values():
        if isinstance(node.step, SetStep):
            yield from node.step.set.items()
    for update in definition.updates.values():
        yield from update.set.items()


def _list_sites(node: Node) -> list[Site]:
    sites = list(find_sites(node.step, ()))
    if isinstance(node.step, PagingCall):
        return sites
    return [*sites, *(site for _, own in find_clause_sites(node.step, ()) for site in own)]


def _find_reads(node: Node, sites: Iterable[Site], changes: Reads) -> Iterator[StaleRead]:
    for site in sites:
        for reference in site.template.find_references():
            if changes(reference):
                yield StaleRead(node, ".".join((reference.root, *map(str, reference.fields[:1]))))
                return
