"""The tables of the reference that come from the code and the shipped definitions. To bring the pages up to date:

python -m tests.docs.tables

A page has a place for each: everything between `<!-- table: NAME -->` and `<!-- end -->`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from dsl.json_schema.schema import build_workflow_schema
from dsl.model import STEP_KINDS
from dsl.problems.codes import EXPRESSIONS, FORM, MEANING, READING, SHOWING
from interpreter.temporal.observing.metrics import METRICS, Metric, MetricLimits, count_most_series
from interpreter.temporal.tracing.names import ATTRIBUTES, SPANS, Row
from tests.docs.log_events import list_rows, list_rows_of_letters, list_rows_of_shared_breakers
from tests.docs.pages import DOCS, pages
from tests.docs.patterns import PATTERNS

PLACE = re.compile(r"(<!-- table: (?P<name>[\w-]+) -->\n)(?P<table>.*?)(<!-- end -->)", re.S)
COMMON = ("id", "when", "description", "catch", "finally", "dead_letter")
"""The keys of every step, in a table of their own."""


def _keys(name: str | None, without: Iterable[str] = (), only: Iterable[str] = ()) -> str:
    """The keys of one map of the language; `None` is the definition itself."""
    schema = build_workflow_schema()
    model = schema if name is None else schema["$defs"][name]
    required = set(model.get("required", ()))
    rows = [
        (f"`{key}`", _example(about), _meaning(about, key in required))
        for key, about in model["properties"].items()
        if key not in set(without) and (not only or key in set(only))
    ]
    return _table(("key", "example", "meaning"), rows)


def _example(about: Mapping[str, Any]) -> str:
    return f"`{_flow(about['examples'][0])}`"


def _flow(value: Any) -> str:
    """A value as it is written in YAML, on one line."""
    match value:
        case dict():
            return "{" + ", ".join(f"{key}: {_flow(item)}" for key, item in value.items()) + "}"
        case list():
            return "[" + ", ".join(map(_flow, value)) + "]"
        case str() if re.fullmatch(r"[A-Za-z_][\w ./:-]*", value) and not value.startswith(("true", "false")):
            return value
        case str() if re.fullmatch(r"[0-9]+(ms|s|m|h|d)", value):
            return value
        case _:
            return json.dumps(value, ensure_ascii=False)


def _meaning(about: Mapping[str, Any], required: bool) -> str:
    parts = ["**Required.**"] if required else []
    parts.append(about["description"])
    if "enum" in about:
        parts.append(f"One of {', '.join(f'`{word}`' for word in about['enum'])}.")
    if "default" in about:
        parts.append(f"Default: `{json.dumps(about['default']).strip(chr(34))}`.")
    return " ".join(parts)


def _codes(catalogue: Mapping[str, str]) -> str:
    rows = [(f"`{code}`", meaning) for code, meaning in catalogue.items()]
    return _table(("code", "what is wrong"), rows)


def _rows(head: tuple[str, ...], rows: Iterable[Row]) -> str:
    return _table(head, [(f"`{row.name}`", row.where, row.meaning) for row in rows])


def _patterns() -> str:
    head = ("pattern", "definition", "lines", "lines of Python", "of the sample")
    return _table(head, [pattern.row() for pattern in PATTERNS])


def _metrics() -> str:
    rows = [
        (
            f"`{each.served_name}`",
            each.kind,
            ", ".join(f"`{label}`" for label in each.labels),
            f"{each.about}{_values(each)}",
        )
        for each in METRICS
    ]
    return _table(("name", "type", "labels", "what it counts or measures"), rows)


def _values(metric: Metric) -> str:
    values = ", ".join(f"`{value}`" for value in metric.outcomes)
    return f" `{metric.labels[-1]}` is one of {values}." if values else ""


def _metric_limits() -> str:
    limits = MetricLimits()
    rows = [
        ("definitions", "`--metrics-max-definitions`", f"{limits.definitions:,}"),
        ("steps of all definitions", "`--metrics-max-steps`", f"{limits.steps:,}"),
        (
            "series in all, if every step did everything that is counted",
            "–",
            f"{count_most_series(limits):,}",
        ),
    ]
    return _table(("what", "option", "at most"), rows)


def _log_events(list_them: Callable[[], Iterable[tuple[str, ...]]]) -> str:
    return _table(("event", "level", "such as", "fields beside those above"), list_them())


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |\n" for line in lines)


MAPS: Mapping[str, str | None] = {
    "definition": None,
    "defaults": "Defaults",
    "saga": "Saga",
    "on-failure": "OnFailure",
    "catch": "CatchClause",
    "retry-policy": "RetryPolicy",
    "by-error": "RetryClause",
    "dead-letter": "DeadLetter",
    "dead-letter-queue": "DeadLetterQueue",
    "alert": "Alert",
    "circuit-breaker": "CircuitBreaker",
    "sliding-window": "SlidingWindow",
    "guarded-by": "BreakerReference",
    "activity-timeouts": "ActivityTimeouts",
    "workflow-timeouts": "WorkflowTimeouts",
    **{kind: model.__name__ for kind, model in STEP_KINDS.items()},
    "case": "Case",
    "paging-call": "PagingCall",
    "repetition": "Repetition",
    "signal-declaration": "SignalDeclaration",
    "update-declaration": "UpdateDeclaration",
    "awaited": "Awaited",
    "signal-to-send": "SignalToSend",
    "priority": "Priority",
    "request": "HttpRequest",
    "raised": "Raised",
    "child": "ChildWorkflow",
    "compensation-by-activity": "ActivityCompensation",
    "compensation-by-http": "HttpCompensation",
    "compensation-by-child": "ChildWorkflowCompensation",
    "compensation-by-steps": "BlockCompensation",
}
"""Table → the map of the language whose keys it lists, by its name in the JSON Schema."""

TABLES: Mapping[str, Callable[[], str]] = {
    **{
        table: partial(_keys, name, without=COMMON if table in STEP_KINDS else ())
        for table, name in MAPS.items()
    },
    "every-step": partial(_keys, "ActivityStep", only=COMMON),
    "patterns": _patterns,
    "metrics": _metrics,
    "metric-limits": _metric_limits,
    "log-events": partial(_log_events, list_rows),
    "log-events-of-letters": partial(_log_events, list_rows_of_letters),
    "log-events-of-shared-breakers": partial(_log_events, list_rows_of_shared_breakers),
    "problems-reading": partial(_codes, READING),
    "problems-form": partial(_codes, FORM),
    "problems-meaning": partial(_codes, MEANING),
    "problems-expressions": partial(_codes, EXPRESSIONS),
    "problems-showing": partial(_codes, SHOWING),
    "spans": partial(_rows, ("span", "inside of", "what it is about"), SPANS),
    "span-attributes": partial(_rows, ("attribute", "spans", "meaning"), ATTRIBUTES),
}


def up_to_date(text: str) -> str:
    """A page's text with its tables made anew."""
    return PLACE.sub(lambda place: f"{place[1]}{TABLES[place['name']]()}{place[4]}", text)


def tables_of(page: Path) -> list[str]:
    """The names of the tables on a page."""
    return [place["name"] for place in PLACE.finditer(page.read_text(encoding="utf-8"))]


if __name__ == "__main__":
    for page in pages():
        if DOCS in page.parents:
            page.write_text(up_to_date(page.read_text(encoding="utf-8")), encoding="utf-8")
