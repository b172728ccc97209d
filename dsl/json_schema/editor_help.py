"""Editors show the example of a key, and insert it where the key is inserted.

`examples` is the word of JSON Schema for that. It is kept where editors understand it: they make `[object Object]` of
each map. For these there are words which editors have added to JSON Schema: `markdownDescription` for what is shown,
and `defaultSnippets` for what is inserted.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from itertools import count
from typing import Any

from dsl.json_schema.forms import KINDS, JsonObject, name_without_action
from dsl.scalars.json_value import JsonValue

_PLAIN = re.compile(r"[A-Za-z$/](?!.*(: | #|:$))[^\n]*|[0-9]+(ms|s|m|h|d)")
_NOT_TEXT = {"true", "false", "null", "yes", "no", "on", "off", "y", "n"}


def add_editor_help(schema: JsonObject) -> JsonObject:
    """Add what editors show and insert to the schema of a definition file."""
    definitions = schema["$defs"]
    helpful = {name: _add_help_to_map(_hide_description(each)) for name, each in definitions.items()}
    for union, (_, kinds) in KINDS.items():
        helpful[name_without_action(union)]["defaultSnippets"] += [
            _build_action_snippet(action, definitions[model.__name__]) for action, model in kinds.items()
        ]
    return {**_add_help_to_map(schema), "$defs": helpful}


def _hide_description(model: JsonObject) -> JsonObject:
    """Keep editors from showing the description of a map instead of that of the key at which the map stands."""
    return {"$comment" if word == "description" else word: value for word, value in model.items()}


def _build_action_snippet(action: str, kind: JsonObject) -> JsonObject:
    """Insert all keys that a kind requires."""
    keys = kind["properties"]
    example = {key: keys[key]["examples"][0] for key in kind["required"]}
    return _build_snippet_of_map(action, keys[action]["description"], example)


def _add_help_to_map(model: JsonObject) -> JsonObject:
    if "properties" not in model:
        return model
    keys = model["properties"]
    snippets = [
        _build_snippet_of_map(key, about["description"], {key: about["examples"][0]})
        for key, about in keys.items()
        if _is_inserted_with_map(about)
    ]
    return {**model, "properties": {key: _add_help(about) for key, about in keys.items()}, "defaultSnippets": snippets}


def _build_snippet_of_map(label: str, description: str, example: JsonObject) -> JsonObject:
    return {"label": label, "description": description, "body": _build_snippet(example)}


def _is_inserted_with_map(about: Any) -> bool:
    """Tell whether a key is inserted by a snippet of the map in which it stands.

    The snippet of a list would be offered inside the list as well, and there it would make a list in a list. A list of
    steps needs no snippet, because each step has one.
    """
    match about:
        case {"items": {"$ref": "#/$defs/Step"}}:
            return False
        case {"examples": [[dict(), *_]]}:
            return True
        case _:
            return False


def _add_help(about: Any) -> Any:
    """Add what editors show and insert to a key."""
    match about:
        case {"description": description, "examples": [dict() | [dict(), *_] as example]}:
            shown = {**about, "markdownDescription": f"{description}\n\n```yaml\n{write_yaml(example)}```"}
            del shown["examples"]
        case _:
            return about
    if isinstance(example, dict):
        return _put_structure_aside({**shown, "defaultSnippets": [{"label": "example", "body": _build_snippet(example)}]})
    if _is_inserted_with_map(about):
        return _put_structure_aside({**shown, "doNotSuggest": True})
    return shown


def _put_structure_aside(about: JsonObject) -> JsonObject:
    """Put into `allOf` what editors would look at instead of the snippet. It means the same there."""
    words = ("$ref", "type", "items", "minItems", "propertyNames", "additionalProperties", "minProperties")
    structure = {word: about[word] for word in words if word in about}
    others = {word: value for word, value in about.items() if word not in words}
    return {**others, "allOf": [structure]} if structure else others


def _build_snippet(example: JsonValue) -> JsonValue:
    """Make a snippet of an example: each text, number and boolean in it becomes a place where the cursor stops."""
    stops = count(1)

    def build(value: JsonValue) -> JsonValue:
        match value:
            case dict():
                return {key: build(item) for key, item in value.items()}
            case list():
                return [build(item) for item in value]
            case _:
                return f"${{{next(stops)}:{_escape(write_scalar(value))}}}"

    return build(example)


def _escape(text: str) -> str:
    """Escape what has a meaning in snippets."""
    return re.sub(r"[\\$}]", r"\\\g<0>", text)


def write_yaml(value: JsonValue) -> str:
    """Write an example as people write YAML: each entry on a line of its own."""
    return "".join(f"{line}\n" for line in _write_lines(value))


def _write_lines(value: JsonValue) -> Iterator[str]:
    match value:
        case dict() if value:
            for key, item in value.items():
                lines = list(_write_lines(item))
                nested = isinstance(item, dict | list) and bool(item)
                yield from (f"{key}:", *(f"  {line}" for line in lines)) if nested else (f"{key}: {lines[0]}",)
        case list() if value:
            for item in value:
                first, *others = _write_lines(item)
                yield from (f"- {first}", *(f"  {line}" for line in others))
        case _:
            yield write_scalar(value)


def write_scalar(value: JsonValue) -> str:
    """Write text, a number or a boolean in YAML."""
    if isinstance(value, str) and _PLAIN.fullmatch(value) and value.lower() not in _NOT_TEXT:
        return value
    return json.dumps(value, ensure_ascii=False)
