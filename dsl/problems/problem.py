"""Every check yields problems of a definition, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from dsl.source.map import Path, Span

At: TypeAlias = Literal["key", "value"]
"""Whether the key or the value is meant that stands at a path."""


@dataclass(frozen=True, slots=True)
class Related:
    """This is another place that has to do with a problem, in the same file: the first of two equal ids, say."""

    message: str
    """What stands there, in a few words."""
    path: Path = ()
    at: At = "value"
    span: Span | None = None
    """Where the place has no path of its own."""


@dataclass(frozen=True, slots=True)
class Problem:
    """A problem is one thing that is wrong (or suspicious) in a definition.

    A check says *what* is wrong at which `path`; it never knows line and column. `dsl.problems.render` adds those
    from the source map of the file. Only a problem of text that is not YAML brings its own `span`, because such text
    has no paths.
    """

    code: str
    """A name in kebab case, one of `dsl.problems.codes.CODES`. It is stable, for programs and suppressions."""
    message: str
    """What was found: one line, no full stop, in the user's words and never in those of a library."""
    path: Path = ()
    hint: str | None = None
    """What would be accepted: "did you mean ...?", the sorted list of allowed words, or the remedy."""
    severity: Literal["error", "warning"] = "error"
    at: At = "value"
    """Whether the caret goes under the key or under the value that stands at `path`."""
    within: tuple[int, int] | None = None
    """The start and the end (in code points) inside the text of the scalar at `path`: for expressions."""
    span: Span | None = None
    related: Related | None = None
    """The other place, where two places matter."""
    secret: str | None = field(default=None, repr=False)
    """The value at `path`, if it may be a secret. Then it is shown nowhere, not even for another problem."""
