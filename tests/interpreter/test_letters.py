"""What a run writes to the built-in queue: small enough to be sent, and told when something is undone."""

from __future__ import annotations

import json
from typing import Any

import pytest

from interpreter.effects import LetterAddress
from interpreter.letters import told_letters
from interpreter.letters.large_records import describe_large, make_fit
from tests.interpreter.redriving import redrive, run_source

FAILS: list[dict[str, Any]] = [{"fail": {"type": "Down", "message": "no stock"}}]
LARGE = "x" * 5_000

ORDER = """
vars: {big: null}
steps:
  - {id: make, activity: make}
  - id: order
    activity: order
    args: ["${ steps.make.result }", "${ steps.make.result }"]
    dead_letter: {queue: kept, then: continue}
"""


@pytest.mark.parametrize(
    ("most_bytes", "large"),
    [
        (100_000, set()),
        (13_000, {"input"}),
        (9_000, {"input", "redrive"}),
        (6_000, {"input", "redrive", "details"}),
        (4_000, {"input", "redrive", "details", "definition"}),
    ],
)
def test_what_does_not_fit_is_left_out_in_a_fixed_order(most_bytes: int, large: set[str]) -> None:
    fails: list[dict[str, Any]] = [{"fail": {"type": "Down", "details": {"answer": LARGE}}}]
    ran: dict[str, Any] = {"make": [{"ok": LARGE}], "order": fails}
    source = run_source(ORDER, ran, most_bytes=most_bytes)
    (record,) = source.records
    assert source.run.status == "completed"
    assert len(json.dumps(record)) <= most_bytes
    found = {
        "input": "too_large" in record["input"],
        "redrive": "refused" in record["redrive"],
        "details": "too_large" in record["error"]["details"],
        "definition": "request" not in record["redrive"],
    }
    assert {name for name, is_so in found.items() if is_so} == large
    if not found["redrive"]:
        assert redrive(ORDER, record, {**ran, "order": [{"ok": 1}]}).result == 1


def test_a_value_that_is_too_large_is_told_by_its_size_its_digest_and_its_head() -> None:
    told = describe_large({"b": LARGE, "a": 1})
    assert (told["too_large"], told["bytes"], told["head"][:12]) == (True, 5_014, '{"a":1,"b":"')
    assert told["sha256"] == describe_large({"a": 1, "b": LARGE})["sha256"]


def test_at_last_all_texts_are_cut_and_stay_different() -> None:
    fails = [{"fail": {"type": "Down", "message": LARGE}}]
    text = """
steps:
  - id: all
    for_each: "${ ['a', 'b'] }"
    key: "item + steps.make.result"
    dead_letter: kept
    steps: [{id: one, activity: order}]
"""
    text = text.replace("steps:\n  - id: all", "steps:\n  - {id: make, activity: make}\n  - id: all", 1)
    source = run_source(text, {"make": [{"ok": LARGE}], "order": fails}, most_bytes=6_000)
    one, two = source.records
    assert one["key"] != two["key"]
    assert all(len(json.dumps(each)) < 8_000 for each in (one, two))
    assert one["redrive"] == {"refused": one["redrive"]["refused"]}


def test_of_a_redrive_that_is_refused_only_the_reason_is_left() -> None:
    """Texts are cut wherever they stand, also in lists, and what is neither text nor list stays."""
    error: dict[str, Any] = {"type": "Down", "details": LARGE, "cause": None}
    record: dict[str, Any] = {
        "input": [LARGE],
        "error": error,
        "redrive": {"refused": "no arguments", "seen": LARGE},
        "tags": [LARGE, 1, None],
    }
    sizes: list[int] = []

    def fits(value: Any) -> bool:
        sizes.append(len(json.dumps(value)))
        return False

    made = make_fit(record, fits)
    assert sizes == sorted(sizes, reverse=True), "each time something more is left out"
    assert made["redrive"] == {"refused": "no arguments"}
    assert made["tags"][1:] == [1, None]
    assert len(made["tags"][0]) < 1_100


def test_a_record_that_fits_is_left_as_it_is() -> None:
    record: dict[str, Any] = {"input": LARGE}
    assert make_fit(record, lambda _: True) is record


SAGA = """
input: {type: object, properties: {card: {type: string, writeOnly: true}, sku: {type: string}}}
steps:
  - {id: early, activity: order, dead_letter: {queue: kept, then: continue}}
  - id: block
    steps:
      - {id: tried, activity: make, compensate: {activity: undo}}
      - {id: inner, activity: order, dead_letter: {queue: kept, then: continue}}
      - {id: bad, activity: order}
    catch: [{errors: [Down], compensate: true}]
  - {id: late, activity: order, dead_letter: {queue: kept, then: continue}}
  - id: all
    for_each: "${ ['x'] }"
    key: item
    steps: [{id: made, activity: make, compensate: {activity: undo}}]
  - {id: last, activity: last}
"""
DATA = {"card": "4111-1111/1111", "sku": "tea"}


@pytest.mark.parametrize("in_many_runs", [False, True])
def test_letters_hear_of_what_was_undone_after_they_were_written(in_many_runs: bool) -> None:
    ran: dict[str, Any] = {"make": [{}], "undo": [{}], "order": FAILS}
    source = run_source(SAGA, {**ran, "last": [{}]}, DATA, force_continue_as_new=in_many_runs)
    told = [(letter.key, end["status"], end["undone"]) for letter, end in source.effects.told]
    assert told == [("wf/inner", "completed", {"tried": 1})], "nothing of the others was undone"
    source = run_source(SAGA, {**ran, "last": FAILS}, DATA, force_continue_as_new=in_many_runs)
    told = [(letter.key, end["status"], end["undone"]) for letter, end in source.effects.told]
    undone = {"tried": 1, "all[x]/made": 1}
    assert told == [(f"wf/{step}", "failed", undone) for step in ("early", "inner", "late")]
    assert source.effects.told[0][1]["input"] == {"card": "[writeOnly input.card]", "sku": "tea"}
    assert source.effects.told[0][1]["hidden"] == ["input.card"]


def test_a_large_input_is_not_told_to_many_letters(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(told_letters, "MOST_TOLD", 50)
    ran: dict[str, Any] = {"make": [{}], "undo": [{}], "order": FAILS, "last": FAILS}
    source = run_source(SAGA, ran, DATA)
    assert [(end["input"], end["hidden"]) for _, end in source.effects.told] == [(None, ["input"])] * 3


def test_a_letter_of_what_undoes_is_told_nothing() -> None:
    text = """
saga: {dead_letter: kept, retry: {maximum_attempts: 1}}
steps:
  - {id: a, activity: make, compensate: {activity: undo}}
  - {id: b, activity: make, compensate: {activity: stuck}}
  - {id: last, activity: last}
"""
    source = run_source(text, {"make": [{}], "undo": [{}], "stuck": FAILS, "last": FAILS})
    assert [each["step"] for each in source.records] == ["b.compensate"]
    assert source.effects.told == []


def test_a_run_without_letters_tells_nothing() -> None:
    text = "steps: [{id: a, activity: make, compensate: {activity: undo}}, {id: last, activity: last}]"
    source = run_source(text, {"make": [{}], "undo": [{}], "last": FAILS})
    assert (source.effects.told, source.effects.letters) == ([], {})


def test_each_letter_has_its_address() -> None:
    ran: dict[str, Any] = {"make": [{}], "undo": [{}], "order": FAILS, "last": [{}]}
    source = run_source(SAGA, ran, DATA)
    keys = [f"wf/{step}" for step in ("early", "inner", "late")]
    assert list(source.effects.letters) == [LetterAddress("kept", key) for key in keys]


def test_a_letter_that_is_written_again_is_up_to_date_again() -> None:
    """The last attempt of the block does without the step; what its first one had relied on was undone."""
    text = """
vars: {n: 0}
steps:
  - id: block
    retry: {initial_interval: 1s, maximum_attempts: 3}
    steps:
      - {id: a, activity: make, compensate: {activity: undo}}
      - {id: b, WHEN, activity: order, dead_letter: {queue: kept, then: continue}}
      - {id: n, set: {n: "${ vars.n + 1 }"}}
      - {id: c, activity: last}
"""
    ran: dict[str, Any] = {"make": [{}], "undo": [{}], "order": FAILS, "last": [*FAILS, {}]}
    source = run_source(text.replace("WHEN", "when: true"), ran)
    assert (len(source.records), source.effects.told) == (2, [])
    source = run_source(text.replace("WHEN", "when: vars.n == 0"), ran)
    assert [letter.key for letter, _ in source.effects.told] == ["wf/b"]


def test_of_very_many_letters_the_last_ones_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(told_letters, "MAXIMUM_ENTRIES", 2)
    ran: dict[str, Any] = {"make": [{}], "undo": [{}], "order": FAILS, "last": FAILS}
    source = run_source(SAGA, ran, DATA)
    assert [letter.key for letter, _ in source.effects.told] == ["wf/inner", "wf/late"]


def test_what_was_undone_in_items_is_told_by_their_keys_also_by_a_later_run() -> None:
    text = """
steps:
  - {id: first, activity: make, compensate: {activity: undo}}
  - {id: early, activity: order, dead_letter: {queue: kept, then: continue}}
  - id: all
    for_each: "${ ['x'] }"
    key: item
    steps:
      - id: block
        catch: [{errors: [Down], compensate: true}]
        steps: [{id: a, activity: make, compensate: {activity: undo}}, {id: b, activity: last}]
  - {id: pause, wait: 1s}
  - {id: last, activity: last}
"""
    ran: dict[str, Any] = {"make": [{}], "undo": [{}], "order": FAILS, "last": FAILS}
    source = run_source(text, ran, force_continue_as_new=True)
    assert [end["undone"] for _, end in source.effects.told] == [{"all[x]/a": 1, "first": 1}]


def test_no_secret_key_of_an_item_is_told() -> None:
    text = """
input: {type: object, properties: {card: {type: string, writeOnly: true}}}
steps:
  - {id: early, activity: order, dead_letter: {queue: kept, then: continue}}
  - id: all
    for_each: "${ [input.card] }"
    as: card
    key: card
    steps: [{id: a, activity: make, compensate: {activity: undo}}]
  - {id: last, activity: last}
"""
    ran: dict[str, Any] = {"make": [{}], "undo": [{}], "order": FAILS, "last": FAILS}
    source = run_source(text, ran, {"card": DATA["card"]})
    assert [end["undone"] for _, end in source.effects.told] == [{"all[[writeOnly input.card]]/a": 1}]
