"""The JSON Schema of definitions is made of the model. It is for editors, and for checks without Python."""

from __future__ import annotations

import json
from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from dsl.model import Definition

DIALECT = "https://json-schema.org/draft/2020-12/schema"
FILE = "workflow.schema.json"


class _Generator(GenerateJsonSchema):
    """This makes pydantic's schema, without titles and nulls. Neither says anything to a writer of YAML."""

    schema_dialect = DIALECT

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        inner = self.generate_inner(schema["schema"])
        default = schema.get("default")
        return {**inner, "default": default} if isinstance(default, bool | int | str) else inner


def build_workflow_schema() -> dict[str, Any]:
    """Build the schema of a definition file (JSON Schema 2020-12)."""
    schema = Definition.model_json_schema(by_alias=True, schema_generator=_Generator)
    for model in (schema, *schema["$defs"].values()):
        model.pop("title", None)
    return {
        "$schema": DIALECT,
        "title": "Stepfile workflow definition",
        **schema,
        "patternProperties": {"^x-": {"description": "Free for anchors and notes."}},
    }


def format_schema() -> str:
    """Format the schema as it is committed in `schemas/`."""
    return json.dumps(build_workflow_schema(), indent=2, ensure_ascii=False) + "\n"
