"""From the id of an activity back to the step that it belongs to."""

from __future__ import annotations

import pytest

from interpreter.program.paths import name_of_activity


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
