"""`--input` and PAYLOAD make data of the words of a command line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import pytest

from interpreter.cli.arguments.input import assemble, parse_input_part, parse_payload_part

INPUTS: dict[tuple[str, ...], Any] = {
    (): None,
    ("id=c1",): {"id": "c1"},
    ("n=1", "x=1.5", "yes=true", "no=null", 'l=["a"]', 'q="1"'): {
        "n": 1, "x": 1.5, "yes": True, "no": None, "l": ["a"], "q": "1",
    },
    ("a.b.c=1", "a.b.d=2", "a.e=x"): {"a": {"b": {"c": 1, "d": 2}, "e": "x"}},
    ("n=9223372036854775807", "m=-9223372036854775808"): {"n": 2**63 - 1, "m": -(2**63)},
    ("empty=", "equals=a=b", "007=008"): {"empty": "", "equals": "a=b", "007": "008"},
    ('pair="\\ud83d\\ude00"',): {"pair": "😀"},
    ("n=NaN", "i=Infinity", "b=1e999"): {"n": "NaN", "i": "Infinity", "b": "1e999"},
    ('{"a": {"b": 1}}', "a.c=2"): {"a": {"b": 1, "c": 2}},
    ("@FILE", "nights=2"): {"hotel": "Zur Post, Köln", "nights": 2},
}  # fmt: skip

MISTAKES = {
    ("flight",): '"flight" is neither KEY=VALUE',
    ("=1",): '"=1" is neither',
    ("a..b=1",): '"a..b=1" is neither',
    ("a=1", "a=1"): '"a" is given twice',
    ("a=1", "a.b=2"): '"a.b" is inside "a"',
    ("a.b=2", "a=1"): '"a.b" is inside "a"',
    ('{"a": 1}', "a.b=2"): '"a.b" is inside "a"',
    ("{}", "{}"): "only one may be a file",
    ('{"a": 1', ): "--input:1:8: this is not JSON",
    ('{"a": NaN}', ): "NaN is not a value of JSON",
    ("@none.json",): "none.json: No such file or directory",
    ("@LIST", "a=1"): "the whole value is not an object",
    ("@LATIN",): "this is not UTF-8",
    ("@.",): ".: this is a directory, not a file",
    ('{"a": "x\\ud800"}',): r'the text "x\ud800" holds half of a surrogate pair',
    ('a=["\\udc00"]',): r'the text "\udc00" holds half of a surrogate pair',
    ('a={"\\ud800": 1}',): r'the text "\ud800" holds half of a surrogate pair',
    ("a=\udcff",): r'the text "\udcff" holds half of a surrogate pair',
    ("\udcff=1",): r'the text "\udcff" holds half of a surrogate pair',
    ('{"n": ' + "7" * 5000 + "}",): f"--input:1:7: the integer {'7' * 59}… does not fit in 64 bits",
    ("n=9223372036854775808",): "the integer 9223372036854775808 does not fit in 64 bits; put it in quotes to",
    ("n=[1, -9223372036854775809]",): "the integer -9223372036854775809 does not fit in 64 bits",
    ("@BEYOND",): "BEYOND:2:6: the integer 9223372036854775808 does not fit in 64 bits",
    ("@TWICE",): 'TWICE:3:4: "k" stands twice in this object',
    ('{"k": "k", "l": [{"k": {}, "x\\"k": 1, "k": 1}]}',): '--input:1:39: "k" stands twice in this object',
    ('{"k": 1, "\\u006b": 1}',): '--input:1:10: "k" stands twice in this object',
    ('{"\\ud800": 1, "\\ud800": 1}',): r'--input:1:15: "\ud800" stands twice in this object',
    ('a={"k": 1, "k": 1}',): '"k" stands twice in this object',
    ('{"n": ' + "[" * 99_999,): "--input: this is not JSON: lists and objects are nested too deeply",
}  # fmt: skip


@pytest.fixture(autouse=True)
def _files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("FILE").write_text('\ufeff{"hotel": "Zur Post, Köln", "nights": 1}', encoding="utf-8")
    Path("LIST").write_text("[1]")
    Path("TWICE").write_text('{"k": {"k": 1},\n  "l": {"k": 1},\n   "k": 2}')
    Path("BEYOND").write_text(
        '["9223372036854775808", 1.5e3, 9223372036854775807,\n     9223372036854775808]'
    )
    Path("LATIN").write_bytes('{"a": "ö"}'.encode("latin-1"))


@pytest.mark.parametrize("words", INPUTS)
def test_input(words: tuple[str, ...]) -> None:
    assert assemble([parse_input_part(word) for word in words]) == INPUTS[words]


@pytest.mark.parametrize("words", MISTAKES)
def test_mistake(words: tuple[str, ...]) -> None:
    with pytest.raises(click.UsageError) as caught:
        assemble([parse_input_part(word) for word in words])
    assert MISTAKES[words] in caught.value.message


PAYLOADS: dict[tuple[str, ...], Any] = {
    (): None,
    ("5",): 5,
    ("true",): True,
    ("null",): None,
    ('"a=b"',): "a=b",
    ("[1]",): [1],
    ('{"a": 1}', "b.c=x"): {"a": 1, "b": {"c": "x"}},
    ("@LIST",): [1],
    ("a=[1]",): {"a": [1]},
}  # fmt: skip


@pytest.mark.parametrize("words", PAYLOADS)
def test_payload(words: tuple[str, ...]) -> None:
    assert assemble([parse_payload_part(word) for word in words]) == PAYLOADS[words]


@pytest.mark.parametrize(
    "words",
    [
        ("yes",),
        ("NaN",),
        ('{"k": 1, "k": 1}',),
        ('[{"k": 1, "k": 1}]',),
        ("9" * 20,),
        ("5", "6"),
        ("5", "a=1"),
        ('{"a"',),
        ('"\\ud800"',),
        ("a=\udcff",),
    ],
)
def test_no_payload(words: tuple[str, ...]) -> None:
    with pytest.raises(click.UsageError):
        assemble([parse_payload_part(word) for word in words], what="PAYLOAD")
