"""What editors insert is right: each snippet in the JSON Schema is the example of the key, and fits where it goes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from dsl.json_schema.forms import KINDS, name_without_action, refer
from dsl.parsing.parse import parse
from dsl.reading.reader import read_text
from tests.dsl.test_schema import PUBLISHED, SCHEMA
from tests.support.snippets import expand

MAPS: dict[str, Any] = PUBLISHED["$defs"]


def insert(body: Any) -> Any:
    """The data that a writer has after the snippet was inserted, and read again."""
    match body:
        case dict():
            return {key: insert(value) for key, value in body.items()}
        case list():
            return [insert(value) for value in body]
        case _:
            document = read_text(f"value: {expand(body)}\n")
            assert not document.problems, body
            assert isinstance(document.data, dict)
            return document.data["value"]


def fits(schema: dict[str, Any], value: Any) -> bool:
    return Draft202012Validator({**schema, "$defs": MAPS}).is_valid(value)


ACTIONS = [
    pytest.param(union, kind, id=f"{union}-{kind}") for union, (_, kinds) in KINDS.items() for kind in kinds
]


@pytest.mark.parametrize(("union", "action"), ACTIONS)
def test_an_action_is_inserted_with_all_that_it_requires(union: str, action: str) -> None:
    [body] = [
        snippet["body"]
        for snippet in MAPS[name_without_action(union)]["defaultSnippets"]
        if snippet["label"] == action
    ]
    inserted = insert(body)
    assert next(iter(inserted)) == action
    assert fits(refer(union), inserted)
    step = inserted if union == "Step" else {"activity": "book", "compensate": inserted}
    assert parse({"dsl": "1", "name": "inserted", "steps": [step]}).problems == ()


def keys_with_structure() -> Iterator[Any]:
    for owner, model in [("definition", SCHEMA), *SCHEMA["$defs"].items()]:
        for name, key in model.get("properties", {}).items():
            if isinstance(key, dict) and isinstance(key.get("examples", [0])[0], dict | list):
                yield pytest.param(owner, name, key["examples"][0], id=f"{owner}.{name}")


@pytest.mark.parametrize(("owner", "name", "example"), [*keys_with_structure()])
def test_a_key_is_shown_and_inserted_as_its_example(owner: str, name: str, example: Any) -> None:
    """Editors make `[object Object]` of an example that is a map, or has maps in it."""
    model = PUBLISHED if owner == "definition" else MAPS[owner]
    key = model["properties"][name]
    if isinstance(example, list) and not isinstance(example[0], dict) and "examples" in key:
        assert key["items"]["type"]  # a list of texts or numbers, of which editors make no mistake
        return
    assert "examples" not in key
    text, _, yaml = key["markdownDescription"].partition("\n\n```yaml\n")
    assert text == key["description"]
    assert read_text(
        "value:\n" + "".join(f"  {line}\n" for line in yaml.removesuffix("```").splitlines())
    ).data == {"value": example}
    snippets = [
        *key.get("defaultSnippets", ()),
        *(
            {**each, "body": each["body"][name]}
            for each in model.get("defaultSnippets", ())
            if each["label"] == name
        ),
    ]
    if key.get("items") == refer("Step"):
        assert not snippets or owner in map(name_without_action, KINDS)
        return
    for snippet in snippets:
        assert fits(key, insert(snippet["body"]))
    assert insert(snippets[0]["body"]) == example


def test_nothing_stands_beside_a_snippet_that_editors_would_insert_instead() -> None:
    for owner, model in [("definition", PUBLISHED), *MAPS.items()]:
        for name, key in model.get("properties", {}).items():
            if isinstance(key, dict) and ("defaultSnippets" in key or "doNotSuggest" in key):
                assert not {"properties", "items", "examples", "$ref"} & key.keys(), f"{owner}.{name}"
