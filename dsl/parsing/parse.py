"""Plain data becomes a `Definition`, and its mistakes of form become problems."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from itertools import compress
from typing import Any, NamedTuple

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from dsl.model import Definition
from dsl.parsing.corrections import Correction, correct, find_correction
from dsl.parsing.mistakes import translate
from dsl.parsing.repair import Mend, find_value, mend
from dsl.parsing.shape import find_path
from dsl.parsing.unread import Unread
from dsl.problems.problem import Problem
from dsl.scalars.json_value import JsonValue
from dsl.scalars.words import find_words
from dsl.source.map import Path

EXTENSION = "x-"
"""Top-level keys that begin so are free for anchors and notes."""

_MENDS = {
    "missing": Mend.FILL,
    "duration": Mend.DURATION,
    "duration_zero": Mend.DURATION,
    "duration_too_long": Mend.DURATION,
    "union_tag_not_found": Mend.ACTION,
}

CORRECTING_ROUNDS = 4
"""What stands under a misspelt key is looked at only when the key is right. Deeper ones are left out."""

MENDING_ROUNDS = 4
"""To mend one mistake may bring up another: a step may lose its action. Deeper ones are left for later."""


class Parsed(NamedTuple):
    """This is a definition and its mistakes of form."""

    definition: Definition | None
    """If there are problems, it is what is left after they were mended: good for further checks, and never to be
    run."""
    problems: tuple[Problem, ...]
    unread: Unread = Unread()
    """Where the definition is another than the text."""


def parse(data: dict[str, Any]) -> Parsed:
    """Read a definition from plain data, as far as that is possible."""
    plain = {name: value for name, value in data.items() if not name.startswith(EXTENSION)}
    try:
        return Parsed(Definition.model_validate(plain), ())
    except ValidationError as error:
        return _Reading(deepcopy(plain), _list_mistakes(error)).read()


class _Reading:
    """Read data that has mistakes: note them, and take them out of the data until a definition is left."""

    def __init__(self, data: dict[str, Any], mistakes: list[ErrorDetails]) -> None:
        self.data = data
        self.mistakes = mistakes
        self.problems: list[Problem] = []
        self.unread = Unread()
        self.definition: Definition | None = None

    def read(self) -> Parsed:
        """Correct what is misspelt, then note what is left, and mend it."""
        for _ in range(CORRECTING_ROUNDS):
            slips: dict[Path, tuple[ErrorDetails, Correction]] = {}
            for each in self.mistakes:
                if correction := find_correction(each, self.data):
                    slips.setdefault(correction.target, (each, correction))
            self._note([each for each, _ in slips.values()])
            self._correct([correction for _, correction in slips.values()])
            if not slips or self._try():
                break
        self._note(self.mistakes)
        for _ in range(MENDING_ROUNDS):
            if self.definition:
                break
            self._mend()
            self._try()
        return Parsed(self.definition, tuple(self.problems), self.unread)

    def _try(self) -> bool:
        try:
            self.definition, self.mistakes = Definition.model_validate(self.data), []
        except ValidationError as error:
            self.mistakes = _list_mistakes(error)
        return self.definition is not None

    def _note(self, mistakes: list[ErrorDetails]) -> None:
        for details in mistakes:
            problem = translate(details, self.data)
            self.problems.append(replace(problem, path=self.unread.find_place(problem.path)))

    def _correct(self, corrections: list[Correction]) -> None:
        moved = {
            each.target: self.unread.find_place(each.path) for each in corrections if each.target != each.path
        }
        self.unread = replace(self.unread, moved={**self.unread.moved, **moved})
        for each in corrections:
            correct(self.data, each)

    def _mend(self) -> None:
        """Take the mistakes out of the data."""
        paths = [find_path(details) for details in self.mistakes]
        places = [self.unread.find_place(path) for path in paths]
        known = [details["type"] != "extra_forbidden" for details in self.mistakes]
        values = [find_value(self.data, path) for path in paths]
        words = {
            word for path, value in zip(paths, values, strict=True) for word in (path[-1], *find_words(value))
        }
        self.unread = replace(
            self.unread,
            lost=self.unread.lost | set(places),
            replaced=self.unread.replaced | set(compress(places, known)),
            words=self.unread.words | {word for word in words if isinstance(word, str)},
            has_steps=self.unread.has_steps or any(map(_has_steps, values)),
        )
        for details, path in zip(self.mistakes, paths, strict=True):
            bad_name = details["loc"][-1] == "[key]"
            mend(self.data, path, Mend.RENAME if bad_name else _MENDS.get(details["type"], Mend.DROP))


def _has_steps(value: JsonValue) -> bool:
    """Tell whether there are ids inside a value. Its own id does not count: if it is a step, the stand-in has it."""
    inside = value.values() if isinstance(value, dict) else [value]
    return any("id" in find_words(each) for each in inside)


def _list_mistakes(error: ValidationError) -> list[ErrorDetails]:
    """List pydantic's errors, except those that follow from others.

    pydantic counts only good items. So a list of nothing but bad ones is too short to it as well.
    """
    found = error.errors(include_url=False)
    return [details for details in found if details["type"] != "too_short" or not details["input"]]
