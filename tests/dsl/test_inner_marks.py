"""Colons and question marks inside words are text, also in flow style."""

from __future__ import annotations

import pytest

from dsl.reading.inner_marks import hide_inner_marks
from dsl.reading.reader import read_text


@pytest.mark.parametrize(
    ("flow", "data"),
    [
        ("{url: https://x.y/z?a=1&b=2}", {"url": "https://x.y/z?a=1&b=2"}),
        ("[12:30:00, 2026-07-01T09:00:00+02:00]", ["12:30:00", "2026-07-01T09:00:00+02:00"]),
        ("{a: b?c, d: e ? f, g: h ?? i, j: k?.l, m: really? yes}", None),
        ('{a: \'x:y?z\', b: "x:y?z", "c": d:e}', {"a": "x:y?z", "b": "x:y?z", "c": "d:e"}),
        ("{a: [b:c, {d: e:f}]}", {"a": ["b:c", {"d": "e:f"}]}),
        ("{\"a\":1, 'b':2}", {"a": 1, "b": 2}),
        ("{a: \ue000:\ue001}", {"a": "\ue000:\ue001"}),
    ],
)
def test_flow_style(flow: str, data: object) -> None:
    document = read_text(f"value: {flow}\n")
    assert document.problems == ()
    if data is not None:
        assert document.data == {"value": data}


@pytest.mark.parametrize(
    "text",
    [
        "a: &x {b: 1}\nc: *x\n",
        "- a: b\n- ? c\n  : d\n",
        "a: |\n  b:c ?d\n",
        "# a:b\na: 'it''s:x'\n",
        "a: !!str b:c\n",
    ],
)
def test_no_place_changes_and_all_is_revealed(text: str) -> None:
    hidden = hide_inner_marks(text)
    assert len(hidden.text) == len(text)
    assert hidden.reveal(hidden.text) == text


def test_what_has_all_private_characters_stays_as_it_is() -> None:
    text = "".join(map(chr, range(0xE000, 0xF900))) + "a:b"
    assert hide_inner_marks(text).text == text
