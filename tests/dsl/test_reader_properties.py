"""What holds for every text: the reader never fails, reads JSON as JSON does, and finds every character."""

from __future__ import annotations

import json
import re

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from dsl.problems.located import locate
from dsl.problems.render import render_json, render_text
from dsl.reading.reader import Document, read_bytes, read_text
from dsl.source.map import Position, Span

FRAGMENTS = (
    *(
        "a",
        "b: ",
        "- ",
        "? ",
        ": ",
        "'",
        '"',
        "[",
        "]",
        "{",
        "}",
        ", ",
        "\n",
        "\n  ",
        "\n    ",
        "\t",
        "#",
        " #",
    ),
    *(
        "&x ",
        "*x",
        "<<: ",
        "!t ",
        "|",
        ">",
        "|2-",
        ">+",
        "\\",
        "\\u00e9",
        "''",
        "---",
        "...",
        "%YAML 1.2\n",
        "${ ",
    ),
    *("\r\n", "\r", "é", "😀", "1", ".nan", "010", "\ufeff", "\x85", "\0", "~", "@", "`"),
)
yamlish = st.lists(st.sampled_from(FRAGMENTS), max_size=40).map("".join)


def check(document: Document) -> None:
    """Holds for every document: data or an error, and every problem has a place in the text."""
    assert document.data is not None or document.problems
    json.dumps(document.data, allow_nan=False)
    source = document.source
    last = source.locate_offset(len(source.text))
    for problem in document.problems:
        span = locate(problem, source)
        assert span.start <= span.end
        assert span.start <= last or problem.code == "not-utf-8"
    render_text(document.problems, source)
    render_json(document.problems, source)


@settings(max_examples=600, deadline=None)
@given(yamlish)
def test_yaml_of_any_kind(text: str) -> None:
    check(read_text(text))


@settings(max_examples=100, deadline=None)
@given(st.text())
def test_any_text(text: str) -> None:
    check(read_text(text))


@settings(max_examples=200, deadline=None)
@given(st.binary())
def test_any_bytes(data: bytes) -> None:
    check(read_bytes(data))


# YAML's own limits on raw JSON: no key of more than 1024 characters, integers of 64 bits; half of a
# surrogate pair is no character; and json.dumps escapes only control characters below U+0020.
characters = st.characters(
    exclude_categories=["Cs", "Cc"], exclude_characters="\u2028\u2029\ufeff\ufffe\uffff"
)
texts = st.text(characters | st.sampled_from("\n\t\r\0\x1b"), max_size=30)
numbers = st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False)
values = st.recursive(
    st.none() | st.booleans() | numbers | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=20,
)


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(texts, values, max_size=4), st.sampled_from([None, 0, 2]), st.booleans())
def test_json_reads_as_json(data: dict[str, object], indent: int | None, spaced: bool) -> None:
    text = json.dumps(data, ensure_ascii=False, indent=indent, separators=None if spaced else (",", ":"))
    document = read_text(text)
    assert document.problems == ()
    assert json.dumps(document.data) == json.dumps(json.loads(text))


# --- every character is found ---

BREAK = re.compile("\r\n?|\n")
SIMPLE_ESCAPES = {
    "\\e": "\x1b",
    "\\0": "\0",
    "\\_": "\xa0",
    "\\a": "\a",
    "\\ ": " ",
    "\\L": "\u2028",
    "\\v": "\v",
}
plain_parts = st.text(
    st.characters(exclude_categories=["Cs", "Cc", "Z"], exclude_characters="\ufeff"), max_size=6
)
joints = st.sampled_from([" ", "   ", " \t", "\n  ", " \n\n   ", "\n \n\t\n  ", "\n\n\n  "])


def place(text: str, position: Position) -> int:
    """The offset of a position."""
    return [0, *(found.end() for found in BREAK.finditer(text))][position.line - 1] + position.column - 1


def means(written: str, style: str) -> str:
    """One character of a flow scalar from the way it is written; a line end is `\n` or a space."""
    if style == "'" and written == "''":
        return "'"
    if style == '"' and written.startswith("\\"):
        if written in SIMPLE_ESCAPES:
            return SIMPLE_ESCAPES[written]
        if written[1] in "xuU":
            return chr(int(written[2:], 16))
        return str(json.loads(f'"{written}"'))
    return written


def find_all(written: str, line_end: str = "\n") -> None:
    """Every character of the value is where `within` says; no two at one place; none left out."""
    document = read_text(f"é: 😀\nk: &anchor\n  {written}\nz: 1\n".replace("\n", line_end))
    assume(not document.problems)
    assert isinstance(document.data, dict)
    value, source, path = document.data["k"], document.source, ("k",)
    assume(isinstance(value, str))
    assert isinstance(value, str)
    end = 0
    for index, character in enumerate(value):
        span = source.locate_within(path, index, index + 1)
        start, before, end = place(source.text, span.start), end, place(source.text, span.end)
        assert before <= start < end or (written[0] in "|>" and start == end == len(source.text.rstrip()))
        found = source.text[start:end]
        if BREAK.fullmatch(found):
            assert character in " \n"
        else:
            assert means(found, written[0]) == character
    if value:
        whole = source.locate_within(path, 0, len(value))
        assert whole == Span(
            source.locate_within(path, 0, 1).start, source.locate_within(path, len(value) - 1, len(value)).end
        )


line_ends = st.sampled_from(["\n", "\r\n", "\r"])


@settings(max_examples=200, deadline=None)
@given(st.lists(plain_parts | joints, max_size=8), line_ends)
def test_places_in_plain_scalars(parts: list[str], line_end: str) -> None:
    find_all("a" + "".join(parts) + "b", line_end)


@settings(max_examples=200, deadline=None)
@given(
    st.lists(plain_parts.map(lambda part: part.replace("'", "''")) | joints | st.just("''"), max_size=8),
    line_ends,
)
def test_places_in_single_quotes(parts: list[str], line_end: str) -> None:
    find_all("'" + "".join(parts) + "'", line_end)


escapes = st.sampled_from(
    ["\\n", '\\"', "\\\\", "\\x41", "\\u00e9", "\\U0001F600", "\\\n  ", "\\\n\n   ", *SIMPLE_ESCAPES]
)
in_double = plain_parts.map(lambda part: part.replace("\\", "").replace('"', ""))


@settings(max_examples=200, deadline=None)
@given(st.lists(in_double | joints | escapes, max_size=10), line_ends)
def test_places_in_double_quotes(parts: list[str], line_end: str) -> None:
    find_all('"' + "".join(parts) + '"', line_end)


lines = st.builds(
    lambda indent, text: " " * indent + text, st.sampled_from([0, 0, 0, 1, 3]), plain_parts | st.just("\tx y")
)
headers = st.builds(
    "".join, st.tuples(st.sampled_from("|>"), st.sampled_from(["", "+", "-"]), st.sampled_from(["", " # c"]))
)


@settings(max_examples=300, deadline=None)
@given(headers, st.booleans(), st.lists(lines, max_size=7), st.sampled_from([1, 4]), line_ends)
def test_places_in_blocks(header: str, told: bool, content: list[str], indent: int, line_end: str) -> None:
    header = header[0] + str(indent) + header[1:] if told else header
    body = "\n".join(" " * indent + line if line else "" for line in content)
    find_all(f"{header}\n{body}", line_end)


def test_a_block_that_ends_with_the_text() -> None:
    source = read_text("k: |\n  ab").source
    assert source.locate_within(("k",), 1, 2).start == Position(2, 4)
    source = read_text("k: |+\n").source
    assert source.locate_within(("k",), 0, 1).start == Position(1, 4)


def test_a_block_of_blank_lines() -> None:
    source = read_text("k: |+\n\n \nz: 1\n").source
    assert [source.locate_within(("k",), i, i + 1).start for i in (0, 1)] == [Position(2, 1), Position(3, 2)]
