"""Type what a page tells to type, and compare what is said with what the page shows.

Only what differs from run to run may differ: times, ids of runs and processes, who has started them, and lines that
show a passing state, which a busy machine may miss or see.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path

from tests.support.processes import STEPFILE

_PASSING = re.compile(r"^(?:no worker answers|(?:\w+ +(?:running|retrying|undoing)\b)).*\n", re.M)
_DIFFERENT = (
    (r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d:\d\d(?:\.\d+)?)?(?:Z| UTC)", "DATE"),
    (r"\b\d\d:\d\d:\d\d\.\d+\b", "TIME"),
    (r"\b\d+(?:\.\d+)? ?s\b", "SECONDS"),
    (r"\b[0-9a-f]{8}-[0-9a-f-]{27}\b", "RUN"),
    (r"\b\d+@[\w.-]+", "SOMEBODY"),
    (r"\bpid \d+, uptime \d+:\d\d:\d\d\b", "PROCESS"),
    (r" +$", ""),
)


def type_commands(text: str, folder: Path, env: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """Run commands in a shell, which finds `stepfile`; standard output has their errors, too."""
    path = f"{STEPFILE.parent}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        text,
        shell=True,
        cwd=folder,
        env={**os.environ, **env, "PATH": path},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
    )


def keep_lasting(text: str) -> str:
    """Make what differs from run to run the same."""
    text = _PASSING.sub("", text)
    for pattern, name in _DIFFERENT:
        text = re.sub(pattern, name, text, flags=re.M)
    return re.sub(r" +", " ", text)
