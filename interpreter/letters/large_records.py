"""A letter is never lost because it is too large: what does not fit is told by its size, its digest and its head.

The order is fixed. First goes what a redrive computes anew, last what people need most: which step has failed, of
which run, and why.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import Any

from dsl.expressions import JsonValue

HEAD = 1_000
"""Letters of what is too large that are kept. Part of replay, as is the next: never change them."""

LONGEST_TEXT = 1_000
"""Letters of each text of a letter that does not fit otherwise."""

Record = Mapping[str, Any]


def make_fit(record: Record, fits: Callable[[Any], bool]) -> Record:
    """Leave out of a record what is too large, until it fits.

    Args:
        record: All that is known.
        fits: Whether a value can be sent.
    """
    for leave_out in (_leave_out_input, _leave_out_redrive, _leave_out_details, _leave_out_definition):
        if fits(record):
            return record
        record = leave_out(record)
    return record if fits(record) else {key: _cut_texts(value) for key, value in record.items()}


def describe_large(value: JsonValue) -> dict[str, Any]:
    """Say of a value what there is room for."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"))
    return {
        "too_large": True,
        "bytes": len(text),
        "sha256": sha256(text.encode()).hexdigest(),
        "head": text[:HEAD],
    }


def _leave_out_input(record: Record) -> Record:
    """Leave out the arguments: a redrive computes them from what it has."""
    return {**record, "input": _describe_if_large(record["input"])}


def _leave_out_redrive(record: Record) -> Record:
    """Leave out what the step reads. What the whole run is started with stays."""
    redrive = record["redrive"]
    if "request" not in redrive:
        return record
    request = {name: value for name, value in redrive["request"].items() if name != "only"}
    seen = describe_large([redrive["input"], redrive["request"]["only"]])
    why = f"what the step reads is too large for a letter: {seen['bytes']:,} bytes"
    kept = {name: redrive[name] for name in ("workflow_type", "task_queue", "memo")}
    return {**record, "redrive": {**kept, "request": request, "refused": why, "seen": seen}}


def _leave_out_details(record: Record) -> Record:
    return {**record, "error": _strip_error(record["error"])}


def _strip_error(error: Mapping[str, Any]) -> dict[str, Any]:
    cause = error["cause"]
    return {
        **error,
        "details": _describe_if_large(error["details"]),
        "cause": None if cause is None else _strip_error(cause),
    }


def _leave_out_definition(record: Record) -> Record:
    """Leave out what the whole run is started with, too."""
    redrive = record["redrive"]
    return {**record, "redrive": {"refused": redrive["refused"]} if "refused" in redrive else redrive}


def _describe_if_large(value: JsonValue) -> JsonValue:
    described = describe_large(value)
    return described if described["bytes"] > HEAD else value


def _cut_texts(value: JsonValue) -> JsonValue:
    match value:
        case dict():
            return {_cut_text(key): _cut_texts(item) for key, item in value.items()}
        case list():
            return [_cut_texts(item) for item in value]
        case str():
            return _cut_text(value)
        case _:
            return value


def _cut_text(text: str) -> str:
    """Cut a text. Its digest keeps those apart that begin alike: keys of items may be long."""
    if len(text) <= LONGEST_TEXT:
        return text
    return f"{text[:LONGEST_TEXT]}~{sha256(text.encode(errors='surrogatepass')).hexdigest()[:32]}"
