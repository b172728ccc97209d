"""The nearest word: what counts as near, and which of several is chosen."""

from __future__ import annotations

from itertools import permutations

import pytest

from dsl.problems.neighbours import IN_DEFINITIONS, IN_EXPRESSIONS
from dsl.problems.suggest import (
    did_you_mean,
    find_nearest,
    measure_distance,
)


@pytest.mark.parametrize(
    ("word", "known", "nearest"),
    [
        ("retyr", ["retry", "result"], "retry"),
        ("Start-To-Close", ["start_to_close"], "start_to_close"),
        ("Timeout.StartToEnd", ["Timeout.StartToClose", "Timeout.Heartbeat"], "Timeout.StartToClose"),
        ("max", ["max_left"], "max_left"),
        ("max", ["max_left", "max_right"], None),
        ("undo", ["compensate"], "compensate"),
        ("heartbeat_timeout", ["timeouts"], "timeouts.heartbeat"),
        ("heartbeat_timeout", ["heartbeat"], "heartbeat"),
        ("deadline", ["timeouts"], "timeouts.deadline"),
        ("max_attempts", ["retry"], "retry.maximum_attempts"),
        ("max_attempts", ["maximum_attempts"], "maximum_attempts"),
        ("undo", ["steps"], None),
    ],
)
def test_words_of_a_definition(word: str, known: list[str], nearest: str | None) -> None:
    assert find_nearest(word, known) == nearest


@pytest.mark.parametrize(
    ("name", "known", "nearest"),
    [
        ("ue", ["eu", "use"], "eu"),
        ("inptu", ["input"], "input"),
        ("Size", ["size"], "size"),
        ("len", ["size"], "size"),
        ("x", ["y"], None),
        ("n" * 41, ["n" * 40], None),
        ("inptu", ["input", *map(str, range(250))], None),
    ],
)
def test_names_in_an_expression(name: str, known: list[str], nearest: str | None) -> None:
    assert find_nearest(name, known, IN_EXPRESSIONS) == nearest


@pytest.mark.parametrize(
    ("word", "known", "nearest"),
    [
        ("ue", ["us", "eu"], "eu"),  # two letters are swapped
        ("carx", ["barx", "cart"], "cart"),  # the first letter is seldom the wrong one
        ("stpes", ["ste", "steps"], "steps"),  # fewer edits count before all else
        ("wat", ["wait", "hat", "what"], "wait"),
        ("raie", ["race", "raise"], "raise"),  # a letter is more often left out than a wrong one typed
        ("batchs", ["batch", "batches"], "batches"),  # or one too many
    ],
)
def test_among_names_equally_near_one_is_chosen(word: str, known: list[str], nearest: str) -> None:
    assert {find_nearest(word, order) for order in permutations(known)} == {nearest}


def test_the_suggestion_is_in_quotes() -> None:
    assert did_you_mean("retyr", ["retry"]) == 'did you mean "retry"?'
    assert did_you_mean("retyr", []) is None


@pytest.mark.parametrize(
    ("one", "other", "edits"),
    [("", "", 0), ("ab", "ab", 0), ("ab", "abc", 1), ("ab", "ba", 1), ("ab", "xb", 1), ("abc", "b", 2)],
)
def test_edits_are_counted_in_both_directions(one: str, other: str, edits: int) -> None:
    assert measure_distance(one, other, 2) == measure_distance(other, one, 2) == edits
    assert measure_distance(one, other, 0) == (0 if one == other else 1)


def test_a_word_of_a_neighbour_is_never_ours() -> None:
    assert [word for word, ours in (*IN_DEFINITIONS.items(), *IN_EXPRESSIONS.items()) if word == ours] == []
