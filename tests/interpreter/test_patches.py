"""Single values are changed where they stand, and the names of the places are those that people write."""

from __future__ import annotations

from typing import Any

import pytest

from interpreter.state.patches import InvalidPatch, Patch, patch_values

NAMES: dict[str, Any] = {"item": {"lines": [{"amount": 1}, {"amount": 2}], "note": None}, "index": 0}


def change(place: str, value: Any) -> tuple[dict[str, Any], tuple[str, ...]]:
    return patch_values(NAMES, [Patch.at(place, value)])


def test_values_inside_of_maps_and_lists() -> None:
    changed, told = patch_values(NAMES, [Patch.at("item.lines[1].amount", 5), Patch.at("item.lines.0", {})])
    assert changed["item"]["lines"] == [{}, {"amount": 5}]
    assert told == ("item.lines.1.amount was set", "item.lines.0 was set")
    assert NAMES["item"]["lines"][0] == {"amount": 1}, "what was there is left as it was"


def test_a_whole_value_and_one_that_was_not_there() -> None:
    assert change("index", 7)[0]["index"] == 7
    changed, told = change("item.eur", True)
    assert (changed["item"]["eur"], told) == (True, ("item.eur was added",))


@pytest.mark.parametrize(
    ("place", "why"),
    [
        ("itme.note", 'the step reads no "itme"; did you mean "item"?'),
        ("secrets.KEY", 'the step reads no "secrets"; what can be set begins with index, item'),
        ("item.lines[2].amount", 'the list has the places 0 to 1, found "2"'),
        ("item.lines[2]", 'the list has the places 0 to 1, found "2"'),
        ("item.lines.last", 'the list has the places 0 to 1, found "last"'),
        ("item.other.note", "there is no item.other"),
        ("item.note.text", "item.note is no object and no list"),
    ],
)
def test_places_that_are_not_there(place: str, why: str) -> None:
    with pytest.raises(InvalidPatch) as refused:
        change(place, 1)
    name = Patch.at(place, 1).name
    assert str(refused.value) == f'"{name}" can\'t be set: {why}'


def test_a_step_that_reads_nothing() -> None:
    with pytest.raises(InvalidPatch, match='the step reads no "item"; it reads nothing'):
        patch_values({}, [Patch.at("item", 1)])


@pytest.mark.parametrize(
    ("place", "covered"),
    [("item.lines", True), ("item.lines[0].amount", True), ("item", False), ("item.linesman", False)],
)
def test_what_a_patch_covers(place: str, covered: bool) -> None:
    assert Patch.at("item.lines", []).covers(place) is covered
