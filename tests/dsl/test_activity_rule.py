"""Calls against the activities that a worker has."""

from __future__ import annotations

import pytest

from dsl.check import InvalidDefinition, check, load
from dsl.reading.reader import read_text
from dsl.rules.activities import Catalogue, Signature, check_activities

CATALOGUE = Catalogue(
    {
        "none": Signature("()", 0, 0),
        "one": Signature("(a)", 1, 1),
        "some": Signature("(a, b=1)", 1, 2),
        "many": Signature("(a, *b)", 1, None),
        "dated": Signature("(a, b: date | None = None)", 1, 2, (None, "date")),
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
    "dated, args: [1, 2026-07-01]": "dated takes the type date in argument 2, which Temporal's own data converter "
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


def test_a_dynamic_activity_takes_any_name() -> None:
    definition, _ = load(DEFINITION.format(call="anything, args: [1, 2]"))
    assert list(check_activities(definition, Catalogue({}, open=True))) == []


def test_what_has_errors_is_not_loaded() -> None:
    text = DEFINITION.format(call="a, agrs: [1], retyr: x")
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
