"""Definitions that somebody has damaged: the check says what is wrong with them, and never breaks.

`STEPFILE_EXAMPLES=2000 pytest tests/dsl/test_damage.py` looks at more of them, and at others every time.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dsl.check import check
from dsl.parsing.parse import parse
from dsl.problems.codes import CODES
from dsl.problems.render import render_text
from dsl.reading.reader import read_file, read_text
from dsl.source.map import Path
from tests.dsl.test_check_cases import OK, VALIDATOR

EXAMPLES = int(os.environ.get("STEPFILE_EXAMPLES", "60"))
WHOLE: list[Any] = [read_file(file).data for file in OK]
VALUES: list[Any] = [
    *(None, True, False, 0, -1, 2.5, 10**12, "", "x", "Any", "5%", "30s", "${ input.x }", "${ "),
    *([], {}, [None], [[]], [{}], [{"wait": "1s"}], {"activity": "a"}, {"pages": {}}, {"signal": "approved"}),
]


def _places(data: Any, path: Path = ()) -> Iterator[Path]:
    below = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for key, value in below:
        yield (*path, key)
        yield from _places(value, (*path, key))


KEYS = sorted({str(place[-1]) for data in WHOLE for place in _places(data)})


@st.composite
def damaged(draw: st.DrawFn) -> Any:
    """A good definition, but for up to three places."""
    data = deepcopy(draw(st.sampled_from(WHOLE)))
    for _ in range(draw(st.integers(1, 3))):
        places = list(_places(data))
        if not places:
            break
        *way, last = draw(st.sampled_from(places))
        owner = data
        for element in way:
            owner = owner[element]
        match draw(st.sampled_from(["another value", "gone", "another key"])):
            case "another key" if isinstance(owner, dict):
                owner[draw(st.sampled_from(KEYS))] = owner.pop(last)
            case "gone":
                del owner[last]
            case _:
                owner[last] = deepcopy(draw(st.sampled_from(VALUES)))
    return data


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize="STEPFILE_EXAMPLES" not in os.environ,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(damaged())
def test_no_damage_breaks_the_check(data: Any) -> None:
    checked = check(read_text(json.dumps(data)))
    render_text(checked.problems, checked.source)
    codes = {problem.code for problem in checked.problems}
    assert codes <= set(CODES)
    assert VALIDATOR.is_valid(data) == (not parse(data).problems and "bad-schema" not in codes)
