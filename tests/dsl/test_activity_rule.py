"""Calls against the activities that a worker has."""

from __future__ import annotations

import pytest

from dsl.check import InvalidDefinition, check, load
from dsl.reading.reader import read_text
from dsl.rules.activities import ArgumentType, Catalogue, Signature, check_activities
from dsl.scalars.json_value import JsonValue


def is_integer(value: JsonValue) -> bool:
    return isinstance(value, int)


CATALOGUE = Catalogue(
    {
        "count": Signature("(n: int)", 1, 1, (ArgumentType("n", "int", is_integer),)),
        "batch": Signature(
            "(n: int, at: int = 0)",
            1,
            2,
            (ArgumentType("n", "int", is_integer), ArgumentType("at", "int", is_integer)),
        ),
        "beat": Signature("()", 0, 0, (), sends_heartbeats=True),
        "none": Signature("()", 0, 0),
        "one": Signature("(a)", 1, 1),
        "some": Signature("(a, b=1)", 1, 2),
        "many": Signature("(a, *b)", 1, None),
        "dated": Signature(
            "(a, b: date | None = None)",
            1,
            2,
            (
                ArgumentType("a", "int", is_integer),
                ArgumentType("b", "date | None", lambda value: value is None, "date"),
            ),
        ),
    }
)

SAID = {
    "none": None,
    "none, args: [1]": "none takes 0 arguments, found 1",
    "one": "one takes 1 argument, found 0",
    "one, args: 1": None,
    "one, args: [1, 2]": "one takes 1 argument, found 2",
    "some, args: [1, 2]": None,
    "some, args: [1, 2, 3]": "some takes 1 to 2 arguments, found 3",
    "many": "many takes at least 1 argument, found 0",
    "many, args: [1, 2, 3]": None,
    "dated, args: [1, 2026-07-01]": "dated takes date in b, which Temporal's own data converter "
    "can make of no JSON value",
    "dated, args: [1, null]": None,
    "dated, args: [1]": None,
    "somme, args: [1]": 'no worker has an activity "somme"',
    "else, task_queue: of-others": None,
}

DEFINITION = """
dsl: "1"
name: calls
defaults: {{timeouts: {{start_to_close: 1s}}}}
steps: [{{activity: {call}}}]
"""


@pytest.mark.parametrize("call", SAID)
def test_what_is_said_of_a_call(call: str) -> None:
    definition, _ = load(DEFINITION.format(call=call))
    problems = [problem.message for problem in check_activities(definition, CATALOGUE)]
    assert problems == ([SAID[call]] if SAID[call] else [])


ELSEWHERE = """
dsl: "1"
name: elsewhere
defaults: {timeouts: {start_to_close: 1s}, task_queue: of-others}
dead_letter_queues: {kept: {activity: unknown}}
steps:
  - {activity: unknown, dead_letter: kept}
  - {activity: one, local: true}
  - {for_each: {pages: {activity: unknown}}, steps: [{activity: none, local: true}]}
"""


def test_only_local_activities_are_here_when_the_default_queue_is_elsewhere() -> None:
    definition, _ = load(ELSEWHERE)
    problems = [(problem.message, problem.path) for problem in check_activities(definition, CATALOGUE)]
    assert problems == [("one takes 1 argument, found 0", ("steps", 1, "activity"))]


HERE = """
dsl: "1"
name: here
defaults: {timeouts: {start_to_close: 1s}}
dead_letter_queues: {kept: {activity: none}, far: {activity: unknown, task_queue: of-others}}
steps:
  - {for_each: {pages: {activity: none}}, dead_letter: kept, steps: [{activity: one, args: [1], dead_letter: far}]}
"""


def test_a_cursor_and_a_record_are_arguments() -> None:
    definition, _ = load(HERE)
    problems = [(problem.message, problem.path) for problem in check_activities(definition, CATALOGUE)]
    assert problems == [
        ("none takes 0 arguments, found 1", ("steps", 0, "for_each", "pages", "activity")),
        ("none takes 0 arguments, found 1", ("dead_letter_queues", "kept", "activity")),
    ]


ALERTED = """
dsl: "1"
name: alerted
defaults: {timeouts: {start_to_close: 1s}}
saga: {on_not_undone: {activity: none}}
dead_letter_queues:
  kept: {activity: one, on_dead_letter: {activity: one}}
  far: {activity: one, on_dead_letter: {activity: unknown, task_queue: of-others}}
steps:
  - {activity: one, args: [1], dead_letter: kept, compensate: {activity: one, args: [1]}}
  - {activity: one, args: [1], dead_letter: far}
"""


def test_an_alert_is_a_call_with_a_record() -> None:
    definition, _ = load(ALERTED)
    problems = [(problem.message, problem.path) for problem in check_activities(definition, CATALOGUE)]
    assert problems == [("none takes 0 arguments, found 1", ("saga", "on_not_undone", "activity"))]


def test_a_dynamic_activity_takes_any_name() -> None:
    definition, _ = load(DEFINITION.format(call="anything, args: [1, 2]"))
    assert list(check_activities(definition, Catalogue({}, open=True))) == []


TYPES = {
    "count, args: [one]": [("error", 'count takes int as n, found the text "one"', ("args", 0))],
    "count, args: one": [("error", 'count takes int as n, found the text "one"', ("args",))],
    "count, args: 1": [],
    "count, args: ['${ run.id }']": [],
    "count, args: '${ run.id }'": [],
    "count, args: {n: 1}": [("error", "count takes int as n, found a map", ("args",))],
    "batch, args: [one, '${ run.id }']": [
        ("error", 'batch takes int as n, found the text "one"', ("args", 0))
    ],
    "batch, args: [['${ run.id }'], two]": [
        ("error", 'batch takes int as at, found the text "two"', ("args", 1))
    ],
    # With an argument left out Temporal converts none.
    "batch, args: [one]": [("warning", 'batch takes int as n, found the text "one"', ("args", 0))],
}


@pytest.mark.parametrize("call", TYPES)
def test_literal_arguments_are_compared_with_the_annotations(call: str) -> None:
    checked = check(read_text(DEFINITION.format(call=call)), CATALOGUE)
    found = [(each.severity, each.message, each.path[2:]) for each in checked.problems]
    assert found == TYPES[call]


@pytest.mark.parametrize(
    ("call", "warned"),
    [
        ("beat, timeouts: {start_to_close: 61s}", True),
        ("beat, timeouts: {start_to_close: 61s, heartbeat: 10s}", False),
        ("beat, timeouts: {start_to_close: 1m}", False),
        ("beat, local: true, timeouts: {start_to_close: 61s}", False),
        ("beat, timeouts: {start_to_close: 61s}, task_queue: of-others", False),
        ("none, timeouts: {start_to_close: 61s}", False),  # a heartbeat timeout would end it
    ],
)
def test_heartbeats_without_a_timeout(call: str, warned: bool) -> None:
    checked = check(read_text(DEFINITION.format(call=call)), CATALOGUE)
    assert ("no-heartbeat" in {each.code for each in checked.problems}) == warned


MISTAKEN = """
dsl: "1"
name: mistaken
defaults: {timeouts: {start_to_close: 1s}}
definitions: {inside: {defaults: {timeouts: {start_to_close: 1s}}, steps: [{activity: somme, args: [1], retyr: 1}]}}
steps:
  - {activity: onne, retyr: {maximum_attempts: 2}}
  - {activity: one, agrs: [1]}
  - {activity: 5}
  - {activity: many, timeout: 5s}
  - {activity: none, args: [1], timeout: 5s}
  - {for_each: {pages: {args: [1]}}, steps: [{wait: 1s}]}
  - {child_workflow: inside}
"""


def test_calls_are_compared_although_there_are_mistakes_of_form() -> None:
    """What a mistake of form explains is not told twice: the arguments of a call may stand under a misspelt key."""
    found = [(each.code, each.path) for each in check(read_text(MISTAKEN), CATALOGUE).problems]
    assert sorted(each for each in found if each[0].endswith(("activity", "arguments"))) == [
        ("unknown-activity", ("definitions", "inside", "steps", 0, "activity")),
        ("unknown-activity", ("steps", 0, "activity")),
        ("wrong-arguments", ("steps", 3, "activity")),
        ("wrong-arguments", ("steps", 4, "args")),
    ]


def test_what_has_errors_is_not_loaded() -> None:
    text = DEFINITION.format(call="a, agrs: [1], retyr: {}")
    with pytest.raises(
        InvalidDefinition, match=r'"agrs" is not a key of an activity step.* \(and 1 more\)'
    ) as error:
        load(text)
    assert error.value.checked.problems == check(read_text(text)).problems


@pytest.mark.parametrize(
    ("queue", "said"),
    [
        ("activity: one", None),
        ("activity: none", "none takes 0 arguments, found 1"),
        ("activity: on", 'no worker has an activity "on"'),
        ("activity: on, task_queue: of-others", None),
    ],
)
def test_the_activity_of_a_dead_letter_queue_takes_the_record(queue: str, said: str | None) -> None:
    text = DEFINITION.format(call="none") + f"dead_letter_queues: {{q: {{{queue}}}}}"
    definition, _ = load(text)
    found = [problem.message for problem in check_activities(definition, CATALOGUE)]
    assert found == ([said] if said else [])
