"""The merge key `<<` lets maps have in common what is written once (https://yaml.org/type/merge.html).

The map's own keys win. Of several maps, the first one that has a key wins. Merged keys come in where `<<` stands, own
keys stay where they are written: the order of keys carries meaning (branches, signals).
"""

from __future__ import annotations

from dsl.source.nodes import Entry, List, Map, Node


def find_merged_maps(value: Node) -> list[Map] | None:
    """Find the maps that `<<: value` merges; None if the value can't be merged."""
    values = value.items if isinstance(value, List) else [value]
    maps = [each for each in values if isinstance(each, Map)]
    return maps if len(maps) == len(values) else None


def merge(maps: list[Map], entries: dict[str, Entry]) -> set[str]:
    """Add to `entries` what it does not have yet, and return the keys that are new."""
    new: set[str] = set()
    for each in maps:
        for key, entry in each.entries.items():
            if key not in entries:
                entries[key] = entry
                new.add(key)
    return new
