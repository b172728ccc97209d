"""Maps and lists are open until their end has been read."""

from __future__ import annotations

from dataclasses import dataclass, field

from dsl.reading.merging import merge
from dsl.source.nodes import Entry, List, Map, Node, Scalar

MERGE = "<<"


@dataclass(slots=True)
class OpenList:
    """This list still grows."""

    node: List
    anchor: str | None

    @property
    def step(self) -> int:
        """Get the step in a path that leads to the next value."""
        return len(self.node.items)

    def add(self, value: Node) -> None:
        """Add the next value."""
        self.node.items.append(value)

    def close(self, end: int) -> None:
        """Complete the node: nothing comes after `end`."""
        node = self.node
        node.end = end
        node.data = [item.data for item in node.items]
        node.size += sum(item.size for item in node.items)
        node.height = 1 + max((item.height for item in node.items), default=0)


@dataclass(slots=True)
class OpenMap:
    """This map still grows: keys and values come in turn."""

    node: Map
    anchor: str | None
    expects_key: bool = True
    step: str | None = None
    """The step in a path that leads to the next value; None where its key is no scalar."""
    merge_key: Scalar | None = None
    """The `<<` of the map, once it has been read."""
    _key: Scalar | None = None
    _merged: set[str] = field(default_factory=set)

    def expect_value(self, key: Node) -> None:
        """Remember `key` for the value that comes next.

        A map or a list can't be a key. Its value is dropped.
        """
        self.expects_key = False
        self._key = key if isinstance(key, Scalar) else None
        self.step = self._key.text if self._key else None
        if not self.node.flow and self.node.head == self.node.start:
            self.node.head = key.end

    def find_twin(self, key: Scalar) -> Scalar | None:
        """Find the same key where the map itself, and not a merged one, has it already."""
        if is_merge(key):
            return self.merge_key
        known = self.node.entries.get(key.text)
        return known.key if known and key.text not in self._merged else None

    def split_glued_key(self, end: int) -> Scalar | None:
        """Split the last key at its first colon, if nothing follows it up to `end`. Return the second part of it."""
        key = self._key
        if key is None or not self.node.flow or key.style or key.end != end or ":" not in key.text:
            return None
        head, _, tail = key.text.partition(":")
        colon = key.start + len(head)
        self._key = Scalar(key.start, colon, None, text=head, style="")
        return Scalar(colon + 1, key.end, None, text=tail, style="")

    def drop_value(self) -> None:
        """Forget the value that comes next."""
        self._key = None

    def expects_merge(self) -> bool:
        """Tell whether the value that comes next is to be merged."""
        return self._key is not None and is_merge(self._key)

    def merge(self, maps: list[Map]) -> None:
        """Merge the value of `<<`."""
        self.merge_key = self._key
        self._merged = merge(maps, self.node.entries)
        self._expect_key()

    def add(self, value: Node) -> None:
        """Add the value of the last key."""
        if self._key:
            if self._key.text in self._merged:
                self._merged.remove(self._key.text)
                del self.node.entries[self._key.text]
            self.node.entries[self._key.text] = Entry(self._key, value)
        self._expect_key()

    def close(self, end: int) -> None:
        """Complete the node: nothing comes after `end`."""
        node = self.node
        node.end = end
        node.data = {text: entry.value.data for text, entry in node.entries.items()}
        node.size += sum(1 + entry.value.size for entry in node.entries.values())
        node.height = 1 + max((entry.value.height for entry in node.entries.values()), default=0)

    def _expect_key(self) -> None:
        self.expects_key, self.step, self._key = True, None, None


def is_merge(key: Scalar) -> bool:
    """Tell whether a key is the merge key. In quotes it is text like any other."""
    return key.text == MERGE and not key.style
