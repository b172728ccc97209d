"""Editors show the example of a key, and insert it where the key is inserted.

`examples` is the word of JSON Schema for that. It is kept where editors understand it: they make `[object Object]` of
each map. For these there are words which editors have added to JSON Schema: `markdownDescription` for what is shown,
and `defaultSnippets` for what is inserted.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import count

from dsl.json_schema.forms import KINDS, JsonObject, name_without_action
from dsl.json_schema.yaml_example import write_scalar, write_yaml
from dsl.scalars.json_value import JsonValue


def add_editor_help(schema: JsonObject) -> JsonObject:
    """Add what editors show and insert to the schema of a definition file."""
    definitions: dict[str, JsonObject] = schema["$defs"]
    actions = {
        name_without_action(union): [
            _build_action_snippet(definitions[kind.__name__]) for kind in kinds.values()
        ]
        for union, (_, kinds) in KINDS.items()
    }
    return {
        **_add_help(schema),
        "$defs": {
            name: _add_help(_hide_description(each), actions.get(name, ()))
            for name, each in definitions.items()
        },
    }


def _hide_description(model: JsonObject) -> JsonObject:
    """Keep editors from showing the description of a map instead of that of the key at which the map stands."""
    return {"$comment" if word == "description" else word: value for word, value in model.items()}


def _build_action_snippet(kind: JsonObject) -> JsonObject:
    """Insert all keys that a kind requires. The first of them is its action."""
    keys = kind["properties"]
    example = {key: keys[key]["examples"][0] for key in kind["required"]}
    action = next(iter(example))
    return _build_snippet(action, example, keys[action]["description"])


def _add_help(model: JsonObject, snippets: Iterable[JsonObject] = ()) -> JsonObject:
    """Add to the schema of a map what editors show and insert at its keys.

    Args:
        model: The schema of the map.
        snippets: What else editors insert.
    """
    if "properties" not in model:
        return model
    keys: dict[str, JsonObject] = model["properties"]
    inserted = [
        _build_snippet(key, {key: about["examples"][0]}, about["description"])
        for key, about in keys.items()
        if _is_inserted_by_its_map(about)
    ]
    snippets = [*snippets, *inserted]
    return {
        **model,
        "properties": {key: _add_help_to_key(about) for key, about in keys.items()},
        **({"defaultSnippets": snippets} if snippets else {}),
    }


def _add_help_to_key(about: JsonValue) -> JsonValue:
    if not isinstance(about, dict):
        return about
    match _find_example(about):
        case dict() as example:
            return _put_structure_aside(
                {**_show(about), "defaultSnippets": [_build_snippet("example", example)]}
            )
        case list() if _is_inserted_by_its_map(about):
            return _put_structure_aside({**_show(about), "doNotSuggest": True})
        case [dict(), *_]:
            return _show(about)
        case _:
            return about


def _is_inserted_by_its_map(about: JsonValue) -> bool:
    """Tell whether a key is inserted by a snippet of the map in which it stands.

    That holds for lists. The snippet of a list would be offered inside the list as well, and there it would make a
    list in a list. A list of texts or of steps needs none: editors begin the list, and offer what it may hold.
    """
    match about:
        case {"items": {"type": _} | {"$ref": "#/$defs/Step"}}:
            return False
        case dict():
            return isinstance(_find_example(about), list)
        case _:
            return False


def _find_example(about: JsonObject) -> JsonValue:
    """Find the example of a key. Only the keys of JSON Schema itself have none."""
    return about["examples"][0] if "examples" in about else None


def _show(about: JsonObject) -> JsonObject:
    """Show the example as YAML, below the description."""
    example = _find_example(about)
    text = f"{about['description']}\n\n```yaml\n{write_yaml(example)}```"
    shown = {word: value for word, value in about.items() if word != "examples"}
    return {**shown, "markdownDescription": text}


def _put_structure_aside(about: JsonObject) -> JsonObject:
    """Put into `allOf` what editors would look at instead of the snippet. It means the same there."""
    words = ("$ref", "type", "items", "minItems", "propertyNames", "additionalProperties", "minProperties")
    structure = {word: about[word] for word in words if word in about}
    others = {word: value for word, value in about.items() if word not in words}
    return {**others, "allOf": [structure]} if structure else others


def _build_snippet(label: str, example: JsonValue, description: str | None = None) -> JsonObject:
    about = {} if description is None else {"description": description}
    return {"label": label, **about, "body": _place_stops(example)}


def _place_stops(example: JsonValue) -> JsonValue:
    """Make the body of a snippet: each text, number and boolean becomes a place where the cursor stops."""
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
