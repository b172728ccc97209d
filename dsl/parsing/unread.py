"""What could not be read explains some of what the rules find: names that seem to be missing or unused, for instance.

The rules look at what is left of a definition after its mistakes of form were mended. What they find there is said
only if it is no consequence of such a mistake.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass, field, replace
from typing import Final

from dsl.problems.problem import Problem
from dsl.source.map import Path

_GIVEN_IN: Final[Mapping[str, tuple[str, ...]]] = {
    "unknown-breaker": ("circuit_breakers",),
    "unknown-queue": ("dead_letter_queues",),
    "unknown-policy": ("retry_policies",),
    "unknown-definition": ("definitions",),
    "unknown-signal": ("signals", "updates"),
    "unknown-variable": ("vars",),
}
"""The keys that give the names of a kind, by the code of the problem that there is no such name."""


@dataclass(frozen=True, slots=True)
class Unread:
    """This is what the rules have not seen as it stands in the text."""

    moved: Mapping[Path, Path] = field(default_factory=dict[Path, Path])
    """Where a value stands in the text, by where the rules find it: a misspelt key was put right for them."""
    lost: frozenset[Path] = frozenset()
    """The places in the text of what was left out, or replaced by something harmless."""
    replaced: frozenset[Path] = frozenset()
    """A part of these places: where the language has a key. Without its key a map says less, or something else."""
    words: frozenset[str] = frozenset()
    """All words of what was lost."""
    has_steps: bool = False
    """Whether steps with ids were inside of what was lost."""

    def select_causes(self, problems: Iterable[Problem]) -> Iterator[Problem]:
        """Place problems of the rules in the text, and leave out those that are consequences."""
        if not self.moved and not self.lost:
            yield from problems
            return
        guessed = {*self.moved.values()}
        silent = {place[:-1] for place in self.replaced}
        for problem in problems:
            placed = self._place(problem)
            # A key that was put right is only a guess, and the text does not have it.
            is_about_guess = placed.at == "key" and placed.path in guessed
            if not (is_about_guess or self._explains(placed, silent)):
                yield placed

    def find_place(self, path: Path) -> Path:
        """Find where something stands in the text that the rules find at `path`."""
        for length in range(len(path), 0, -1) if self.moved else ():
            if path[:length] in self.moved:
                return (*self.moved[path[:length]], *path[length:])
        return path

    def _place(self, problem: Problem) -> Problem:
        other = problem.related
        related = replace(other, path=self.find_place(other.path)) if other else None
        return replace(problem, path=self.find_place(problem.path), related=related)

    def _explains(self, problem: Problem, silent: Set[Path]) -> bool:
        """Tell whether what was lost explains a problem. `silent` are the maps that lack one of their keys."""
        path, code, other = problem.path, problem.code, problem.related
        if any(path[:length] in self.lost for length in range(1, len(path) + 1)):
            return True
        if code.startswith("unused-"):
            return path[-1] in self.words
        if code in _GIVEN_IN:
            return any(place[-1] in _GIVEN_IN[code] for place in self.replaced)
        if code == "unknown-step":
            return self.has_steps
        return path in silent or (other is not None and other.path in silent)
