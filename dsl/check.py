"""This page shows all stages of a check: read, parse, apply the rules."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from dsl.definition.bundle import embed_files, find_used_definitions, list_definitions
from dsl.model import Definition
from dsl.parsing.mistakes import IN_QUOTES
from dsl.parsing.parse import Parsed, parse
from dsl.problems.codes import FOUND_LATER
from dsl.problems.located import list_located, locate
from dsl.problems.names import DEFINITIONS
from dsl.problems.problem import Problem
from dsl.reading.reader import Document, find_files, read_text
from dsl.rules import RULES
from dsl.rules.activities import Catalogue, check_activities
from dsl.rules.size import check_size
from dsl.source.map import Path, SourceMap


@dataclass(frozen=True, slots=True)
class Checked:
    """This is what a check has found: the problems, and the meaning of the text if none of them is an error."""

    source: SourceMap
    problems: tuple[Problem, ...]
    definition: Definition | None
    """None when there is an error, in this text or in a file of its bundle."""
    files: Mapping[str, Checked] = field(default_factory=dict[str, "Checked"])
    """The files of its bundle, by the name of the definition in each. Their problems are not among `problems`."""

    @property
    def documents(self) -> tuple[Checked, ...]:
        """List the text itself and the files of its bundle. Each has problems and positions of its own."""
        return (self, *self.files.values())

    @property
    def told(self) -> tuple[Problem, ...]:
        """List the problems of this document in the order of the text, none of them twice."""
        return tuple(problem for problem, _ in list_located(self.problems, self.source))

    @property
    def errors(self) -> tuple[Problem, ...]:
        """List the errors of all documents."""
        return tuple(p for each in self.documents for p in each.told if p.severity == "error")


class InvalidDefinition(ValueError):
    """A definition has errors. They are in `checked`."""

    def __init__(self, checked: Checked) -> None:
        first, more = checked.errors[0], len(checked.errors) - 1
        super().__init__(f"{first.message}{f' (and {more} more)' if more else ''}")
        self.checked = checked


NO_DEFINITION = "no-definition"
"""The code of the only problem of a file that says that it is something else."""

_CASES = Problem(
    NO_DEFINITION,
    "this file holds cases, and no definition",
    ("cases",),
    hint="name the definition that the cases are for",
    at="key",
)


def _holds_cases(data: dict[str, Any]) -> bool:
    """Tell whether a file is a rehearsal: a list of cases for the definition beside it."""
    return isinstance(data.get("cases"), list) and not {"dsl", "name", "steps"} & data.keys()


def check(document: Document, catalogue: Catalogue | None = None) -> Checked:
    """Find every problem of a document and of the files of its bundle.

    All problems are found in one go. They come in no particular order.

    Args:
        document: What was read.
        catalogue: The activities of the workers, if their code is known. Then calls are compared with them.
    """
    checked = _check(document, catalogue)
    return replace(checked, definition=None) if checked.errors else checked


def check_stored(document: Document) -> Checked:
    """Check a definition that an earlier release may have accepted.

    A run is replayed from its beginning. It must not end there because of an error that is only found today.
    """
    checked = _check(document, None)
    grave = [problem for problem in checked.errors if problem.code not in FOUND_LATER]
    return replace(checked, definition=None) if grave else checked


def _check(document: Document, catalogue: Catalogue | None) -> Checked:
    """Find every problem. There may be a definition, although one of them is an error."""
    if not isinstance(document.data, dict):
        return Checked(document.source, document.problems, None)
    if _holds_cases(document.data):
        return Checked(document.source, (_CASES,), None)
    parsed, files = parse(document.data), {name: _parse_file(file) for name, file in document.files.items()}
    root = parsed.definition
    if root is not None:
        root = embed_files(root, {name: file.definition for name, file in files.items() if file.definition})
    excess = tuple(parsed.unread.select_causes(check_size(root))) if root else ()
    if excess:
        return Checked(document.source, (*document.problems, *parsed.problems, *excess), None)
    found = (
        *parsed.problems,
        *_report_unusable_files(document, files),
        *parsed.unread.select_causes(_check_bundle(root, document, catalogue) if root else ()),
    )
    whole = dict(list_definitions(root)) if root else {}
    return Checked(
        document.source,
        _join(document.problems, found, document.source),
        root,
        {
            name: _check_file(file, files[name], whole.get(name), catalogue)
            for name, file in document.files.items()
            if file.source.text and not _has_bundle(files[name])
        },
    )


def _parse_file(file: Document) -> Parsed:
    return parse(file.data) if isinstance(file.data, dict) else Parsed(None, ())


def _has_bundle(parsed: Parsed) -> bool:
    return parsed.definition is not None and bool(parsed.definition.definitions)


def _check_file(
    file: Document, parsed: Parsed, definition: Definition | None, catalogue: Catalogue | None
) -> Checked:
    """Check a file of a bundle as a document of its own."""
    rules = _apply_rules(definition, catalogue) if definition else ()
    found = (*parsed.problems, *parsed.unread.select_causes(rules))
    own = [problem for problem in file.problems if problem.span]
    return Checked(file.source, _join(own, found, file.source), definition)


def _apply_rules(definition: Definition, catalogue: Catalogue | None, within: Path = ()) -> Iterator[Problem]:
    """Apply the rules to a definition that stands at `within` of the text."""
    for rule in RULES:
        yield from (_move_into(within, problem) for problem in rule(definition))
    if catalogue is not None:
        yield from (_move_into(within, problem) for problem in check_activities(definition, catalogue))


def _check_bundle(root: Definition, document: Document, catalogue: Catalogue | None) -> Iterator[Problem]:
    """Apply the rules to a definition and to those that are written inside it."""
    yield from _apply_rules(root, catalogue)
    reached = find_used_definitions(root)
    for name, definition in list_definitions(root):
        path: Path = ("definitions", name)
        if name not in document.files:
            yield from _apply_rules(definition, catalogue, path)
        if name not in reached:
            yield DEFINITIONS.report_unused(name, path)


def _report_unusable_files(document: Document, files: Mapping[str, Parsed]) -> Iterator[Problem]:
    """Report the files that can't be part of the bundle, each at the place where the root refers to it."""
    for name, path in find_files(document.data):
        where: Path = ("definitions", name)
        if name not in files:
            hint = "give the definition as a file, so that the files it names are read with it"
            yield Problem("unreadable-file", f"{path} was not read", where, hint=hint)
            continue
        for problem in document.files[name].problems:
            if problem.span is None:
                yield replace(problem, message=f"{path}: {problem.message}", path=where, related=None)
        if _has_bundle(files[name]):
            yield Problem(
                "misplaced-key",
                f'{path} has "definitions" of its own',
                where,
                hint="list those definitions here: all files of a bundle share one list",
            )


def _move_into(path: Path, problem: Problem) -> Problem:
    """Place a problem of a definition that stands at `path` of the file."""
    if not path:
        return problem
    other = problem.related
    related = replace(other, path=(*path, *other.path)) if other else None
    return replace(problem, path=(*path, *problem.path), related=related)


def _join(unread: Sequence[Problem], found: Iterable[Problem], source: SourceMap) -> tuple[Problem, ...]:
    """Join the problems of reading a text with those that were found in it.

    Where something could not be read, nothing else is said: it was replaced by null.
    """
    spans = [problem.span for problem in unread]
    told = (problem for problem in found if not spans or locate(problem, source) not in spans)
    return (*unread, *(_refine_hint(problem, source) for problem in told))


def _refine_hint(problem: Problem, source: SourceMap) -> Problem:
    """Give another hint where only the text tells what was written.

    YAML cuts an expression short, because ` #` begins a comment in it; and it reads `1.10` as the number 1.1.
    """
    if problem.code == "bad-expression" and source.has_comment_after(problem.path):
        return replace(problem, hint="everything after ' #' is a comment: put the value in single quotes")
    if problem.code == "wrong-type" and problem.hint and problem.hint.startswith(IN_QUOTES):
        return replace(problem, hint=f'{IN_QUOTES}"{source.get_raw(problem.path)}"')
    return problem


def load(text: str, name: str = "<text>") -> tuple[Definition, SourceMap]:
    """Read a definition that is meant to be right.

    Raises:
        InvalidDefinition: It has errors. They are in the exception's `checked`.
    """
    checked = check(read_text(text, name))
    if checked.definition is None:
        raise InvalidDefinition(checked)
    return checked.definition, checked.source
