"""This page shows all stages of a check: read, parse, apply the rules."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from dsl.definition.bundle import embed_files, find_used_definitions, list_definitions
from dsl.model import Definition
from dsl.parsing.parse import Parsed, parse
from dsl.problems.names import DEFINITIONS
from dsl.problems.problem import Problem
from dsl.reading.reader import Document, find_files, read_text
from dsl.rules import RULES
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
    def errors(self) -> tuple[Problem, ...]:
        """List the errors of all documents."""
        return tuple(p for each in self.documents for p in each.problems if p.severity == "error")


class InvalidDefinition(ValueError):
    """A definition has errors. They are in `checked`."""

    def __init__(self, checked: Checked) -> None:
        first, more = checked.errors[0], len(checked.errors) - 1
        super().__init__(f"{first.message}{f' (and {more} more)' if more else ''}")
        self.checked = checked


def check(document: Document) -> Checked:
    """Find every problem of a document and of the files of its bundle.

    All problems are found in one go. They come in no particular order.
    """
    if not isinstance(document.data, dict):
        return Checked(document.source, document.problems, None)
    parsed, files = parse(document.data), {name: _parse_file(file) for name, file in document.files.items()}
    root = parsed.definition
    if root is not None:
        root = embed_files(root, {name: file.definition for name, file in files.items() if file.definition})
    excess = tuple(check_size(root)) if root else ()
    if excess:
        return Checked(document.source, (*document.problems, *parsed.problems, *excess), None)
    found = (
        *parsed.problems,
        *_report_unusable_files(document, files),
        *(_check_bundle(root, document) if root else ()),
    )
    whole = dict(list_definitions(root)) if root else {}
    checked = Checked(
        document.source,
        (*document.problems, *(_explain_cut(problem, document.source) for problem in found)),
        root,
        {
            name: _check_file(file, files[name], whole.get(name))
            for name, file in document.files.items()
            if file.source.text and not _has_bundle(files[name])
        },
    )
    return replace(checked, definition=None) if checked.errors else checked


def _parse_file(file: Document) -> Parsed:
    return parse(file.data) if isinstance(file.data, dict) else Parsed(None, ())


def _has_bundle(parsed: Parsed) -> bool:
    return parsed.definition is not None and bool(parsed.definition.definitions)


def _check_file(file: Document, parsed: Parsed, definition: Definition | None) -> Checked:
    """Check a file of a bundle as a document of its own."""
    found = (*parsed.problems, *(_apply_rules(definition) if definition else ()))
    told = (
        *(problem for problem in file.problems if problem.span),
        *(_explain_cut(p, file.source) for p in found),
    )
    return Checked(file.source, told, definition)


def _apply_rules(definition: Definition) -> Iterator[Problem]:
    for rule in RULES:
        yield from rule(definition)


def _check_bundle(root: Definition, document: Document) -> Iterator[Problem]:
    """Apply the rules to a definition and to those that are written inside it."""
    yield from _apply_rules(root)
    reached = find_used_definitions(root)
    for name, definition in list_definitions(root):
        path: Path = ("definitions", name)
        if name not in document.files:
            yield from (_move_into(path, problem) for problem in _apply_rules(definition))
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
    other = problem.related
    related = replace(other, path=(*path, *other.path)) if other else None
    return replace(problem, path=(*path, *problem.path), related=related)


def _explain_cut(problem: Problem, source: SourceMap) -> Problem:
    """Give another hint where YAML has cut an expression short, because ` #` begins a comment in it."""
    if problem.code == "bad-expression" and source.has_comment_after(problem.path):
        return replace(problem, hint="everything after ' #' is a comment: put the value in single quotes")
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
