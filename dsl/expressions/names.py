"""What an expression reads exists at its place."""

from __future__ import annotations

from collections.abc import Iterator

from dsl.expressions.errors import ExprError, Span
from dsl.expressions.references import Reference
from dsl.expressions.scalar import Severity
from dsl.expressions.schema import Misfit, find_misfit
from dsl.expressions.scope import INSIDE, LOOP_FIELDS, STEP_FIELDS, Schema, Scope
from dsl.expressions.tokens import WORDS
from dsl.problems.neighbours import IN_EXPRESSIONS
from dsl.problems.suggest import did_you_mean, find_nearest

Found = tuple[ExprError, Severity]

_MOST_LISTED = 20
"""So many names a hint has room for."""


def check_reference(reference: Reference, scope: Scope) -> Iterator[Found]:
    """Find what is wrong with one reference at a place of the definition."""
    if reference.root not in scope.names:
        yield _build_unknown_root_error(reference, scope), "error"
    elif reference.root == "steps":
        yield from _check_step(reference, scope)
    elif reference.root == "vars" and scope.vars is not None:
        yield from _check_variable(reference, scope.vars)
    if reference.root in scope.names and reference.root in scope.schemas:
        yield from _check_against_schema(reference, scope.schemas[reference.root], 0)


def _build_unknown_root_error(reference: Reference, scope: Scope) -> ExprError:
    name, span = reference.root, reference.root_span
    if reference.is_key:
        return ExprError("unknown-name", f'unknown name "{name}"', span, f"quote the key: '{name}'")
    if name in scope.places:
        return ExprError(
            "unknown-name", f'"{name}" does not exist here', span, f"it exists {scope.places[name]}"
        )
    hint = did_you_mean(name, (*scope.names, *WORDS), IN_EXPRESSIONS) or _list_known(scope.names)
    return ExprError("unknown-name", f'unknown name "{name}"', span, hint)


def _check_step(reference: Reference, scope: Scope) -> Iterator[Found]:
    if not reference.fields:
        return
    step, span = str(reference.fields[0]), reference.field_spans[0]
    seen = scope.steps.get(step)
    if seen is None:
        yield (
            ExprError(
                "unknown-step",
                f'unknown step "{step}"',
                span,
                did_you_mean(step, scope.steps, IN_EXPRESSIONS) or _list_readable(scope),
            ),
            "error",
        )
    elif seen == "later":
        yield _build_unreadable_error(step, "has not run yet here", span), "error"
    elif seen == "elsewhere":
        hint = "steps of other branches, and of loops that are not around this place, cannot be read"
        yield _build_unreadable_error(step, "cannot be seen from here", span, hint), "error"
    else:
        yield from _check_step_field(reference, scope, step)


def _check_step_field(reference: Reference, scope: Scope, step: str) -> Iterator[Found]:
    if len(reference.fields) < 2:
        return
    field, span = str(reference.fields[1]), reference.field_spans[1]
    known = (*STEP_FIELDS, *LOOP_FIELDS) if step in scope.loops else STEP_FIELDS
    if field not in known:
        hint = did_you_mean(field, known, IN_EXPRESSIONS) or _list_known(known)
        yield ExprError("unknown-field", f'a step has no field "{field}"', span, hint), "error"
        return
    if scope.steps[step] == "maybe" and field != "status" and not any(reference.optional[:2]):
        hint = f"write steps.{step}?.{field}, or give a default with ??"
        yield _build_unreadable_error(step, "may have been skipped", span, hint), "error"
    schema = scope.results.get(step, True) if field == "result" else INSIDE.get(field, True)
    yield from _check_against_schema(reference, schema, 2)


def _build_unreadable_error(step: str, why: str, span: Span, hint: str | None = None) -> ExprError:
    error = ExprError("unreadable-step", f'step "{step}" {why}', span, hint)
    error.step = step
    return error


def _check_variable(reference: Reference, declared: tuple[str, ...]) -> Iterator[Found]:
    if reference.fields and reference.fields[0] not in declared:
        name = str(reference.fields[0])
        declare = "declare it under vars" + (", without a hyphen" if "-" in name else "")
        hint = did_you_mean(name, declared, IN_EXPRESSIONS) or declare
        yield (
            ExprError("unknown-variable", f'unknown variable "{name}"', reference.field_spans[0], hint),
            "error",
        )


def _check_against_schema(reference: Reference, schema: Schema, start: int) -> Iterator[Found]:
    if schema is True:
        return
    found = find_misfit(schema, reference.fields[start:])
    if found is not None:
        yield _report_misfit(reference, found._replace(place=found.place + start))


def _report_misfit(reference: Reference, found: Misfit) -> Found:
    name, span = reference.fields[found.place], reference.field_spans[found.place]
    way = (
        f"[{field}]" if isinstance(field, int) else f".{field}" for field in reference.fields[: found.place]
    )
    place = "".join((reference.root, *way))
    if found.certainty == "no object":
        return ExprError(
            "type-mismatch", f'{place} is not an object and has no field "{name}"', span
        ), "error"
    if found.certainty == "no list":
        return ExprError("type-mismatch", f"{place} is not a list", span), "error"
    hint = _suggest_field(str(name), found.known) or (_list_known(found.known) if found.known else None)
    if found.certainty == "impossible":
        return ExprError("unknown-field", f'no field "{name}" in {place}', span, hint), "error"
    return ExprError(
        "unknown-field", f'the schema does not declare "{name}" in {place}', span, hint
    ), "warning"


def _suggest_field(name: str, known: tuple[str, ...]) -> str | None:
    """Suggest a field. One with a hyphen is written as it must stand."""
    nearest = find_nearest(name, known, IN_EXPRESSIONS)
    if nearest is None:
        return None
    return f"did you mean ['{nearest}']?" if "-" in nearest else f'did you mean "{nearest}"?'


def _list_readable(scope: Scope) -> str:
    """List the steps that can be read at the place, or all steps if there are none before it."""
    readable = tuple(step for step, seen in scope.steps.items() if seen in ("ran", "maybe"))
    known = readable or tuple(scope.steps)
    return _list_known(known) if known else "no step has an id"


def _list_known(words: tuple[str, ...]) -> str:
    listed = sorted(words)
    more = f" and {len(words) - _MOST_LISTED} more" if len(words) > _MOST_LISTED else ""
    return "known: " + ", ".join(listed[:_MOST_LISTED]) + more
