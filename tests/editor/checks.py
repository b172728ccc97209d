"""The published JSON Schema in an editor: what is offered, inserted, shown and underlined.

`make editor` runs these. They are no part of `make test`, because they need Node.js and a package of npm. They pin
what yaml-language-server makes of the schema, so that a change of its shape shows what it changes for writers.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from dsl.json_schema.schema import FILE
from dsl.model import COMPENSATION_KINDS, STEP_KINDS
from dsl.model.model import Model
from dsl.parsing.parse import parse
from dsl.reading.reader import read_text
from tests.editor.language_server import CURSOR, ROOT, Cursor, LanguageServer, run_language_server
from tests.support.snippets import expand

HEAD = 'dsl: "1"\nname: example\n'
EVERY_STEP = {"id", "when", "description", "catch", "finally", "dead_letter"}


@pytest.fixture(scope="module")
def editor() -> Iterator[LanguageServer]:
    with run_language_server(ROOT / "schemas" / FILE) as running:
        yield running


def labels(items: list[dict[str, Any]]) -> list[str]:
    return [item["label"] for item in items]


def keys_of(model: type[Model]) -> set[str]:
    return {info.alias or name for name, info in model.model_fields.items()}


NO_ACTION_YET = {
    "an item": "steps:\n  - |",
    "a dash": "steps:\n  -|",
    "a word that is begun": "steps:\n  - ht|",
    "after an id": "steps:\n  - id: book\n    |",
    "a second step": "steps:\n  - wait: 1s\n  - |",
    "in a branch": "steps:\n  - parallel:\n      car:\n        - |",
    "in a loop": "steps:\n  - for_each: input.cars\n    steps:\n      - |",
    "in a catch clause": "steps:\n  - activity: book\n    catch:\n      - steps:\n          - |",
}


@pytest.mark.parametrize("text", NO_ACTION_YET.values(), ids=NO_ACTION_YET)
def test_a_step_without_an_action_is_offered_all_actions_once(editor: LanguageServer, text: str) -> None:
    offered = labels(editor.complete(HEAD + text))
    assert sorted(offered) == sorted(STEP_KINDS.keys() | EVERY_STEP - {*re.findall(r"id(?=:)", text)})


@pytest.mark.parametrize("action", STEP_KINDS)
def test_a_step_with_an_action_is_offered_the_keys_of_its_kind_once(
    editor: LanguageServer, action: str
) -> None:
    kind = STEP_KINDS[action]
    offered = labels(editor.complete(f"{HEAD}steps:\n  - {action}: x\n    {CURSOR}"))
    skeleton = (
        {kind.__name__} if action in ("for_each", "repeat") else set()
    )  # the server's own: what is required
    assert sorted(offered) == sorted(keys_of(kind) - {action} | skeleton)


def test_another_action_is_not_offered_even_if_it_is_begun(editor: LanguageServer) -> None:
    offered = labels(editor.complete(f"{HEAD}steps:\n  - activity: book\n    ht{CURSOR}"))
    assert "args" in offered
    assert not {*offered} & STEP_KINDS.keys()


def test_a_compensation_is_offered_its_actions_and_then_the_keys_of_its_kind(editor: LanguageServer) -> None:
    start = HEAD + "steps:\n  - activity: book\n    compensate:\n      "
    offered = labels(editor.complete(f"{start}{CURSOR}"))
    assert sorted(offered) == sorted({*COMPENSATION_KINDS, "after", "example"})
    offered = labels(editor.complete(f"{start}activity: undo\n      {CURSOR}"))
    assert sorted(offered) == sorted(keys_of(COMPENSATION_KINDS["activity"]) - {"activity"} | {"example"})


def insert(editor: LanguageServer, marked: str, label: str) -> str:
    """The text after the editor has inserted what it offers as `label`."""
    cursor = Cursor.find(marked)
    [edit] = [item["textEdit"] for item in editor.complete(marked) if item["label"] == label]
    lines = cursor.text.split("\n")
    line = lines[cursor.line]
    start, end = (edit["range"][side]["character"] for side in ("start", "end"))
    margin = line[: len(line) - len(line.lstrip())]
    lines[cursor.line] = line[:start] + expand(edit["newText"]).replace("\n", "\n" + margin) + line[end:]
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize("action", STEP_KINDS)
@pytest.mark.parametrize("text", list(NO_ACTION_YET.values())[:5], ids=list(NO_ACTION_YET)[:5])
def test_an_action_is_inserted_with_all_that_it_requires(
    editor: LanguageServer, text: str, action: str
) -> None:
    written = insert(editor, HEAD + text, action)
    document = read_text(written)
    assert document.problems == (), written
    assert isinstance(document.data, dict)
    assert parse(document.data).problems == (), written
    assert editor.find_problems(written) == [], written


@pytest.mark.parametrize(
    ("key", "inserted"),
    [
        ("catch", "catch:\n  - errors:\n      - CardDeclined\n    result:\n      paid: false"),
        ("args", "args:\n  - ${ input.car_id }"),
        ("retry", "retry:\n  maximum_attempts: 3"),
        ("timeouts", "timeouts:\n  start_to_close: 30s"),
        ("finally", "finally:\n  - "),
        ("local", "local: "),
    ],
)
def test_a_key_is_inserted_with_its_example(editor: LanguageServer, key: str, inserted: str) -> None:
    items = editor.complete(f"{HEAD}steps:\n  - activity: book\n    {CURSOR}")
    [text] = [item["insertText"] for item in items if item["label"] == key]
    assert expand(text) == inserted


HOVERS = {
    "an action": ("steps:\n  - activ|ity: book\n", "Name of the activity, as its worker", "book_car"),
    "a map": (
        "steps:\n  - activity: book\n    ret|ry: {maximum_attempts: 2}\n",
        "retry policy",
        "maximum_attempts: 3",
    ),
    "branches": (
        "steps:\n  - paral|lel: {car: [{wait: 1s}]}\n",
        "The branches by name",
        "- activity: book_car",
    ),
    "a duration": ("steps:\n  - wa|it: 1s\n", "How long to wait", "30s"),
    "a key inside": ("steps:\n  - http:\n      ur|l: x\n", "Where the request is sent", "https://"),
    "a key of the definition": ("va|rs: {total: 0}\nsteps: [{wait: 1s}]\n", "The variables", "total: 0"),
    "a schema": ("inp|ut: {type: object}\nsteps: [{wait: 1s}]\n", "JSON Schema", "required:\n  - car_id"),
}


@pytest.mark.parametrize(("text", "meaning", "example"), HOVERS.values(), ids=HOVERS)
def test_a_key_is_shown_with_its_meaning_and_an_example(
    editor: LanguageServer, text: str, meaning: str, example: str
) -> None:
    shown = editor.hover(HEAD + text)
    assert meaning in shown
    [block] = re.findall(r"```yaml\n(.*?)```", shown, re.S)
    assert example in block


ACTIONS = ", ".join(sorted(STEP_KINDS))
DURATION = "Expected a duration, for example 500ms, 30s, 5m, 1h30m, 2d, PT30S, or an expression in ${ }."
IDENTIFIER = "Expected small letters, digits and '_', beginning with a letter, at most 64 characters"
MISTAKES = {
    "a misspelt key": (
        "steps:\n  - wait: 1s\n    tiemouts: {}\n",
        "tiemouts",
        "Property tiemouts is not allowed.",
    ),
    "a misspelt action": (
        "steps:\n  - activty: book\n",
        "activty",
        f"There is no such key. A step needs an action: {ACTIONS}.",
    ),
    "no action": ("steps:\n  - id: book\n", "i", f"A step needs an action: {ACTIONS}."),
    "text instead of a step": ("steps:\n  - book\n", "book", f"A step needs an action: {ACTIONS}."),
    "a wrong duration": ("steps:\n  - wait: 3 secs\n", "3 secs", DURATION),
    "a duration without a unit": ("steps:\n  - wait: 3\n", "3", DURATION),
    "a bad name": ("vars: {aB: 1}\nsteps: [{wait: 1s}]\n", "aB", IDENTIFIER),
    "a bad choice": (
        "steps:\n  - parallel: {car: [{wait: 1s}]}\n    on_branch_failure: stop\n",
        "stop",
        'Value is not accepted. Valid values: "cancel", "settle".',
    ),
    "a mistake deep inside": (
        "steps: [{steps: [{repeat: {until: x}, steps: [{race: {a: [{wait: 1s, wehn: x}]}}]}]}]\n",
        "wehn",
        "Property wehn is not allowed.",
    ),
    "a misspelt type in a schema": (
        "input: {properties: {car: {type: strin}}}\nsteps: [{wait: 1s}]\n",
        "strin",
        "Value is not accepted. Valid values:",
    ),
}


@pytest.mark.parametrize(("text", "underlined", "message"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_has_one_message_for_people(
    editor: LanguageServer, text: str, underlined: str, message: str
) -> None:
    [(words, said)] = editor.find_problems(HEAD + text)
    assert words == underlined
    assert said.startswith(message)


def test_what_is_right_has_no_message(editor: LanguageServer) -> None:
    for file in sorted((ROOT / "definitions").glob("*.yaml")):
        if "rehearsal" not in file.name:
            assert editor.find_problems(file.read_text(encoding="utf-8")) == [], file.name
