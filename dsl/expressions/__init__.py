"""The expression language is parsed once, checked against a scope, and evaluated with a meter.

It is pure Python, without clock, random numbers or environment. The same expression on the same data gives the same
bytes on every Python and machine, which is what lets a workflow replay. See `docs/reference/expressions.md`.
"""

from __future__ import annotations

from dsl.expressions.check import CONDITION, Expected, check
from dsl.expressions.errors import ExprError
from dsl.expressions.limits import Limits
from dsl.expressions.meter import Meter
from dsl.expressions.references import Reference
from dsl.expressions.scope import Scope
from dsl.expressions.secret_text import SecretPart, SecretPlace, SecretText
from dsl.expressions.template import Template, TemplateProblem
from dsl.scalars.json_value import JsonValue

__all__ = [
    "CONDITION",
    "Expected",
    "ExprError",
    "JsonValue",
    "Limits",
    "Meter",
    "Reference",
    "Scope",
    "SecretPart",
    "SecretPlace",
    "SecretText",
    "Template",
    "TemplateProblem",
    "check",
]
