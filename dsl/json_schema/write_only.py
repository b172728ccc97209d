"""An input is secret where the JSON Schema says `writeOnly: true` of it.

JSON Schema itself does nothing with that word. Here it means that people are not shown the value.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple, cast
from urllib.parse import unquote

from dsl.json_schema.keywords import ANCHORS, list_in_place, list_references, walk_schemas
from dsl.redaction.redactor import Redactor
from dsl.scalars.json_value import JsonValue
from dsl.source.map import Path


class _Place(NamedTuple):
    schema: Any
    path: Path
    value: JsonValue


def find_write_only(schema: JsonValue, data: JsonValue) -> Iterator[tuple[Path, JsonValue]]:
    """Find the secret values in an input; a value inside another one is not found again.

    Args:
        schema: A valid JSON Schema.
        data: What it is the schema of.
    """
    if not _says_write_only(schema):
        return
    found: set[Path] = set()
    waiting, seen = [_Place(schema, (), data)], set[tuple[int, Path]]()
    while waiting:
        place = waiting.pop()
        known = (id(place.schema), place.path)
        if not isinstance(place.schema, dict) or known in seen:
            continue
        seen.add(known)
        inner = cast("dict[str, Any]", place.schema)
        if inner.get("writeOnly") is True and place.path not in found:
            found.add(place.path)
            yield place.path, place.value
        waiting.extend(_Place(each, place.path, place.value) for each in _list_same(inner, schema))
        waiting.extend(_list_inside(inner, place))


def is_write_only(schema: JsonValue, path: Path) -> bool:
    """Tell whether the value at a path, or one around it, is secret, as far as that is known without the value."""
    here = [*_close([schema], schema)]
    for key in path:
        if any(each.get("writeOnly") is True for each in here):
            return True
        here = [*_close([inner for each in here for inner in _list_schemas(each, key)], schema)]
    return any(each.get("writeOnly") is True for each in here)


def build_redactor(schema: JsonValue, data: JsonValue) -> Redactor:
    """Build what replaces the secret values of an input by the names of their places."""
    return Redactor(
        (text, f"[writeOnly {name_place(path)}]")
        for path, value in find_write_only(schema, data)
        for text in _list_texts(value)
    )


def name_place(path: Path, root: str = "input") -> str:
    """Name a place in the input, or in another root, as an expression would: `input.cards[0].number`."""
    return root + "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in path)


def _says_write_only(schema: JsonValue) -> bool:
    """Tell whether the word is anywhere in a schema: mostly it is not, and nothing needs to be looked for."""
    waiting = [schema]
    while waiting:
        each = waiting.pop()
        if isinstance(each, dict):
            if "writeOnly" in each:
                return True
            waiting.extend(each.values())
        elif isinstance(each, list):
            waiting.extend(each)
    return False


def _list_texts(value: JsonValue) -> Iterator[str]:
    """List the texts and numbers in a value. True, false and null tell too little to be a secret."""
    waiting = [value]
    while waiting:
        each = waiting.pop()
        if isinstance(each, dict):
            waiting.extend(each.values())
        elif isinstance(each, list):
            waiting.extend(each)
        elif isinstance(each, str | int | float) and not isinstance(each, bool):
            yield str(each)


def _close(schemas: list[Any], root: Any) -> Iterator[dict[str, Any]]:
    """List schemas, and all that say something about the same value."""
    waiting: list[Any] = schemas[:]
    seen: set[int] = set()
    while waiting:
        each = waiting.pop()
        if not isinstance(each, dict):
            continue
        inner = cast("dict[str, Any]", each)
        if id(inner) not in seen:
            seen.add(id(inner))
            yield inner
            waiting.extend(_list_same(inner, root))


def _list_same(schema: Mapping[str, Any], root: JsonValue) -> Iterator[Any]:
    """List what else says something about the same value. It is secret if one of several schemas calls it so."""
    yield from list_in_place(schema)
    yield from (_resolve(reference, root) for _, reference in list_references(schema))


def _resolve(reference: str, root: Any) -> Any:
    """Find what a reference into the same schema means; None for any other, and for one that leads nowhere."""
    if not reference.startswith("#"):
        return None
    name, *parts = unquote(reference[1:]).split("/")
    if name:
        return _find_anchor(name, root)
    found = root
    for part in parts:
        key = part.replace("~1", "/").replace("~0", "~")
        try:
            found = found[int(key) if isinstance(found, list) else key]
        except (LookupError, TypeError, ValueError):
            return None
    return found


def _find_anchor(name: str, root: Any) -> Any:
    named = (each for each, _ in walk_schemas(root, ()) if name in [each.get(keyword) for keyword in ANCHORS])
    return next(named, None)


def _list_inside(schema: Mapping[str, Any], place: _Place) -> Iterator[_Place]:
    match place.value:
        case dict():
            for name, value in place.value.items():
                for each in _list_schemas(schema, name):
                    yield _Place(each, (*place.path, name), value)
        case list():
            for number, value in enumerate(place.value):
                for each in _list_schemas(schema, number):
                    yield _Place(each, (*place.path, number), value)
        case _:
            pass


def _list_schemas(schema: Mapping[str, Any], key: str | int) -> Iterator[Any]:
    """List the schemas of the value at a key. A pattern counts for every name: to hide too much does no harm."""
    if isinstance(key, str):
        properties: Mapping[str, Any] = schema.get("properties", {})
        if key in properties:
            yield properties[key]
        yield from schema.get("patternProperties", {}).values()
        others = ["unevaluatedProperties", *([] if key in properties else ["additionalProperties"])]
    else:
        first: list[Any] = schema.get("prefixItems", [])
        if 0 <= key < len(first):
            yield first[key]
        others = ["items", "contains", "unevaluatedItems"]
    yield from (schema[keyword] for keyword in others if keyword in schema)
