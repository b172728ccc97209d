"""A value is found however it is written, and what does not hold it is left alone."""

from __future__ import annotations

import base64
import html
import json
import time
from collections.abc import Callable
from urllib.parse import quote, quote_plus, unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dsl.redaction.redactor import Redactor

VALUE = 'pa/ss +w"ö\\rd\n$&7'
SPELLINGS: dict[str, Callable[[str], str]] = {
    "plain": str,
    "JSON": lambda text: json.dumps(text)[1:-1],
    "JSON with all characters": lambda text: json.dumps(text, ensure_ascii=False)[1:-1],
    "JSON in JSON": lambda text: json.dumps(json.dumps(text))[3:-3],
    "repr": lambda text: repr(text)[1:-1],
    "ascii": lambda text: ascii(text)[1:-1],
    "a path": quote,
    "a part of a path": lambda text: quote(text, safe=""),
    "a query": quote_plus,
    "lower case": lambda text: quote_plus(text).replace("%2F", "%2f"),
    "escaped twice": lambda text: quote(quote(text, safe=""), safe=""),
    "HTML": html.escape,
}
ENCODINGS: dict[str, Callable[[bytes], bytes]] = {
    "base64": base64.b64encode,
    "urlsafe": base64.urlsafe_b64encode,
    "without padding": lambda data: base64.b64encode(data).rstrip(b"="),
    "in a query": lambda data: quote(base64.b64encode(data), safe="").encode(),
}


@pytest.mark.parametrize("spell", SPELLINGS.values(), ids=SPELLINGS)
def test_a_value_is_found_however_it_is_escaped(spell: Callable[[str], str]) -> None:
    redactor = Redactor([(VALUE, "[it]")])
    assert redactor.redact_text(f"<{spell(VALUE)}>") == "<[it]>"
    assert redactor.redact_text(f"<{spell(VALUE[:-1])}8>") == f"<{spell(VALUE[:-1])}8>"


@pytest.mark.parametrize("encode", ENCODINGS.values(), ids=ENCODINGS)
@pytest.mark.parametrize("before", ["", "u", "me", "user:"])
@pytest.mark.parametrize("behind", ["", "u", "me", "@host"])
def test_a_value_is_found_inside_of_base64(
    encode: Callable[[bytes], bytes], before: str, behind: str
) -> None:
    value = "s3cret~value??>>"
    written = encode(f"{before}{value}{behind}".encode()).decode()
    redacted = Redactor([(value, "[it]")]).redact_text(f"<{written}>")
    assert "[it]" in redacted
    assert len(unquote(redacted)) <= len("<[it]>") + len(encode(f"{before}{behind}".encode())) + 2


@given(st.text(min_size=6), st.sampled_from(list(SPELLINGS)[:6]), st.text(), st.text())
def test_no_value_is_left_over(value: str, spelling: str, before: str, behind: str) -> None:
    spell = SPELLINGS[spelling]
    assert spell(value) not in Redactor([(value, "")]).redact_text(f"{before}{spell(value)}{behind}")


def test_a_short_value_is_replaced_where_it_is_the_whole_text() -> None:
    redactor = Redactor([("12345", "[pin]"), ("", "[nothing]")])
    assert redactor.redact_value({"12345": ["12345", 12345, "123456", ""]}) == {
        "[pin]": ["[pin]", "[pin]", "123456", ""]
    }


def test_the_longer_of_two_values_counts() -> None:
    redactor = Redactor([("hunter", "[a]"), ("hunter2", "[b]")])
    assert redactor.redact_text("hunter2 hunter") == "[b] [a]"


def test_data_without_a_value_is_returned_itself() -> None:
    data = {"a": [1, None, True, "text", ("b",)], "c": 1.5}
    for redactor in (Redactor(), Redactor([("hunter2", "[b]")])):
        assert redactor.redact_value(data) is data
        assert redactor.find_label(data) is None
    assert Redactor([("hunter2", "[b]")]).find_label({"a": ["my hunter2"]}) == "[b]"


@pytest.mark.parametrize("value", ["\\" * 40, '"' * 40, "/" * 40, "a" * 40, "%" * 40, '\\"' * 20], ids=repr)
def test_no_text_makes_the_search_slow(value: str) -> None:
    redactor = Redactor([(value + "!", "[it]")])
    texts = [value * 50, value[:1] * 2000, quote(value) * 50]
    began = time.process_time()
    for text in texts:
        redactor.redact_text(text)
    assert time.process_time() - began < 1
