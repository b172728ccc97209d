"""Variables are declared before they are set, and something reads them."""

from __future__ import annotations

from collections.abc import Iterator

from dsl.definition.sites import find_all_sites
from dsl.definition.walk import walk
from dsl.expressions import Template
from dsl.expressions.scope import PLACES
from dsl.model import Definition, SetStep
from dsl.problems.names import VARIABLES, find_meant
from dsl.problems.neighbours import IN_EXPRESSIONS
from dsl.problems.problem import Problem
from dsl.scalars.words import find_words
from dsl.source.map import Path


def check_variables(definition: Definition) -> Iterator[Problem]:
    """Check that what is set is declared, and that what is declared is read."""
    for name, path in _find_assignments(definition):
        if name not in definition.vars:
            yield VARIABLES.report_unknown(name, definition.vars, (*path, "set", name), at="key")
    yield from _check_unused(definition)


def _find_assignments(definition: Definition) -> Iterator[tuple[str, Path]]:
    """Find the variables that steps and updates change, each with the place of what changes it."""
    for placed in walk(definition):
        if isinstance(placed.step, SetStep):
            yield from ((name, placed.path) for name in placed.step.set)
    for update, declared in definition.updates.items():
        yield from ((name, ("updates", update)) for name in declared.set)


def _check_unused(definition: Definition) -> Iterator[Problem]:
    if not definition.vars:
        return
    read = {name for site in find_all_sites(definition) for name in _find_read(site.template, definition)}
    if None in read:  # something reads `vars` as a whole
        return
    for name in definition.vars:
        if name not in read:
            yield VARIABLES.report_unused(name, ("vars", name))


def _find_read(template: Template, definition: Definition) -> Iterator[str | int | None]:
    """Find the variables that a template reads, or tries to; None if it reads all of them.

    If a template can't be understood, all that it names may be variables.
    """
    if template.problems:
        yield from find_words(template.source)
    for reference in template.find_references() if template.roots else ():
        if find_meant(reference.root, PLACES, IN_EXPRESSIONS) == "vars":
            field = reference.fields[0] if reference.fields else None
            yield find_meant(field, definition.vars) if isinstance(field, str) else field
