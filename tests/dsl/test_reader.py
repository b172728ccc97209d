"""The reader's face: files, bytes, and what the source map answers."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from dsl.reading.page import Mistake
from dsl.reading.reader import Document, read_bytes, read_file, read_text
from dsl.reading.syntax import explain_syntax_error
from dsl.source.map import Position, SourceMap, Span
from dsl.source.nodes import Scalar
from dsl.source.places import locate_characters


def only(document: Document) -> tuple[str, str, str | None]:
    """The document's one problem."""
    assert document.data is None
    [problem] = document.problems
    return problem.code, problem.message, problem.hint


def at(line: int, start: int, end: int) -> Span:
    """A span on one line."""
    return Span(Position(line, start), Position(line, end))


# --- files ---


def test_reads_a_file(tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    file.write_text("a: 1\n")
    document = read_file(file)
    assert document.data == {"a": 1}
    assert document.source.name == str(file)
    assert document.problems == ()


def test_a_missing_file(tmp_path: Path) -> None:
    assert only(read_file(tmp_path / "none.yaml")) == ("unreadable-file", "there is no such file", None)


def test_a_file_below_a_file(tmp_path: Path) -> None:
    (tmp_path / "a").touch()
    assert only(read_file(tmp_path / "a" / "b.yaml"))[1] == "there is no such file"


def test_a_directory(tmp_path: Path) -> None:
    assert only(read_file(tmp_path)) == ("unreadable-file", "this is a directory, not a file", None)


def test_a_name_that_is_none() -> None:
    assert only(read_file("a\0b")) == ("unreadable-file", "this is not the name of a file", None)


def test_a_name_that_is_too_long() -> None:
    assert only(read_file("x" * 5000))[1].startswith("the file cannot be read: ")


def test_a_file_without_permission(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> int:
        raise PermissionError  # the tests may run as root, whom no mode stops

    monkeypatch.setattr(os, "open", refuse)
    assert only(read_file(tmp_path / "a")) == (
        "unreadable-file",
        "the file may not be read: permission denied",
        None,
    )


def test_a_fifo_is_refused_without_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    code, message, hint = only(read_file(tmp_path / "fifo"))
    assert (code, message) == ("unreadable-file", "this is not a regular file")
    assert hint == "use - to read from standard input"


def test_a_device() -> None:
    assert only(read_file("/dev/zero"))[1] == "this is not a regular file"


def test_a_socket(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "s"))
        assert only(read_file(tmp_path / "s"))[0] == "unreadable-file"


def test_a_large_file_is_not_read(tmp_path: Path) -> None:
    file = tmp_path / "large.yaml"
    with file.open("wb") as handle:
        handle.truncate(10 * 1024 * 1024)
    assert only(read_file(file)) == (
        "file-too-large",
        "the file is larger than 1 MiB",
        "move data into the input of the run",
    )


def test_a_mebibyte_is_not_too_large(tmp_path: Path) -> None:
    file = tmp_path / "full.yaml"
    file.write_text("a: " + "x" * (1024 * 1024 - 3))
    assert read_file(file).problems == ()
    file.write_text("a: " + "x" * (1024 * 1024 - 2))
    assert only(read_file(file))[0] == "file-too-large"


# --- characters ---


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"a: \xff\n", "the byte 0xff is not UTF-8"),
        (b"a: 1\nb: \xc3", "the byte 0xc3 is not UTF-8"),
        (b"a: \xed\xa0\x80", "the byte 0xed is not UTF-8"),
        ("a: 1".encode("utf-16"), "the file is not in UTF-8"),
        ("a: 1".encode("utf-16-be"), "the file is not in UTF-8"),
        ("a: 1".encode("utf-32"), "the file is not in UTF-8"),
    ],
)
def test_not_utf_8(data: bytes, message: str) -> None:
    code, found, hint = only(read_bytes(data))
    assert (code, found) == ("not-utf-8", message)
    assert hint is not None
    assert hint.endswith("UTF-8")


def test_a_bad_byte_is_placed() -> None:
    assert read_bytes("a: 1\r\né: ".encode() + b"\xff").problems[0].span == at(2, 4, 4)


@pytest.mark.parametrize(
    ("character", "hint"),
    [
        ("\0", "is this a text file?"),
        ("\x1b", 'remove it, or write it as "\\x1B" in double quotes'),
        ("\x7f", 'remove it, or write it as "\\x7F" in double quotes'),
        ("\x85", 'remove it, or write it as "\\x85" in double quotes'),
        ("\u2028", 'remove it, or write it as "\\u2028" in double quotes'),
        ("\ufeff", 'remove it, or write it as "\\uFEFF" in double quotes'),
        ("\uffff", 'remove it, or write it as "\\uFFFF" in double quotes'),
        ("\ud800", "half of a surrogate pair is not a character"),
    ],
)
def test_a_character_that_must_not_stand_raw(character: str, hint: str) -> None:
    document = read_text(f"a: 1\nb: 'é{character}'")
    assert only(document) == (
        "control-character",
        f"the character U+{ord(character):04X} must not stand here",
        hint,
    )
    assert document.problems[0].span == at(2, 6, 7)


def test_escaped_they_may_stand() -> None:
    assert read_text(r'a: "\0\x85\L\P\uFEFF"').data == {"a": "\0\x85\u2028\u2029\ufeff"}


def test_text_is_bounded_too() -> None:
    assert only(read_text("é" * (600 * 1024)))[0] == "file-too-large"


# --- places ---

TEXT = """\
base: &base {x: 1, name: base}
steps:
  - id: 'one'
    use: *base
  - <<: *base
    id: two
  - {a: [1, 2],
     b: 3}
  -
    - &deep text
nothing:
"""
SOURCE = read_text(TEXT, "t.yaml").source


@pytest.mark.parametrize(
    ("path", "span"),
    [
        ((), at(1, 1, 5)),
        (("base",), at(1, 13, 31)),
        (("base", "x"), at(1, 17, 18)),
        (("steps",), at(3, 3, 4)),
        (("steps", 0), at(3, 5, 7)),
        (("steps", 0, "id"), at(3, 9, 14)),
        (("steps", 0, "use", "name"), at(1, 26, 30)),
        (("steps", 1, "x"), at(1, 17, 18)),
        (("steps", 1), at(5, 5, 7)),
        (("steps", 2), at(7, 5, 6)),
        (("steps", 2, "a"), at(7, 9, 15)),
        (("steps", 3), at(10, 5, 6)),
        (("steps", 3, 0), at(10, 13, 17)),
        (("nothing",), at(11, 9, 9)),
        (("steps", 0, "none", "deeper"), at(3, 5, 7)),
        (("steps", 9), at(3, 3, 4)),
        (("steps", -1), at(3, 3, 4)),
        (("steps", "0"), at(3, 3, 4)),
        (("base", 0), at(1, 13, 31)),
        (("nothing", "x"), at(11, 9, 9)),
    ],
)
def test_the_place_of_a_value(path: tuple[str | int, ...], span: Span) -> None:
    assert SOURCE.locate_value(path) == span


@pytest.mark.parametrize(
    ("path", "span"),
    [
        (("base",), at(1, 1, 5)),
        (("steps", 0, "id"), at(3, 5, 7)),
        (("steps", 0, "use", "x"), at(1, 14, 15)),
        (("steps", 1, "name"), at(1, 20, 24)),
        (("steps", 1), at(5, 5, 7)),
        (("steps", 0, "none"), at(3, 5, 7)),
        ((), at(1, 1, 5)),
        (("none", "x"), at(1, 1, 5)),
    ],
)
def test_the_place_of_a_key(path: tuple[str | int, ...], span: Span) -> None:
    assert SOURCE.locate_key(path) == span


def test_a_place_inside_a_scalar() -> None:
    assert SOURCE.locate_within(("steps", 0, "id"), 1, 3) == at(3, 11, 13)
    assert SOURCE.locate_within(("steps", 0, "id"), 1, 1) == at(3, 11, 11)
    assert SOURCE.locate_within(("steps", 0, "id"), 3, 3) == at(3, 13, 13)
    assert SOURCE.locate_within(("steps", 0, "id"), 0, 99) == at(3, 10, 13)
    assert SOURCE.locate_within(("steps", 0, "use", "name"), 0, 2) == at(1, 26, 28)


def test_a_place_inside_a_long_scalar() -> None:
    folded = "  x\n" * 50_000
    source = read_text(f"a: {'x' * 100_000}\nb: {'x' * 100_001}\nc: >\n{folded}").source
    assert source.locate_within(("a",), 5, 6) == at(1, 9, 10)
    assert source.locate_within(("b",), 5, 6) == source.locate_value(("b",))
    assert source.locate_within(("c",), 2, 3) == at(5, 3, 4)


def test_a_place_inside_what_is_no_text() -> None:
    assert SOURCE.locate_within(("steps", 2, "a"), 0, 1) == at(7, 9, 15)
    assert SOURCE.locate_within(("nothing",), 0, 1) == at(11, 9, 9)
    assert SOURCE.locate_within(("none",), 0, 1) == at(1, 1, 5)


@pytest.mark.parametrize(
    ("value", "cut"),
    [
        ("${ a # b }", True),
        ("${ a\t# b }", True),
        ("${ a#b }", False),
        ("'${ a' # b", False),
        ("[a] # b", False),
    ],
)
def test_a_comment_that_cuts_a_value(value: str, cut: bool) -> None:
    assert read_text(f"x: {value}\n").source.has_comment_after(("x",)) is cut


def test_a_comment_after_nothing() -> None:
    assert SOURCE.has_comment_after(("none",)) is False


def test_raw_text() -> None:
    assert SOURCE.get_raw(("steps", 0, "id")) == "'one'"
    assert SOURCE.get_raw(("steps", 2)) == "{a: [1, 2],\n     b: 3}"
    assert SOURCE.get_raw(("none",)) == ""
    assert read_text("version: 1.10 # x").source.get_raw(("version",)) == "1.10"


def test_lines() -> None:
    source = SourceMap("x", "one\r\ntwo\rthree\n\nfive")
    assert [source.get_line(number) for number in range(7)] == ["", "one", "two", "three", "", "five", ""]


def test_positions_count_code_points() -> None:
    source = read_text("😀: é\r\n'é😀': 1\r\n").source
    assert source.locate_value(("😀",)) == at(1, 4, 5)
    assert source.locate_key(("é😀",)) == at(2, 1, 5)


def test_an_empty_source() -> None:
    assert SourceMap("x").locate_value(("a", 1)) == at(1, 1, 1)


def test_long_keys_are_cut_in_messages() -> None:
    [problem] = read_text(f"{'k' * 500}: 1\n{'k' * 500}: 2\n").problems
    assert problem.message == f'"{"k" * 59}…" stands twice in this map'


# --- the parser ---


def test_without_the_c_parser_the_package_is_named() -> None:
    code = "import sys; sys.modules['_ruamel_yaml'] = None; import dsl.reading.events"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == (
        "ImportError: Stepfile reads YAML with the C parser of the package ruamel.yaml.clib, "
        "which is not installed"
    )


@pytest.mark.parametrize("words", ["while frobnicating", "did not find expected ',' or ']'"])
def test_what_the_parser_says_is_never_shown(words: str) -> None:
    problem = explain_syntax_error("a: b", Mistake(words, 3, 3))
    assert (problem.message, problem.span) == ("this cannot stand here", at(1, 4, 5))


def test_places_are_not_guessed() -> None:
    assert locate_characters("'a b'", Scalar(0, 5, "ab", text="ab", style="'")) is None


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="counts open files as Linux does")
def test_a_refused_file_is_closed(tmp_path: Path) -> None:
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(5):
        read_file(tmp_path)
    assert len(os.listdir("/proc/self/fd")) == before
