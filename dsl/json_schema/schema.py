"""The JSON Schema of definitions is made of the model. It is for editors, and for checks without Python."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from dsl.json_schema.editor_help import add_editor_help
from dsl.json_schema.forms import (
    KINDS,
    JsonObject,
    choose_form,
    choose_kind,
    describe_missing_action,
    name_without_action,
    refer,
)
from dsl.json_schema.metaschema import build_plain_metaschema
from dsl.model import Definition
from dsl.model.kinds import TAG
from dsl.scalars.json_value import JsonValue

DIALECT = "https://json-schema.org/draft/2020-12/schema"
FILE = "workflow.schema.json"
METASCHEMA = "JsonSchema"
"""The schema of the schemas that stand in definitions."""

_FORMS = "forms of a union"
_LAST = re.compile(r"\$(?=\||\Z)")
"""The end in a pattern. In Python it would also match before a newline that ends the text."""


class _Generator(GenerateJsonSchema):
    """This makes pydantic's schema, without titles and nulls. Neither says anything to a writer of YAML."""

    schema_dialect = DIALECT

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False

    def sort(self, value: JsonSchemaValue, parent_key: str | None = None) -> JsonSchemaValue:
        """Keep the order of the model, also in examples."""
        return value

    def handle_ref_overrides(self, json_schema: JsonSchemaValue) -> JsonSchemaValue:
        """Keep the description of a key that is worded like that of its map. pydantic would leave it out."""
        return json_schema

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        inner = self.generate_inner(schema["schema"])
        default = schema.get("default")
        return {**inner, "default": default} if isinstance(default, bool | int | str) else inner

    def dict_schema(self, schema: core_schema.DictSchema) -> JsonSchemaValue:
        """Say which names the entries may have. pydantic would let entries with other names be anything."""
        entries: JsonSchemaValue = {
            "type": "object",
            "propertyNames": self.generate_inner(schema.get("keys_schema", core_schema.str_schema())),
            "additionalProperties": self.generate_inner(
                schema.get("values_schema", core_schema.any_schema())
            ),
        }
        self.update_with_validations(entries, schema, self.ValidationsMapping.object)
        return entries

    def tagged_union_schema(self, schema: core_schema.TaggedUnionSchema) -> JsonSchemaValue:
        """Keep the names of the forms. What tells them apart is known when the whole schema is."""
        return {_FORMS: {str(tag): self.generate_inner(form) for tag, form in schema["choices"].items()}}


def build_workflow_schema() -> JsonObject:
    """Build the schema of a definition file (JSON Schema 2020-12)."""
    raw = Definition.model_json_schema(by_alias=True, schema_generator=_Generator)
    definitions: dict[str, JsonObject] = raw.pop("$defs")
    schema = _settle(raw, definitions)
    definitions = {name: _settle(each, definitions) for name, each in definitions.items()}
    for union, (noun, kinds) in KINDS.items():
        without_action = name_without_action(union)
        named = {kind: model.__name__ for kind, model in kinds.items()}
        definitions[union] = choose_kind(
            {kind: refer(name) for kind, name in named.items()}, refer(without_action)
        )
        definitions[without_action] = describe_missing_action(
            noun, {kind: definitions[name] for kind, name in named.items()}
        )
    definitions[METASCHEMA] = build_plain_metaschema(refer(METASCHEMA))
    for each in (schema, *definitions.values()):
        each.pop("title", None)
    return {
        "$schema": DIALECT,
        "title": "Stepfile workflow definition",
        **schema,
        "patternProperties": {"^x-": {"description": "Free for anchors and notes."}},
        "$defs": dict(sorted(definitions.items())),
    }


def _settle(schema: JsonValue, definitions: Mapping[str, JsonObject]) -> Any:
    """Say of each union what tells its forms apart. Let nothing depend on other documents, or on Python."""
    if isinstance(schema, list):
        return [_settle(each, definitions) for each in schema]
    if not isinstance(schema, dict):
        return schema
    settled = {word: _settle(inner, definitions) for word, inner in schema.items() if word != _FORMS}
    if isinstance(pattern := settled.get("pattern"), str):
        settled["pattern"] = _LAST.sub(r"$(?!\\n)", pattern)
    if settled.get("$ref") == DIALECT:
        settled |= {"type": "object", **refer(METASCHEMA)}
    if _FORMS in schema:
        settled |= _settle_union(schema[_FORMS], definitions)
    return settled


def _settle_union(forms: Mapping[str, Any], definitions: Mapping[str, JsonObject]) -> JsonObject:
    named = {tag.removeprefix(TAG): _settle(form, definitions) for tag, form in forms.items()}
    union = next((union for union, (_, kinds) in KINDS.items() if kinds.keys() == named.keys()), None)
    return refer(union) if union else choose_form(named, definitions)


def format_schema() -> str:
    """Format the schema as it is committed in `schemas/`."""
    return json.dumps(add_editor_help(build_workflow_schema()), indent=2, ensure_ascii=False) + "\n"
