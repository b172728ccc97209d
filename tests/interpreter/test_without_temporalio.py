"""The language, the machine and the fake world do without Temporal."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_core_and_fake_run_where_temporalio_is_not_installed() -> None:
    """Run in another process, because this one has imported temporalio."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.interpreter.without_temporalio"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    counted = re.search(r"(\d+) modules and (\d+) cases", done.stdout)
    assert counted, done.stdout
    modules, cases = map(int, counted.groups())
    assert modules > 100
    assert cases > 200
