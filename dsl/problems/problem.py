"""A problem of a definition: what every check yields, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from dsl.source.map import Path, Span


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong (or suspicious) in a definition.

    A check says *what* is wrong at which `path`; it never knows line and column. Those are added by
    `dsl.problems.render` from the source map of the file, unless the problem brings its own `span` (text that is
    not YAML has no paths).
    """

    code: str
    """Kebab-case name, one of `dsl.problems.codes.CODES`; stable, for programs and suppressions."""
    message: str
    """What was found. One line, no full stop, in the user's words (never those of a library)."""
    path: Path = ()
    hint: str | None = None
    """What would be accepted: "did you mean ...?", the sorted list of allowed words, or the remedy."""
    severity: Literal["error", "warning"] = "error"
    at: Literal["key", "value"] = "value"
    """Whether the caret goes under the key or under the value that stands at `path`."""
    within: tuple[int, int] | None = None
    """Start and end (code points) inside the text of the scalar at `path`: for expressions."""
    span: Span | None = None
