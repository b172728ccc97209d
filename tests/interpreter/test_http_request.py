"""What an `http` step hands to the built-in activity."""

from __future__ import annotations

from typing import Any

import pytest

from interpreter.failure.failure import StepFailed
from interpreter.lifecycle import execute
from interpreter.program.compiled import compile_program
from interpreter.program.model import HTTP_ACTIVITY
from interpreter.state.run import Run
from tests.support.fake_effects import FakeEffects
from tests.support.virtual_time import run_in_virtual_time

HEAD = """
dsl: "1"
name: asks
input: {type: object}
defaults: {timeouts: {start_to_close: 5s}}
steps:
  - id: ask
"""
ALL = """
    http:
      method: PUT
      url: https://example.com/${ input.id }
      headers: {X-Key: "${ step.key }"}
      query: {page: "${ input.page }"}
      json: {of: "${ input.id }"}
      expect: [200, 4xx]
"""


def _asked(step: str, data: dict[str, Any]) -> list[Any]:
    asked: list[Any] = []

    async def ask(argument: Any) -> None:
        asked.append(argument)

    run = Run(compile_program(HEAD + step), FakeEffects({HTTP_ACTIVITY: ask}), data)
    run_in_virtual_time(execute(run))
    return asked


def test_all_parts_are_evaluated() -> None:
    assert _asked(ALL, {"id": 7, "page": 2}) == [
        {
            "method": "PUT",
            "url": "https://example.com/7",
            "headers": {"X-Key": "run-1/ask"},
            "query": {"page": 2},
            "json": {"of": 7},
            "expect": [200, "4xx"],
        }
    ]


def test_what_is_not_said() -> None:
    assert _asked("    http: {url: 'https://example.com', body: 'null'}", {}) == [
        {
            "method": "GET",
            "url": "https://example.com",
            "headers": {},
            "query": {},
            "body": "null",
            "expect": ["2xx"],
        }
    ]


def test_a_part_without_a_value_is_named() -> None:
    with pytest.raises(StepFailed, match=r"ask: http\.query\.page"):
        _asked(ALL, {"id": 7})
