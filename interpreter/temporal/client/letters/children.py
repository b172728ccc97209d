"""What a step that a redrive runs alone must know of its children."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from temporalio.client import Client

from interpreter.predecessor import Predecessor
from interpreter.program.compiled import compile_program
from interpreter.program.model import Node, Program
from interpreter.program.paths import find_node
from interpreter.resume.children import has_own_id
from interpreter.resume.earlier_children import explain_start, find_place
from interpreter.state.only_step import OnlyStep, find_only_node
from interpreter.temporal.client.children import FoundChildren, find_children, find_run
from interpreter.temporal.client.letters.mode import RedriveRefused
from interpreter.temporal.client.own_predecessor import read_own_predecessor
from interpreter.temporal.wire.definition_text import decode_definition
from interpreter.temporal.wire.request import replace_predecessor


async def tell_of_children(client: Client, request: Mapping[str, Any]) -> Mapping[str, Any]:
    """Look at the children of the only step that a request runs.

    Args:
        client: A connection to the Temporal that runs definitions.
        request: What the run of the redrive is started with.

    Returns:
        The request, with what is known of them.

    Raises:
        RedriveRefused: one was repaired by itself, and its work would be done twice.
        PredecessorProblem: what the run has undone can't be read.
        RunProblem: the server can't be asked.
    """
    step = _Step.of(request)
    if not step.calls_children:
        return request
    found = await find_children(client, step.only.workflow_id, begins=step.list_beginnings())
    await _refuse_hindrances(client, step, found)
    known = {child: each for child, each in found.known.items() if step.starts(child)}
    return replace_predecessor(request, replace(step.before, children=known)) if known else request


async def _refuse_hindrances(client: Client, step: _Step, found: FoundChildren) -> None:
    hindrances = {child: each for child, each in found.hindrances.items() if step.starts(child)}
    if not hindrances:
        return
    source = await find_run(client, step.only.workflow_id)
    before = None
    if source is not None:
        before = step.count_undone((await read_own_predecessor(client, source))[0])
    for child, each in hindrances.items():
        if before is None:
            why = each.anew or each.again  # nobody knows any more which keys come next
        else:
            why = explain_start(step.program, step.only.identity, before, (child, each))
        if why is not None:
            raise RedriveRefused(why)


def _list_places(node: Node) -> Iterator[str]:
    """List the steps inside a step that start children, and the loops with such steps, by their paths in keys."""
    if all(each.child is None for each in node.walk()):
        return
    if node.is_loop or node.child is not None or node.compensation is not None:
        yield node.key_path
    if not node.is_loop:
        for inner in node.inside:
            yield from _list_places(inner)


@dataclass(frozen=True, slots=True)
class _Step:
    """The only step that is run."""

    program: Program
    only: OnlyStep
    node: Node
    before: Predecessor
    """What was undone before the run that has failed."""

    @staticmethod
    def of(request: Mapping[str, Any]) -> _Step:
        program = compile_program(*decode_definition(request["definition"]))
        only, before = OnlyStep.from_json(request["only"]), Predecessor.from_json(request)
        before = replace(before, started_with=before.generation)
        return _Step(program, only, find_only_node(program, only), before)

    @property
    def calls_children(self) -> bool:
        return any(each.child is not None for each in self.node.walk())

    def list_beginnings(self) -> list[str]:
        """List what the workflow ids of its children begin with; empty: with anything."""
        if any(map(has_own_id, self.node.walk())):
            return []
        if self.only.item is not None:
            places = [self._item[1]]
        elif (
            self.only.undo is not None
        ):  # the id is the key of the step, followed by a suffix, or of a step inside
            undone = find_node(self.program, self.only.step, self.only.key_frame)
            places = [undone.key_path, *_list_places(self.node)]
        else:
            places = list(_list_places(self.node))
        return [f"{self.only.identity}/{place}" for place in places]

    def starts(self, child: str) -> bool:
        """Whether it may start a child with this workflow id."""
        place = find_place(self.program, child, self.only.identity)
        if place is None:
            return any(has_own_id(each) or each.undoes for each in self.node.walk())
        if self.only.item is not None:
            return place.startswith(self._item[1])
        loops = tuple(f"{each.key_path}[" for each in self.node.walk() if each.is_loop)
        return place.startswith(loops) or any(place == each.key_path for each in self.node.walk())

    def count_undone(self, source: Predecessor) -> Predecessor:
        """Count what was undone when the step begins.

        Args:
            source: What was undone under the workflow id of the run that has failed.
        """
        undone = dict(source.undone)
        for path, times in self._list_undone():
            undone[path] = max(undone.get(path, 0), self.before.undone.get(path, 0) + times)
        return replace(source, undone=undone)

    def _list_undone(self) -> Iterator[tuple[str, int]]:
        """List what the letter tells. Of what is inside the items of a whole loop, their keys are not known."""
        paths = {each.path: each.key_path for each in self.node.walk()}
        for path, times in self.only.undone.items():
            if path in paths:
                yield paths[path], times
            elif self.only.item is not None and path.startswith(self._item[0]):
                yield self._item[1] + path.removeprefix(self._item[0]), times

    @property
    def _item(self) -> tuple[str, str]:
        """What paths and keys begin with in the only item."""
        assert self.only.item is not None
        number, key = self.only.item["number"], self.only.item.get("key")
        return (
            f"{self.node.path}[{number}]/",
            f"{self.node.key_path}[{number if key is None else key}]/",
        )
