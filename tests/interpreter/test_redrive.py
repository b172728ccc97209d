"""A redrive runs one step with what its letter holds, under the keys of the run that has failed."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from interpreter.predecessor import Predecessor
from interpreter.state.run import Run
from tests.interpreter.redriving import redrive, run_source
from tests.support.fake_effects import FakeEffects

FAILS: list[dict[str, Any]] = [{"fail": {"type": "Down", "message": "no stock"}}]
WORKS: list[dict[str, Any]] = [{"ok": "done"}]

STEP = """
input: {type: object, properties: {region: {type: string}, list: {type: array}}}
vars: {rate: 3, unread: 4}
steps:
  - {id: check, activity: check}
  - {id: other, activity: check}
  - id: order
    when: steps.check.result == "fine"
    activity: order
    args: ["${ input.region }", "${ vars.rate }", "${ steps.check.result }", "${ run.workflow_id }", "${ step.key }"]
    compensate: {activity: undo}
    dead_letter: {queue: kept, then: continue}
  - {id: last, activity: check}
"""


def test_the_step_alone_is_run_again_with_what_it_reads() -> None:
    ran = {"check": [{"ok": "fine"}], "undo": []}
    source = run_source(STEP, {**ran, "order": FAILS}, {"region": "eu", "list": [1, 2, 3]})
    (record,) = source.records
    told = record["redrive"]
    assert told["input"] == {"region": "eu"}
    assert told["request"]["only"] == {
        "step": "order",
        "vars": {"rate": 3},
        "steps": {"check": {"attempts": 1, "error": None, "result": "fine", "status": "completed"}},
        "workflow_id": "wf",
        "run_id": "run-1-1",
        "identity": "wf",
    }
    assert (told["hidden"], told["while_running"]) == ([], False)
    again = redrive(STEP, record, {**ran, "order": WORKS})
    assert (again.result, again.made) == ("done", [("order", "wf/order")])
    assert again.get_arguments("order") == source.get_arguments("order")
    assert again.run.status == "completed"
    assert again.status["only"] == {"step": "order", "workflow_id": "wf", "run_id": "run-1-1"}
    assert [step["step"] for step in again.status["steps"]] == ["order"]


def test_its_failure_is_that_of_the_run_without_a_letter_and_without_undoing() -> None:
    ran = {"check": [{"ok": "fine"}], "undo": []}
    (record,) = run_source(STEP, {**ran, "order": FAILS}, {"region": "eu"}).records
    again = redrive(STEP, record, {**ran, "order": [{"takes": "20s"}]})
    assert again.error is not None
    assert (again.error["type"], again.error["step"]) == ("Timeout.StartToClose", "order")
    assert (again.made, again.records, again.run.status) == ([("order", "wf/order")], [], "failed")


def test_that_the_step_is_to_be_run_was_decided_before() -> None:
    ran = {"check": [{"ok": "fine"}], "undo": []}
    (record,) = run_source(STEP, {**ran, "order": FAILS}, {"region": "eu"}).records
    otherwise = {"steps": {"check": {"status": "completed", "result": "not fine any more"}}}
    assert redrive(STEP, record, {**ran, "order": WORKS}, otherwise).result == "done"


LOOP = """
input: {type: object, properties: {items: {type: array}}}
steps:
  - id: before
    activity: check
  - id: all
    for_each: input.items
    key: item.id
    result: "[steps.two.result, item.id, index]"
    dead_letter: kept
    steps:
      - {id: one, activity: one, args: ["${ item.id }", "${ steps.before.result }"]}
      - {id: two, activity: two, args: ["${ steps.one.result }"], compensate: {activity: undo}}
"""


def test_an_item_is_run_again_as_its_iteration() -> None:
    ran: dict[str, Any] = {"check": [{"ok": 7}], "one": [{"ok": 1}], "undo": []}
    data = {"items": [{"id": "a"}, {"id": "b"}]}
    source = run_source(LOOP, {**ran, "two": [{"ok": 5}, *FAILS]}, data)
    (record,) = source.records
    told = record["redrive"]
    assert record["step"] == "all[1]"
    assert told["input"] == {}
    assert told["request"]["only"]["item"] == {"number": 1, "key": "b"}
    assert told["while_running"] is False, "the run would not undo it"
    assert told["request"]["only"]["names"] == {"item": {"id": "b"}, "index": 1}
    again = redrive(LOOP, record, {**ran, "two": [{"ok": 6}]})
    assert again.result == [6, "b", 1]
    assert again.made == [("one", "wf/all[b]/one"), ("two", "wf/all[b]/two")]
    assert again.get_arguments("one") == [["b", 7]]
    assert again.status["only"]["step"] == "all[1]"


INNER = """
input: {type: object, properties: {items: {type: array}}}
steps:
  - id: all
    for_each: input.items
    key: item
    tolerate_failures: 5
    steps:
      - {id: one, activity: one, args: ["${ item }"]}
      - {id: two, activity: two, args: ["${ item }", "${ steps.one.result }"], dead_letter: kept}
"""


def test_a_step_in_an_iteration_sees_its_iteration() -> None:
    source = run_source(INNER, {"one": [{"ok": 1}], "two": FAILS}, {"items": ["a", "b"]})
    record = source.records[1]
    assert record["redrive"]["request"]["only"]["key_frame"] == "all[b]/"
    assert record["redrive"]["while_running"] is True
    again = redrive(INNER, record, {"one": [], "two": WORKS})
    assert (again.made, again.get_arguments("two")) == ([("two", "wf/all[b]/two")], [["b", 1]])


BLOCK = """
steps:
  - id: block
    retry: {initial_interval: 1s, maximum_attempts: 2}
    dead_letter: {queue: kept, then: continue}
    steps:
      - {id: one, activity: one, compensate: {activity: undo, args: ["${ step.key }"]}}
      - {id: two, activity: two, args: ["${ steps.one.result }"]}
"""


@pytest.mark.parametrize("in_many_runs", [False, True])
def test_a_block_goes_on_with_the_keys_of_what_was_undone(in_many_runs: bool) -> None:
    ran: dict[str, Any] = {"one": [{"ok": 1}], "undo": []}
    source = run_source(BLOCK, {**ran, "two": FAILS})
    (record,) = source.records
    assert record["redrive"]["request"]["only"]["undone"] == {"one": 1}
    again = redrive(BLOCK, record, {**ran, "two": [*FAILS, {"ok": 2}]}, force_continue_as_new=in_many_runs)
    assert again.result == 2
    assert again.made == [
        ("one", "wf/one#2"),
        ("two", "wf/two"),
        ("undo", "wf/one#2"),
        ("one", "wf/one#3"),
        ("two", "wf/two"),
    ]


def test_a_failed_redrive_that_has_undone_something_writes_its_letter_again() -> None:
    ran: dict[str, Any] = {"one": [{"ok": 1}], "undo": []}
    (record,) = run_source(BLOCK, {**ran, "two": FAILS}).records
    again = redrive(BLOCK, record, {**ran, "two": FAILS})
    assert [name for name, _ in again.made] == ["one", "two", "undo", "one", "two"]
    (next_record,) = again.records
    assert next_record["redrive"]["request"]["only"]["undone"] == {"one": 2}
    same = ("key", "queue", "workflow_id", "run_id", "idempotency_key")
    assert [next_record[name] for name in same] == [record[name] for name in same]
    assert (record["redrive_id"], next_record["redrive_id"]) == (None, "redrive")
    last = redrive(BLOCK, next_record, {**ran, "two": WORKS})
    assert last.made == [("one", "wf/one#3"), ("two", "wf/two")]


ITEM_BLOCK = """
steps:
  - id: all
    for_each: "${ ['a', 'b'] }"
    key: item
    dead_letter: kept
    steps:
      - id: block
        retry: {initial_interval: 1s, maximum_attempts: 2}
        steps:
          - {id: one, activity: one, compensate: {activity: undo}}
          - {id: two, activity: two, args: ["${ item }"]}
"""


def test_so_does_that_of_an_item() -> None:
    ran: dict[str, Any] = {"one": [{"ok": 1}], "undo": []}
    record = run_source(ITEM_BLOCK, {**ran, "two": FAILS}).records[1]
    assert record["redrive"]["request"]["only"]["undone"] == {"all[1]/one": 1}
    (next_record,) = redrive(ITEM_BLOCK, record, {**ran, "two": FAILS}).records
    assert (next_record["key"], next_record["step"]) == ("wf/all[b]", "all[1]")
    last = redrive(ITEM_BLOCK, next_record, {**ran, "two": WORKS})
    assert last.made == [("one", "wf/all[b]/one#3"), ("two", "wf/all[b]/two")]


SAGA = """
saga: {retry: {maximum_attempts: 1}, dead_letter: kept}
steps:
  - {id: one, activity: one, args: [1], compensate: {activity: undo, args: ["${ result }"]}}
  - id: two
    activity: one
    compensate: {steps: [{activity: undo, args: ["${ result }", "${ step.key }"]}]}
  - {id: last, activity: last}
"""


def test_a_compensation_is_run_again_with_the_arguments_it_had() -> None:
    ran = {"one": [{"ok": 5}], "last": FAILS}
    source = run_source(SAGA, {**ran, "undo": [{"fail": {"type": "Stuck"}}]})
    by_steps, by_call = source.records
    assert (by_steps["step"], by_call["step"]) == ("two.compensate", "one.compensate")
    again = redrive(SAGA, by_call, {**ran, "undo": WORKS})
    assert (again.result, again.made) == ("done", [("undo", "wf/one")])
    assert again.get_arguments("undo") == [[5]]
    again = redrive(SAGA, by_steps, {**ran, "undo": WORKS})
    assert (again.result, again.get_arguments("undo")) == ("done", [[5, "wf/two"]])
    assert again.status["only"]["step"] == "two.compensate"


def test_without_arguments_a_compensation_can_not_be_run_again() -> None:
    text = SAGA.replace('args: ["${ result }"]', 'args: ["${ result.missing }"]', 1)
    ran = {"one": [{"ok": 5}], "last": FAILS, "undo": []}
    (record,) = run_source(text, ran).records
    assert "could not be computed" in record["redrive"]["refused"]


SECRET = """
input:
  type: object
  properties: {card: {type: string, writeOnly: true}, cards: {type: array, items: {type: string, writeOnly: true}}}
vars: {copy: null, twice: null}
steps:
  - {id: told, activity: told, args: ["${ input.card }"]}
  - {id: kept, set: {copy: "${ input.card }", twice: {number: "${ 'no. ' + input.card }"}}}
  - id: charge
    activity: charge
    args: ["${ vars.copy }", "${ vars.twice.number }", "${ steps.told.result.card }", "${ input.card }"]
    dead_letter: {queue: kept, then: continue}
  - id: all
    for_each: input.cards
    as: card
    dead_letter: kept
    steps: [{id: one, activity: charge, args: ["${ card }"]}]
"""
CARD, OTHER = "4111-1111/1111", "5222-2222/2222"


def test_no_secret_value_is_in_a_letter_and_a_redrive_asks_for_those_that_it_reads() -> None:
    ran = {"told": [{"ok": {"card": CARD, "left": 3}}]}
    fails = [{"fail": {"type": "Declined", "message": f"declined: {CARD}", "details": {"card": OTHER}}}]
    source = run_source(SECRET, {**ran, "charge": fails}, {"card": CARD, "cards": [OTHER]})
    assert source.get_arguments("charge")[0] == [CARD, f"no. {CARD}", CARD, CARD]
    charge, item = source.records
    for record in (charge, item):
        assert CARD not in str(record)
        assert OTHER not in str(record)
    assert charge["redrive"]["hidden"] == [
        "vars.copy",
        "vars.twice.number",
        "steps.told.result.card",
        "input.card",
    ]
    assert item["redrive"]["hidden"] == ["card"]
    refused = redrive(SECRET, charge, {**ran, "charge": WORKS})
    assert refused.error is not None
    assert refused.error["type"] == "InvalidInput"
    assert "vars.copy is a secret value" in refused.error["message"]
    assert refused.made == []
    again = redrive(SECRET, item, {**ran, "charge": WORKS}, {"names": {"card": "new"}})
    assert again.get_arguments("charge") == [["new"]]


def test_an_item_whose_key_is_secret_is_named_by_its_place_and_not_run_again() -> None:
    text = SECRET.replace("as: card\n", "as: card\n    key: card\n")
    ran = {"told": [{"ok": {"card": CARD}}], "charge": FAILS}
    _, record = run_source(text, ran, {"card": CARD, "cards": [OTHER]}).records
    assert OTHER not in str(record)
    assert record["key"] == "wf/all[[writeOnly input.cards[0]]]"
    assert "is a secret value" in record["redrive"]["refused"]


def test_a_compensation_whose_key_is_secret_is_not_run_again() -> None:
    text = """
input: {type: object, properties: {card: {type: string, writeOnly: true}}}
saga: {dead_letter: kept, retry: {maximum_attempts: 1}}
steps:
  - id: all
    for_each: ["${ input.card }"]
    key: item
    steps: [{id: a, activity: make, compensate: {activity: undo}}]
  - {id: last, activity: last}
"""
    ran: dict[str, Any] = {"make": WORKS, "undo": FAILS, "last": FAILS}
    (record,) = run_source(text, ran, {"card": "4111-1111"}).records
    assert record["redrive"]["refused"] == (
        "its key, workflow id or task queue is a secret value, which a letter does not hold"
    )
    assert "4111-1111" not in str(record)


def test_what_was_undone_in_earlier_runs_goes_along(monkeypatch: pytest.MonkeyPatch) -> None:
    """The keys of a redrive go on from those of all runs before."""
    start = {"workflow_type": "t", "task_queue": "q", "memo": {}, "request": {"undone": {"order": 2}}}
    monkeypatch.setattr(FakeEffects, "describe_start", lambda _: start)
    monkeypatch.setattr("tests.interpreter.redriving.Run", partial(Run, predecessor=Predecessor(3)))
    (record,) = run_source(
        "steps: [{id: order, activity: order, dead_letter: kept}]", {"order": FAILS}
    ).records
    request = record["redrive"]["request"]
    assert (request["undone"], request["generation"]) == ({"order": 2}, 3)


def test_the_only_step_of_a_request_is_one_of_the_definition() -> None:
    with pytest.raises(ValueError, match=r"only\.step must be the path of a step"):
        redrive(STEP, {"redrive": {"request": {"only": {}}, "input": None}}, {})
    with pytest.raises(ValueError, match='"stepp" is not a key of only'):
        redrive(STEP, {"redrive": {"request": {"only": {"stepp": "a"}}, "input": None}}, {})
    with pytest.raises(ValueError, match=r"only\.vars must be a map"):
        redrive(STEP, {"redrive": {"request": {"only": {"step": "order", "vars": 1}}, "input": None}}, {})
