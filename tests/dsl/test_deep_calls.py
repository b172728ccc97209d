"""The first definition of a process may be checked by a caller that is itself deep in other calls."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
from dsl.check import check
from dsl.reading.reader import read_text

def call(depth, work):
    return work() if depth == 0 else call(depth - 1, work)

document = read_text("dsl: '1'\\nname: smallest\\nsteps: [{wait: 1s}]")
checked = call(500, lambda: check(document))
assert checked.definition is not None, checked.problems
"""


def test_the_first_definition_may_be_read_deep_in_other_calls() -> None:
    """In another process, because this one has read definitions already."""
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-300:]
