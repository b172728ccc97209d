"""From the id of an activity back to the step that it belongs to."""

from __future__ import annotations

import pytest

from interpreter.program.paths import list_step_names, name_of_activity, step_of_letter


@pytest.mark.parametrize(
    ("activity_id", "name"),
    [
        ("charge", "charge"),
        ("charge#2", "charge"),
        ("all[3]/charge#2", "charge"),
        ("all[3]/inner[0]/charge", "charge"),
        ("steps[2]", "steps[2]"),
        ("all[3]/all.steps[0]", "all.steps[0]"),
        ("car.compensate", "car.compensate"),
        ("all.pages[7]", "all.pages"),
        ("outer[1]/all.pages[7]#2", "all.pages"),
        ("charge.dead_letter", "charge.dead_letter"),
        ("all[3]/charge.dead_letter", "charge.dead_letter"),
        ("all[3].dead_letter", "all.dead_letter"),
        ("outer[1]/all[3].dead_letter#2", "all.dead_letter"),
        ("steps[2][3].dead_letter", "steps[2].dead_letter"),
    ],
)
def test_all_iterations_and_items_have_one_name(activity_id: str, name: str) -> None:
    assert name_of_activity(activity_id) == name


@pytest.mark.parametrize(
    ("path", "names"),
    [
        ("charge", ("charge",)),
        ("all[3]/charge", ("charge",)),
        ("all[order-17]/inner[a/b]/charge", ("charge",)),
        ("all[a]/b]/charge", ("charge",)),
        ("all[3]", ("all[3]", "all")),
        ("outer[1]/all[order-17]", ("all[order-17]", "all")),
        ("steps[2]", ("steps[2]", "steps")),
    ],
)
def test_what_a_definition_may_call_a_step(path: str, names: tuple[str, ...]) -> None:
    assert list_step_names(path) == names


@pytest.mark.parametrize(
    ("activity_id", "step"),
    [
        ("charge.dead_letter", "charge"),
        ("all[3].dead_letter#2", "all[3]"),
        ("car.compensate.dead_letter", "car.compensate"),
        ("charge", None),
    ],
)
def test_whose_letter_an_activity_writes(activity_id: str, step: str | None) -> None:
    assert step_of_letter(activity_id) == step
