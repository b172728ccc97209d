"""The parser's events become nodes: aliases are expanded, `<<` is merged, size and depth are bounded.

Nothing here is recursive, and everything is counted while it is expanded. An alias shares the node of its anchor and
adds its size, so a file of nine lines that stands for a billion values costs nine lines.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, Final, TypeAlias

from dsl.problems.problem import At, Problem, Related
from dsl.reading import complaints, events
from dsl.reading.complaints import Complaint
from dsl.reading.inner_marks import hide_inner_marks
from dsl.reading.merging import find_merged_maps
from dsl.reading.open_collections import OpenList, OpenMap
from dsl.reading.refusal import RefusalError
from dsl.reading.scalars import BadNumberError, JsonScalar, resolve
from dsl.source.map import Path, SourceMap
from dsl.source.nodes import List, Map, Node, Scalar

if TYPE_CHECKING:
    from dsl.reading.events import Event

MAX_DEPTH: Final = 100
"""The most levels of maps and lists, aliases expanded."""
MAX_NODES: Final = 100_000
"""The most keys, values, maps and lists, aliases expanded."""
MAX_PROBLEMS: Final = 1_000
"""After so many problems the rest of the file is not read."""

_NO_VALUE: Final = "*"
"""The style of what stands in for the value of an alias that has none."""
_TAG: Final = re.compile(r"!<[^\s>]*+>|![^\s,\[\]{}]*+")
_ANCHOR: Final = r"&[^\s,\[\]{}]*+"
_BLANKS: Final = r"(?:[ \t\r\n]|(?<=\s)#[^\r\n]*+)*+"
_PROPERTIES: Final = re.compile(rf"(?:(?:{_TAG.pattern}|{_ANCHOR}){_BLANKS})*+")
_NOTHING: Final = re.compile(r"(?:[ \t\r\n]|#[^\r\n]*+|\.\.\.)*+")

_NodeStart: TypeAlias = events.ScalarEvent | events.MappingStartEvent | events.SequenceStartEvent


class Composer:
    """A composer reads one text.

    `problems` holds what does not end the reading; RefusalError is raised for the rest. What a problem leaves open is
    filled, so that the other checks can go on: an unknown alias and a number that JSON lacks are null, of two values
    of one key the first counts, a tag is ignored, a key is text.
    """

    def __init__(self, source: SourceMap) -> None:
        self.source = source
        self._hidden = hide_inner_marks(source.text)
        self.problems: list[Problem] = []
        self._root: Node | None = None
        self._open: list[OpenMap | OpenList] = []
        self._anchors: dict[str, Node | None] = {}
        """None while the value of the anchor is still being read."""
        self._count = 0
        self._end = 0
        """Where the last thing ended that is neither blank nor comment."""

    def run(self) -> Node | None:
        """Read the root of the text's only document; None if there is none."""
        for event in events.parse_events(self._hidden):
            if isinstance(event, events.DocumentEndEvent):
                self._end_document(event)
                break
            self._HANDLERS.get(type(event), Composer._ignore)(self, event)
        return self._root

    # Events, one method each

    def _ignore(self, event: Event) -> None:
        """Do nothing: the beginnings of the stream and of the document say nothing."""

    def _read_scalar(self, event: events.ScalarEvent) -> None:
        start, self._end = self._find_start(event), event.end_mark.index
        self._add(1, start)
        text = self._hidden.reveal(event.value)
        node = Scalar(start, self._end, text, text=text, style=event.style)
        if not event.style and not self._expects_key():
            node.data = self._resolve(node)
        if event.anchor:
            self._anchors[event.anchor] = node
        self._place(node)

    def _read_alias(self, event: events.AliasEvent) -> None:
        start, self._end = event.start_mark.index, event.end_mark.index
        node = self._anchors.get(event.anchor)
        if node is None:
            known = event.anchor in self._anchors
            complain = complaints.describe_recursive_alias if known else complaints.describe_unknown_alias
            self._report(complain(event.anchor), start, self._end)
            node = Scalar(start, self._end, None, text="", style=_NO_VALUE)
        elif isinstance(node, Scalar) and self._expects_key():
            node = replace(node, start=start, end=self._end)
        self._add(node.size, start)
        self._check_depth(len(self._open) + node.height, start)
        self._place(node)

    def _start_map(self, event: events.MappingStartEvent) -> None:
        start = self._find_start(event)
        head = start + 1 if event.flow_style else start
        self._push(OpenMap(Map(start, start, None, bool(event.flow_style), head), event.anchor))

    def _start_list(self, event: events.SequenceStartEvent) -> None:
        start = self._find_start(event)
        self._push(OpenList(List(start, start, None, bool(event.flow_style), start + 1), event.anchor))

    def _end_collection(self, event: events.MappingEndEvent | events.SequenceEndEvent) -> None:
        opened = self._open.pop()
        if opened.node.flow:
            self._end = event.end_mark.index
        opened.close(self._end)
        if opened.anchor:
            self._anchors[opened.anchor] = opened.node
        self._place(opened.node)

    def _end_document(self, event: events.DocumentEndEvent) -> None:
        """Look for more text behind the document.

        The parser would take quadratic time for that, if there are many directives.
        """
        text = self.source.text
        more = _NOTHING.match(text, event.end_mark.index)
        if more and (start := more.end()) < len(text):
            another = event.explicit or text.startswith(("---", "%"), start)
            complaint = (
                complaints.describe_several_documents() if another else complaints.describe_stray_text()
            )
            self._refuse(complaint, start)

    _HANDLERS: ClassVar[Mapping[type[Event], Callable[[Composer, Any], None]]] = MappingProxyType(
        {
            events.ScalarEvent: _read_scalar,
            events.AliasEvent: _read_alias,
            events.MappingStartEvent: _start_map,
            events.SequenceStartEvent: _start_list,
            events.MappingEndEvent: _end_collection,
            events.SequenceEndEvent: _end_collection,
        }
    )

    # Putting nodes into their place

    def _push(self, opened: OpenMap | OpenList) -> None:
        self._add(1, opened.node.start)
        self._check_depth(len(self._open) + 1, opened.node.start)
        self._open.append(opened)
        if opened.anchor:
            self._anchors[opened.anchor] = None

    def _place(self, node: Node) -> None:
        match self._open[-1] if self._open else None:
            case None:
                self._root = node
            case OpenMap(expects_key=True) as opened:
                opened.expect_value(node)
                self._check_key(opened, node)
            case OpenMap() as opened if opened.expects_merge():
                self._merge(opened, node)
            case OpenMap() as opened:
                opened.add(self._split_glued(opened, node))
            case opened:
                opened.add(node)

    def _split_glued(self, opened: OpenMap, value: Node) -> Node:
        """Complain of `{a:b}`, and read it as `{a: b}`.

        In YAML 1.2 it is a key `a:b` without a value, which is hardly ever meant.
        """
        glued = opened.split_glued_key(value.end)
        if glued is None:
            return value
        self._report(complaints.describe_glued_colon(), glued.start - 1, glued.start)
        glued.data = self._resolve(glued)
        return glued

    def _check_key(self, opened: OpenMap, key: Node) -> None:
        if not isinstance(key, Scalar):
            self._report(complaints.describe_complex_key(), key.start, key.end)
            return
        data = _resolve_key(key)
        if not isinstance(data, str):
            self._report(complaints.describe_key_not_text(key.text, data), key.start, key.end, at_key=True)
        if twin := opened.find_twin(key):
            first = Related("the first of the two", span=self.source.locate_span(twin.start, twin.end))
            complaint = complaints.describe_duplicate_key(key.text)
            self._report(complaint, key.start, key.end, at_key=True, related=first)
            opened.drop_value()

    def _merge(self, opened: OpenMap, value: Node) -> None:
        maps = find_merged_maps(value)
        if maps is None and not (isinstance(value, Scalar) and value.style == _NO_VALUE):
            self._report(complaints.describe_bad_merge(), value.start, value.end)
        opened.merge(maps or [])

    # Questions and answers

    def _expects_key(self) -> bool:
        return bool(self._open) and isinstance(self._open[-1], OpenMap) and self._open[-1].expects_key

    def _resolve(self, node: Scalar) -> JsonScalar:
        try:
            return resolve(node.text)
        except BadNumberError as bad:
            self._report(Complaint("bad-number", bad.message, bad.hint), node.start, node.end)
            return None

    def _find_start(self, event: _NodeStart) -> int:
        """Find where the value itself starts, behind its anchor, and complain about a tag."""
        start = event.start_mark.index
        if event.anchor is None and event.tag is None:
            return start
        properties = _PROPERTIES.match(self.source.text, start, max(start, event.end_mark.index))
        end = properties.end() if properties else start
        if event.tag is not None and (tag := _TAG.search(self.source.text, start)):
            self._report(complaints.describe_tag(tag[0]), *tag.span())
        return end

    def _add(self, nodes: int, where: int) -> None:
        self._count += nodes
        if self._count > MAX_NODES:
            self._refuse(complaints.describe_too_many_nodes(MAX_NODES), where)

    def _check_depth(self, depth: int, where: int) -> None:
        if depth > MAX_DEPTH:
            self._refuse(complaints.describe_too_deep(MAX_DEPTH), where)

    def _refuse(self, complaint: Complaint, where: int) -> None:
        raise RefusalError(
            Problem(*complaint[:2], hint=complaint.hint, span=self.source.locate_span(where, where + 1))
        )

    def _report(
        self,
        complaint: Complaint,
        start: int,
        end: int,
        *,
        at_key: bool = False,
        related: Related | None = None,
    ) -> None:
        code, message, hint = complaint
        span = self.source.locate_span(start, end)
        at: At = "key" if at_key else "value"
        self.problems.append(
            Problem(code, message, self._get_path(), hint, at=at, span=span, related=related)
        )
        if len(self.problems) >= MAX_PROBLEMS:
            self._refuse(complaints.describe_too_many_problems(MAX_PROBLEMS), start)

    def _get_path(self) -> Path:
        return tuple(opened.step for opened in self._open if opened.step is not None)


def _resolve_key(key: Scalar) -> JsonScalar:
    try:
        return key.text if key.style else resolve(key.text)
    except BadNumberError:
        return 0
