"""Two things are said of names: that nobody has given one, and that nobody uses one.

The names inside expressions have errors of their own kind: `dsl.expressions.names`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

from dsl.problems.neighbours import IN_DEFINITIONS
from dsl.problems.problem import At, Problem
from dsl.problems.suggest import did_you_mean, find_nearest
from dsl.problems.wording import join_listed
from dsl.source.map import Path


class Namespace(NamedTuple):
    """A namespace holds the names of one kind that a definition gives.

    It has the words in which problems speak of these names. The words are templates: `{name}` is the name in
    question, `{known}` the list of the names that exist.
    """

    code: str
    """The last word of both codes: `breaker` for `unknown-breaker` and `unused-breaker`."""
    unknown: str
    """The message that the name is unknown."""
    known: str
    """The hint that lists the names that exist."""
    unused: str
    """The message that nobody uses the name."""
    use: str
    """The hint how the name would be used."""

    def report_unknown(self, name: str, known: Iterable[str], path: Path, *, at: At = "value") -> Problem:
        """Report a name at `path` that is not among the `known` ones."""
        code, message = f"unknown-{self.code}", self.unknown.format(name=name)
        return report_unknown(code, message, name, known, path, hint=self.known, at=at)

    def report_unused(self, name: str, path: Path) -> Problem:
        """Warn of a name that is given at `path` and that nobody uses."""
        code, message = f"unused-{self.code}", self.unused.format(name=name)
        return report_unused(code, message, path, hint=f"{self.use.format(name=name)}, or remove it")


BREAKERS = Namespace(
    "breaker",
    unknown='there is no circuit breaker "{name}"',
    known="defined in circuit_breakers: {known}",
    unused='no step uses the circuit breaker "{name}"',
    use="use it with circuit_breaker: {name}",
)
QUEUES = Namespace(
    "queue",
    unknown='there is no dead-letter queue "{name}"',
    known="defined in dead_letter_queues: {known}",
    unused='nothing uses the dead-letter queue "{name}"',
    use="use it with dead_letter: {name}",
)
POLICIES = Namespace(
    "policy",
    unknown='there is no retry policy "{name}"',
    known="defined in retry_policies: {known}",
    unused='no step uses the retry policy "{name}"',
    use="use it with retry: {name}",
)
DEFINITIONS = Namespace(
    "definition",
    unknown='there is no definition "{name}"',
    known="defined in definitions: {known}; a type that a worker has registered is called with "
    "child_workflow: {{type: {name}}}",
    unused='no step runs the definition "{name}"',
    use="run it with child_workflow: {name}",
)
SIGNALS = Namespace(
    "signal",
    unknown='there is no signal or update "{name}"',
    known="declared in signals and updates: {known}",
    unused='no step waits for the signal "{name}"',
    use="wait for it with wait_for: {{signal: {name}}}",
)
VARIABLES = Namespace(
    "variable",
    unknown='the variable "{name}" is not declared',
    known="declared in vars: {known}",
    unused='nothing reads the variable "{name}"',
    use="read it with vars.{name}",
)


def find_meant(name: str, known: Collection[str], neighbours: Mapping[str, str] = IN_DEFINITIONS) -> str:
    """Find the known name that is meant by `name`: itself, or the one that it is a misspelling of.

    Who asks which names are used, asks for this one. A name that is only misspelt where it is used is no unused one.
    """
    return name if name in known else find_nearest(name, known, neighbours) or name


def report_unknown(
    code: str,
    message: str,
    name: str,
    known: Iterable[str],
    path: Path,
    *,
    hint: str = "allowed: {known}",
    nothing: str = "none",
    neighbours: Mapping[str, str] = IN_DEFINITIONS,
    at: At = "value",
) -> Problem:
    """Report a word that is not among the `known` ones: suggest the nearest of them, and list all.

    Args:
        code: The code of the problem.
        message: Says that `name` is unknown.
        name: The word that was found.
        known: The words that would be accepted.
        path: The place of the word.
        hint: A template, in which `{known}` is the list of the known words, and `{name}` the word. The suggestion
            is put before it.
        nothing: Stands in the place of the list where it would be empty.
        neighbours: Words of neighbouring languages, and what they are called here.
        at: Whether the word is a key or a value.
    """
    words = list(known)
    listed = hint.format(known=join_listed(words) or nothing, name=name)
    suggestion = did_you_mean(name, words, neighbours)
    return Problem(code, message, path, hint=f"{suggestion} {listed}" if suggestion else listed, at=at)


def report_unused(code: str, message: str, path: Path, *, hint: str) -> Problem:
    """Warn of something that stands at `path` under a name and is of no use."""
    return Problem(code, message, path, hint=hint, severity="warning", at="key")
