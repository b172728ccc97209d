"""Inputs made to hurt: each is answered in about a second and little memory, with one clear problem."""

from __future__ import annotations

import sys
import time
import tracemalloc

import pytest

from dsl.problems.render import render_text
from dsl.reading.reader import read_text

MIB = 1024 * 1024
LIMIT = 2 if sys.gettrace() is None else 20
"""Seconds of processor time: the slowest takes half a second alone on a machine, a tracer ten times that."""


def fill(part: str) -> str:
    """A mebibyte of `part`."""
    return part * (MIB // len(part))


def laughs() -> str:
    """A billion values in ten lines."""
    rows = [f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 10)}]" for n in range(1, 10)]
    return "\n".join(["l0: &l0 [ha]", *rows])


def merges(keys: int, times: int) -> str:
    return f"a: &a {{{', '.join(f'k{n}: 1' for n in range(keys))}}}\nb:\n" + "".join(
        f"  - <<: [{', '.join(['*a'] * times)}]\n" for _ in range(500)
    )


def chain(length: int, link: str) -> str:
    """Values that each hold the one before: a level more, which no line shows."""
    return "a0: &a0 []\n" + "".join(f"a{n}: &a{n} {link.format(f'a{n - 1}')}\n" for n in range(1, length))


HOSTILE = {
    "a 10 MB text": ("a" * 10_000_000, "file-too-large"),
    "billion laughs": (laughs(), "too-many-nodes"),
    "laughing maps": (chain(90, "{{a: *{0}, b: *{0}}}"), "too-many-nodes"),
    "nested maps": (chain(2000, "{{a: *{0}}}"), "too-deep"),
    "quadratic merge": (merges(100, 200), "too-many-nodes"),
    "nested lists": (chain(2000, "[*{0}]"), "too-deep"),
    "100,000 levels": ("- " * 100_000, "too-deep"),
    "brackets": (fill("["), "too-deep"),
    "braces": (fill("{"), "too-deep"),
    "braces with keys": (fill("{a: "), "too-deep"),
    "dashes": (fill("- "), "too-deep"),
    "question marks": (fill("? "), "too-deep"),
    "all of them": (fill("- ? "), "too-deep"),
    "anchors": (fill("&a "), "yaml-syntax"),
    "tags": (fill("!a "), "yaml-syntax"),
    "many items": ("a: [" + "1," * 500_000 + "]", "too-many-nodes"),
    "duplicate keys": (fill("a: 1\n"), "too-many-problems"),
    "tagged items": ("a:\n" + fill("- !t x\n")[:-6], "too-many-problems"),
    "unknown aliases": ("a:\n" + fill("- *x\n")[:-6], "too-many-problems"),
    "directives": ("".join(f"%TAG !{n:x}! t:\n" for n in range(60_000)), "yaml-directive"),
    "later directives": (
        "a: 1\n...\n" + "".join(f"%TAG !{n:x}! t:\n" for n in range(60_000)),
        "several-documents",
    ),
    "quotes": (fill("'") + "a", "file-too-large"),
    "comments": (fill("#\n"), "empty-file"),
    "line ends": (fill("\r"), "empty-file"),
    "colons": (fill(": "), "yaml-syntax"),
    "tabs": (fill("\t"), "yaml-syntax"),
}


@pytest.mark.parametrize(("text", "code"), HOSTILE.values(), ids=HOSTILE)
def test_hostile(text: str, code: str) -> None:
    started = time.process_time()
    document = read_text(text)
    shown = render_text(document.problems, document.source)
    assert time.process_time() - started < LIMIT
    assert document.data is None
    assert document.problems[-1].code == code
    assert len(shown) < 30_000


HARMLESS = {
    "one line": "a: " + "x" * (MIB - 3),
    "one line of words": "a: " + "x " * (MIB // 2 - 2),
    "one quoted line": "a: '" + "x " * (MIB // 2 - 4) + "'",
    "one folded text": "a: >\n" + "  x\n" * (MIB // 4 - 2),
    "text of lines": "a: |\n" + "  x\n" * (MIB // 4 - 2),
    "digits": "a: 1." + "1" * (MIB - 5),
    "blanks behind an anchor": "a: &a" + " #\n" * (MIB // 3 - 4) + " b",
}


@pytest.mark.parametrize("text", HARMLESS.values(), ids=HARMLESS)
def test_large_and_harmless(text: str) -> None:
    started = time.process_time()
    document = read_text(text)
    assert document.source.locate_within(("a",), 0, 1) == document.source.locate_value(("a",))
    assert time.process_time() - started < LIMIT
    assert document.problems == ()


@pytest.mark.parametrize("name", ["billion laughs", "duplicate keys"])
def test_memory_is_bounded(name: str) -> None:
    text = HOSTILE[name][0]
    tracemalloc.start()
    read_text(text)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 100 * MIB


def test_the_bounds_themselves_are_allowed() -> None:
    assert read_text("{a: " + "[" * 99 + "]" * 99 + "}").problems == ()
    assert read_text("{a: " + "[" * 100 + "]" * 100 + "}").problems[0].code == "too-deep"
    assert read_text("a: [" + "1," * 99_997 + "]").problems == ()
    assert read_text("a: [" + "1," * 99_998 + "]").problems[0].code == "too-many-nodes"


def test_an_alias_counts_as_what_it_stands_for() -> None:
    item = "- [" + "1," * 99 + "]\n"
    assert read_text(f"a:\n- &a {item[2:]}" + "- *a\n" * 998).problems == ()
    assert read_text(f"a:\n- &a {item[2:]}" + "- *a\n" * 1000).problems[0].code == "too-many-nodes"


def test_a_large_definition_is_read_quickly() -> None:
    step = "  activity: charge\n  args: ['${ input.card }', {a: 1}]\n  timeouts: {start_to_close: 30s}\n"
    text = "steps:\n" + "".join(f"- id: step_{n}\n{step}" for n in range(1000))
    started = time.process_time()
    assert read_text(text).problems == ()
    assert time.process_time() - started < LIMIT  # about 0.1 on an idle machine
