"""The catalogue of problem codes: every `Problem.code` is a key here, explained in one line."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

READING: Final = {
    "unreadable-file": "The file is missing, is not a regular file, or may not be read.",
    "file-too-large": "A definition is at most 1 MiB: it travels in the workflow's input.",
    "not-utf-8": "A definition is text in UTF-8.",
    "control-character": "A raw character that YAML does not allow, or that its versions read differently.",
    "empty-file": "The file holds no data.",
    "yaml-directive": "A line such as %YAML 1.1 or %TAG stands before the data.",
    "yaml-syntax": "The text is not YAML.",
    "several-documents": "A file holds one definition; `---` begins another.",
    "not-a-map": "The top level of a definition is a map of keys and values.",
    "too-deep": "Maps and lists are nested more than 100 levels deep, aliases expanded.",
    "too-many-nodes": "The file has more than 100,000 keys and values, aliases expanded.",
    "duplicate-key": "The same key stands twice in one map; YAML would silently drop one of them.",
    "key-not-text": "A key is read as a number, true, false or null; quoted it would be text.",
    "complex-key": "A key is a map or a list.",
    "tag": "A tag (`!name`, `!!str`) asks for a type; definitions are plain data.",
    "unknown-alias": "An alias (`*name`) has no anchor (`&name`) before it.",
    "recursive-alias": "An alias stands inside the very value it refers to.",
    "bad-merge": "`<<` takes a map or a list of maps.",
    "too-many-problems": "The file has so many problems that reading it to its end is of no use.",
    "bad-number": "A number that JSON cannot carry, or that readers of YAML read differently.",
}

SHOWING: Final = {
    "more-problems": "There are more problems than the 100 that are shown.",
}

CODES: Final[Mapping[str, str]] = MappingProxyType({**READING, **SHOWING})
"""Code → why it is a problem. Codes are stable: programs and suppressions rely on them."""
