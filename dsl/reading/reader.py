"""YAML 1.2 becomes plain data and a source map.

What is read is JSON's data model in the core schema of YAML 1.2, within bounds that hold before memory is spent. YAML
has more than that: tags, keys that are not text, several documents. These are problems, and so is what YAML would
silently lose: duplicate keys.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from dsl.problems.problem import Problem
from dsl.reading.composing import Composer
from dsl.reading.decoding import check, decode
from dsl.reading.files import MAX_BYTES, read_file_bytes, resolve_inside
from dsl.reading.refusal import RefusalError
from dsl.scalars.json_value import JsonValue
from dsl.source.map import SourceMap
from dsl.source.nodes import Map, Node, Scalar

__all__ = ["Document", "find_files", "read_bytes", "read_file", "read_text"]


@dataclass(frozen=True, slots=True)
class Document:
    """A document is a text that was read: its data, where everything stands, and what is wrong with it."""

    data: JsonValue | None
    """A map; None if a problem leaves nothing to go on with. Other problems leave it usable: see Composer."""
    source: SourceMap
    problems: tuple[Problem, ...]
    """Each brings its span, except those of the file as a whole."""
    files: Mapping[str, Document] = field(default_factory=dict[str, "Document"])
    """The files of its bundle that were read, by the name of the definition in each."""


def read_text(text: str, name: str = "<text>", files: Mapping[str, str] | None = None) -> Document:
    """Read a definition that is text already, as are the `files` of its bundle.

    This never raises, whatever stands in them.
    """
    document, known = _read(name, lambda: text), files or {}
    return _read_files(document, lambda key, path: read_text(known[key], path) if key in known else None)


def read_bytes(data: bytes, name: str = "<stdin>") -> Document:
    """Read a definition in UTF-8, with or without byte order mark. This never raises, whatever stands in it."""
    return _read(name, lambda: decode(data))


def read_file(path: str | os.PathLike[str]) -> Document:
    """Read a file, and those of its bundle, which lie in its folder or below.

    This never raises for a file that is missing, unreadable, not regular, or no definition.
    """
    document = _read(os.fspath(path), lambda: decode(read_file_bytes(path)))
    folder = Path(path).parent
    return _read_files(
        document,
        lambda _, file: _read(
            str(folder / file), lambda: decode(read_file_bytes(resolve_inside(folder, file)))
        ),
    )


def _read_files(document: Document, read: Callable[[str, str], Document | None]) -> Document:
    """Read the files that `definitions` names, as long as all of them together can travel in one payload."""
    asked = list(find_files(document.data))
    if not asked:
        return document
    files: dict[str, Document] = {}
    size = len(document.source.text.encode())
    for name, path in asked:
        file = read(name, path) if size <= MAX_BYTES else None
        if file is not None:
            size += len(file.source.text.encode())
            files[name] = file
        if size > MAX_BYTES:
            files[name] = Document(None, SourceMap(path), (_BUNDLE_TOO_LARGE,))
    return replace(document, files=files)


_BUNDLE_TOO_LARGE = Problem(
    "bundle-too-large",
    "with this file the bundle is larger than 1 MiB",
    hint="a bundle travels in the input of each of its runs: move data into the input",
)


def find_files(data: JsonValue) -> Iterator[tuple[str, str]]:
    """Find the files that a definition names in `definitions`: the name and the path of each."""
    definitions: JsonValue = data.get("definitions") if isinstance(data, dict) else None
    for name, path in definitions.items() if isinstance(definitions, dict) else ():
        if isinstance(path, str) and path:
            yield name, path


def _read(name: str, text_of: Callable[[], str]) -> Document:
    source = SourceMap(name)
    try:
        source = SourceMap(name, text_of().removeprefix("\ufeff"))
        check(source.text)
    except RefusalError as refusal:
        return Document(None, source, (refusal.problem,))
    return _compose(source)


def _compose(source: SourceMap) -> Document:
    composer = Composer(source)
    try:
        root = composer.run()
    except RefusalError as refusal:
        return Document(None, source, (*composer.problems, refusal.problem))
    found = SourceMap(source.name, source.text, root)
    if isinstance(root, Map):
        return Document(root.data, found, tuple(composer.problems))
    return Document(None, found, (*composer.problems, _report_no_map(root, found)))


def _report_no_map(root: Node | None, source: SourceMap) -> Problem:
    if root is None or (isinstance(root, Scalar) and not root.style and not root.text):
        hint = 'a definition begins with dsl: "1"'
        return Problem(
            "empty-file",
            "there is nothing in it but blanks and comments",
            hint=hint,
            span=source.locate_span(0, 0),
        )
    kind = "text, a number or a word" if isinstance(root, Scalar) else "a list"
    hint = "write the keys dsl, name and steps, each with a colon and a space"
    return Problem(
        "not-a-map", f"the top level is {kind}, not a map", hint=hint, span=source.locate_value(())
    )
