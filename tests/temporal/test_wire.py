"""The wire format without a server: what is written is read, and formats keep their rule."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest
from temporalio.api.common.v1 import Payload

from dsl.expressions import Limits
from interpreter.predecessor import NO_PREDECESSOR, Predecessor
from interpreter.program.model import Bundle
from interpreter.temporal.wire import formats
from interpreter.temporal.wire.activity_header import HEADER, ActivityHeader
from interpreter.temporal.wire.definition_text import COMPRESS_FROM, decode_texts, encode_texts
from interpreter.temporal.wire.formats import FIRST_READERS, FORMAT, NEWEST_READABLE, WorkflowTaskRefused
from interpreter.temporal.wire.payloads import MAXIMUM_BYTES
from interpreter.temporal.wire.request import (
    InvalidRequest,
    StartRequest,
    continue_arguments,
    decode_arguments,
    encode_arguments,
)
from interpreter.temporal.wire.storage_limits import (
    MOST_STORED_BYTES,
    REFERENCE_BYTES,
    StorageLimits,
    find_excess_weight,
    weigh_payloads,
)

ROOT = Path(__file__).parents[2]
STATE = {"format": 1, "vars": {}}

BEFORE = Predecessor(
    3, {"a": 1}, 2, {"x/b": Predecessor(undone={"c": 2}), "y": NO_PREDECESSOR}, least_generation=2
)

BUNDLES = [
    Bundle("dsl: ..."),
    Bundle("dsl: ...", (("a", "one"), ("b", "two"))),
    Bundle("dsl: ...\n" * COMPRESS_FROM, (("a", "ä" * COMPRESS_FROM),)),
]
REQUESTS = [
    *(StartRequest(bundle) for bundle in BUNDLES),
    StartRequest(BUNDLES[0], entry="child", limits=Limits(fuel=5), predecessor=BEFORE, repeatable=True),
    StartRequest(BUNDLES[0], continue_as_new_after=7, state=STATE),
    StartRequest(BUNDLES[0], limits=Limits(fuel=5), storage=StorageLimits(100, 5_000_000)),
]


def over_the_wire(value: Any) -> Any:
    """What arrives: Temporal's JSON converter sorts the keys of objects."""
    return json.loads(json.dumps(value, sort_keys=True))


@pytest.mark.parametrize("request_", REQUESTS, ids=[str(number) for number in range(len(REQUESTS))])
def test_what_is_written_is_read(request_: StartRequest) -> None:
    data, read = decode_arguments(over_the_wire(encode_arguments(request_, {"order": 17})))
    assert data == {"order": 17}
    assert read.digest == request_.bundle.digest
    for name in (
        *("bundle", "entry", "limits", "storage", "predecessor", "repeatable"),
        *("continue_as_new_after", "state"),
    ):
        assert getattr(read, name) == getattr(request_, name), name


def test_the_input_comes_first_and_what_is_not_said_is_not_written() -> None:
    bundle = BUNDLES[0]
    assert encode_arguments(StartRequest(bundle), {"order": 17}) == [
        {"order": 17},
        {
            "format": 1,
            "first_reader": "0.2.0",
            "definition": {"digest": bundle.digest, "text": bundle.text},
        },
    ]


def test_only_large_texts_are_compressed() -> None:
    assert set(encode_texts(Bundle("x" * (COMPRESS_FROM - 1)))) == {"text"}
    large = Bundle("x" * COMPRESS_FROM)
    assert set(encode_texts(large)) == {"compressed"}
    assert decode_texts(dict(encode_texts(large))) == large


def test_a_run_that_continues_keeps_its_request() -> None:
    first = encode_arguments(StartRequest(BUNDLES[1], entry="a", predecessor=BEFORE), {"n": 1})
    data, read = decode_arguments(over_the_wire(continue_arguments(first, {"n": 1}, STATE)))
    assert (data, read.entry, read.predecessor, read.state) == ({"n": 1}, "a", BEFORE, STATE)


def test_a_release_reads_a_format_before_any_release_writes_it() -> None:
    """The rule of docs/decisions/022-wire-format.md, which lets workers be replaced one by one."""
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert sorted(FIRST_READERS) == list(range(1, NEWEST_READABLE + 1))
    assert FORMAT <= NEWEST_READABLE
    if FORMAT > 1:
        assert _to_numbers(FIRST_READERS[FORMAT]) < _to_numbers(version)


def test_a_newer_format_is_left_to_a_newer_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    arguments = encode_arguments(StartRequest(BUNDLES[0]), None)
    arguments[1] |= {"format": NEWEST_READABLE + 1, "first_reader": "9.9.0", "new": "key"}
    with pytest.raises(WorkflowTaskRefused, match=r"stepfile 9\.9\.0 or newer"):
        decode_arguments(arguments)
    monkeypatch.setattr(formats, "NEWEST_READABLE", NEWEST_READABLE + 1)
    del arguments[1]["new"]
    decode_arguments(arguments)


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        ({}, "stored_from must be a whole number from 0 on"),
        ({"stored_from": True}, "stored_from must be a whole number from 0 on"),
        ({"stored_from": 5, "most": 1_999_999}, "most must be a whole number from 2000000 on"),
        ({"stored_from": 5, "mots": 5}, '"mots" is not a key of limits.external_storage'),
        (None, "external_storage must be a map"),
    ],
)
def test_bounds_of_external_storage_that_are_wrong(limits: Any, message: str) -> None:
    arguments = encode_arguments(StartRequest(BUNDLES[0]), None)
    arguments[1]["limits"] = {"external_storage": limits}
    with pytest.raises(InvalidRequest, match=message):
        decode_arguments(arguments)


def test_a_call_tells_the_bounds_of_its_result() -> None:
    header = ActivityHeader("key", storage=StorageLimits(100))
    assert ActivityHeader.of({HEADER: header.payload()}) == header


@pytest.mark.parametrize(
    ("sizes", "fits"),
    [
        ([MAXIMUM_BYTES], True),
        ([MAXIMUM_BYTES + 1], True),
        ([MOST_STORED_BYTES], True),
        ([MOST_STORED_BYTES + 10], False),
        ([MOST_STORED_BYTES // 2, MOST_STORED_BYTES // 2], True),
        ([MOST_STORED_BYTES // 2, MOST_STORED_BYTES // 2 + 10], False),
        ([999] * 2000, True),
        ([999] * 2010, False),
    ],
)
def test_what_is_stored_weighs_less(sizes: list[int], fits: bool) -> None:
    """Payloads from 1,000 bytes on are stored here."""
    payloads = [Payload(data=b"x" * (size - 4)) for size in sizes]
    storage = StorageLimits(1_000)
    assert (find_excess_weight(payloads, "all", storage) is None) is fits
    assert weigh_payloads([Payload(data=b"x" * 1_000)], storage) == REFERENCE_BYTES


def _to_numbers(version: str) -> list[int]:
    return [int(part) for part in version.split(".") if part.isdigit()]
