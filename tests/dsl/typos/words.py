"""The words of a definition that mean something: its keys, and the names and built-in words in its values.

A word is *built in* if the language has it: a key, a choice, a function. Otherwise somebody has chosen it, and it
stands at two places at least: where it is given, and where it is used. A name that stands at one place only is free,
because any other name would do as well. So are keys of data, arguments, texts and the error types of users.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal, get_args, get_type_hints

from dsl.definition.bundle import extract_definition
from dsl.definition.sites import Site, find_all_sites
from dsl.expressions import syntax
from dsl.expressions.functions import FUNCTIONS
from dsl.expressions.macros import MACROS
from dsl.expressions.parse import ROOTS
from dsl.expressions.references import Reference
from dsl.expressions.scope import ERROR, INSIDE, LOOP_FIELDS, PLACES, STEP_FIELDS
from dsl.expressions.scope import ROOTS as KNOWN
from dsl.model import (
    STEP_KINDS,
    Awaited,
    BreakerReference,
    BundledDefinition,
    CatchClause,
    ChildWorkflow,
    Common,
    DeadLetter,
    Definition,
    ForEachStep,
    RetryPolicy,
)
from dsl.model.model import Model
from dsl.rules.activities import Catalogue
from dsl.rules.results import infer_results
from dsl.scalars.error_types import BUILT_IN
from dsl.source.map import Path, SourceMap
from dsl.source.nodes import Map, Node, Scalar, get_child

At = tuple[int, int]
"""The start and the end of a word, as offsets into the text."""


@dataclass(frozen=True)
class Word:
    """A word, and where else a mistake in it may be told."""

    kind: str
    text: str
    at: At
    elsewhere: tuple[At, ...] = ()
    """The other places of the same name. For a built-in word there are none."""
    legal: frozenset[str] = frozenset()
    """What may stand here besides. A typo that makes one of these words is none."""


def find_words(definition: Definition, source: SourceMap, catalogue: Catalogue) -> list[Word]:
    """Find the words of a definition, in the order of the text."""
    finder = _Finder(source, catalogue)
    finder.find_all(definition, ())
    for name, inside in definition.definitions.items():
        if isinstance(inside, BundledDefinition) and ("definitions", name) in finder.inline:
            finder.find_all(extract_definition(definition, name, inside), ("definitions", name))
    return sorted(finder.list_words(), key=lambda word: word.at)


DECLARED = {
    "retry_policies": "policy",
    "circuit_breakers": "breaker",
    "dead_letter_queues": "queue",
    "definitions": "definition",
    "vars": "variable",
    "signals": "message",
    "updates": "message",
}
USED = {
    "retry": "policy",
    "circuit_breaker": "breaker",
    "dead_letter": "queue",
    "child_workflow": "definition",
}
OF_MODEL = {
    (Awaited, "signal"): "message",
    (Awaited, "any"): "message",
    (Awaited, "all"): "message",
    (BreakerReference, "name"): "breaker",
    (DeadLetter, "queue"): "queue",
    (ChildWorkflow, "definition"): "definition",
    (ForEachStep, "as_"): "local",
    (ForEachStep, "index_as"): "local",
    (CatchClause, "as_"): "local",
    (CatchClause, "errors"): "error type",
    (RetryPolicy, "non_retryable_error_types"): "error type",
    (RetryPolicy, "by_error"): "error type",
}
SCHEMA_KEYS = ("input", "schema", "result_schema")
MAPS_OF_SCHEMAS = ("properties", "patternProperties", "$defs", "dependentSchemas")
LISTS_OF_SCHEMAS = ("anyOf", "oneOf", "allOf", "prefixItems")
SCHEMAS = ("items", "additionalProperties", "not", "if", "then", "else", "contains", "propertyNames")
SCHEMA_TYPES = frozenset(("array", "boolean", "integer", "null", "number", "object", "string"))


class _Finder:
    def __init__(self, source: SourceMap, catalogue: Catalogue) -> None:
        self.source = source
        self.catalogue = catalogue
        self.fixed: dict[At, Word] = {}
        self.names: dict[tuple[Any, ...], dict[At, None]] = defaultdict(dict)
        self.inline: set[Path] = set()
        self.schemas: set[int] = set()
        """The schemas that are written in the text. The others are inferred."""
        self.within: Path = ()
        self.errors: set[str] = set()
        """The names by which clauses of `catch` read their error."""

    def list_words(self) -> Iterator[Word]:
        yield from self.fixed.values()
        for (kind, owner, text), places in self.names.items():
            taken = frozenset(name for each, where, name in self.names if (each, where) == (kind, owner))
            for at in places:
                others = tuple(place for place in places if place != at)
                if others and at not in self.fixed:
                    yield Word(str(kind), str(text), at, others, taken)

    # --- places

    def get_node(self, path: Path) -> Node | None:
        node = self.source.root
        for step in path:
            node = get_child(node, step) if node else None
        return node

    def get_key(self, path: Path) -> At | None:
        owner = self.get_node(path[:-1])
        if isinstance(owner, Map) and path[-1] in owner.entries:
            return self.trim(str(path[-1]), owner.entries[str(path[-1])].key)
        return None

    def get_value(self, path: Path) -> At | None:
        node = self.get_node(path)
        return self.trim(node.text, node) if isinstance(node, Scalar) else None

    def trim(self, word: str, node: Node) -> At | None:
        """Leave out the quotes. A word that is written in another way is left out."""
        start = self.source.text.find(word, node.start, node.end)
        inside = start - node.start <= 1 and node.end - node.start - len(word) <= 2
        return (start, start + len(word)) if start >= 0 and inside else None

    def add_fixed(self, kind: str, at: At | None, legal: Iterable[str]) -> None:
        if at is not None and len(text := self.source.text[slice(*at)]) > 1:
            self.fixed[at] = Word(kind, text, at, (), frozenset(legal))

    def add_name(self, kind: str, text: str, at: At | None, owner: Any = None) -> None:
        if at is not None:
            self.names[kind, owner if owner is not None else self.within, text][at] = None

    # --- the model

    def find_all(self, definition: Definition, within: Path) -> None:
        self.within = within
        self.visit_model(definition, within)
        found = infer_results(definition)
        for site in find_all_sites(definition):
            self.visit_site(definition, site, found)

    def visit_model(self, model: Model, path: Path) -> None:
        fields = {info.alias or name: name for name, info in type(model).model_fields.items()}
        legal = {*fields, *(STEP_KINDS if isinstance(model, Common) else ())}
        for key, field in fields.items():
            here = (*path, key)
            if self.get_node(here) is None:
                continue
            self.add_fixed("key", self.get_key(here), legal)
            self.visit_field(model, field, key, here)

    def visit_field(self, model: Model, field: str, key: str, path: Path) -> None:
        value = getattr(model, field)
        if key in SCHEMA_KEYS and isinstance(value, dict):
            self.visit_schema(value, path)
            return
        if key == "definitions" and isinstance(value, dict):
            for name in value:
                self.add_name("definition", name, self.get_key((*path, name)), ())
                if isinstance(self.get_node((*path, name)), Map):
                    self.inline.add((*path, name))
            return
        if choices := _find_choices(type(model), field):
            self.add_fixed("choice", self.get_value(path), choices)
        kind = next(
            (
                kind
                for (owner, name), kind in OF_MODEL.items()
                if owner in type(model).mro() and name == field
            ),
            None,
        )
        if kind is None and key in USED and isinstance(value, str):
            kind = USED[key]
        if key == "id" and isinstance(model, Common):
            kind = "step"
        if isinstance(model, CatchClause):
            self.errors.add(model.as_)
        if key in DECLARED and isinstance(value, dict):
            for name in value:
                self.add_name(DECLARED[key], name, self.get_key((*path, name)))
        if key == "set" and isinstance(value, dict):
            for name in value:
                self.add_name("variable", name, self.get_key((*path, name)))
        if key in ("parallel", "race") and isinstance(model, Common) and model.id:
            for name in value:
                self.add_name("branch", name, self.get_key((*path, name)), model.id)
        if key == "activity" and isinstance(value, str) and value in self.catalogue.activities:
            if getattr(model, "task_queue", None) is None:
                self.add_fixed("activity", self.get_value(path), self.catalogue.activities)
        elif kind is not None:
            self.visit_names(kind, value, path)
        self.visit_value(value, path)

    def visit_names(self, kind: str, value: Any, path: Path) -> None:
        texts: list[tuple[str, At | None]]
        if isinstance(value, dict):
            texts = [(name, self.get_key((*path, name))) for name in value]
        elif isinstance(value, tuple):
            texts = [(text, self.get_value((*path, index))) for index, text in enumerate(value)]
        else:
            texts = [(value, self.get_value(path))] if value is not None else []
        for text, at in texts:
            if kind != "error type":
                self.add_name(kind, text, at, () if kind == "definition" else None)
            elif text in BUILT_IN:
                self.add_fixed("error type", at, BUILT_IN)

    def visit_value(self, value: Any, path: Path) -> None:
        if isinstance(value, Model):
            self.visit_model(value, path)
        elif isinstance(value, tuple):
            for index, item in enumerate(value):
                self.visit_value(item, (*path, index))
        elif isinstance(value, dict):
            for name, item in value.items():
                self.visit_value(item, (*path, name))

    # --- schemas

    def visit_schema(self, schema: Any, path: Path) -> None:
        if not isinstance(schema, dict):
            return
        self.schemas.add(id(schema))
        for keyword, value in schema.items():
            here = (*path, keyword)
            self.add_fixed("schema keyword", self.get_key(here), ())
            if keyword == "type" and isinstance(value, str):
                self.add_fixed("schema type", self.get_value(here), SCHEMA_TYPES)
            if keyword in MAPS_OF_SCHEMAS:
                for name, inner in value.items():
                    if keyword == "properties":
                        self.add_name("property", name, self.get_key((*here, name)), id(schema))
                    self.visit_schema(inner, (*here, name))
            elif keyword in LISTS_OF_SCHEMAS:
                for index, inner in enumerate(value):
                    self.visit_schema(inner, (*here, index))
            elif keyword in SCHEMAS:
                self.visit_schema(value, here)
            elif keyword == "required":
                for index, name in enumerate(value):
                    self.add_name("property", name, self.get_value((*here, index)), id(schema))

    # --- expressions

    def visit_site(self, definition: Definition, site: Site, results: Mapping[str, Any]) -> None:
        path = (*self.within, *site.path)
        for reference in site.template.find_references():
            self.visit_reference(definition, reference, (*path, *reference.path_inside), results)
        for scalar in site.template.list_scalars():
            for piece in scalar.pieces:
                if piece.program.tree is not None:
                    self.visit_tree(piece.program.tree, (*path, *scalar.path), piece.offset)

    def get_within(self, path: Path, span: tuple[int, int], word: str) -> At | None:
        span_in_text = self.source.locate_within(path, *span)
        starts = self.source._line_starts
        start = starts[span_in_text.start.line - 1] + span_in_text.start.column - 1
        found = self.source.text[start : start + len(word)]
        return (start, start + len(word)) if found == word else None

    def visit_reference(
        self, definition: Definition, reference: Reference, path: Path, results: Mapping[str, Any]
    ) -> None:
        root, fields = reference.root, [str(each) for each in reference.fields]
        at = self.get_within(path, reference.root_span, root)
        if root in (*ROOTS, *PLACES):
            self.add_fixed("root", at, PLACES)
        else:
            self.add_name("local", root, at)
        places = [
            self.get_within(path, span, text)
            for span, text in zip(reference.field_spans, fields, strict=True)
        ]
        if not fields:
            return
        if root == "vars":
            self.add_name("variable", fields[0], places[0])
        elif root in KNOWN or root in self.errors:
            self.follow_schema(KNOWN.get(root, ERROR), reference.fields, places)
        elif root == "input":
            self.follow_schema(definition.input, reference.fields, places)
        elif root == "steps":
            self.add_name("step", fields[0], places[0])
            if len(fields) > 1:
                self.add_fixed("field", places[1], (*STEP_FIELDS, *LOOP_FIELDS))
                inside = results.get(fields[0], True) if fields[1] == "result" else INSIDE.get(fields[1])
                self.follow_schema(inside, reference.fields[2:], places[2:], fields[0])

    def follow_schema(
        self, schema: Any, fields: Any, places: list[At | None], step: str | None = None
    ) -> None:
        for field, at in zip(fields, places, strict=True):
            if not isinstance(schema, dict):
                return
            if isinstance(field, int):
                schema = schema.get("items")
                continue
            if field not in schema.get("properties", {}):
                return
            if id(schema) in self.schemas:
                self.add_name("property", field, at, id(schema))
            elif ("branch", step, field) in self.names:
                self.add_name("branch", field, at, step)
            else:
                self.add_fixed("field", at, schema["properties"])
            schema = schema["properties"][field]

    def visit_tree(self, tree: syntax.Node, path: Path, offset: int) -> None:
        def place(span: tuple[int, int], word: str) -> At | None:
            return self.get_within(path, (span[0] + offset, span[1] + offset), word)

        for node, _ in syntax.walk(tree):
            match node:
                case syntax.Call(name=name, span=span):
                    self.add_fixed("function", place(span, name), FUNCTIONS)
                case syntax.Local(name=name, span=span):
                    self.add_fixed("macro variable", place(span, name), (*PLACES, name))
                case syntax.Literal(value=bool() | None as value, span=span):
                    text = {True: "true", False: "false", None: "null"}[value]
                    self.add_fixed("literal", place(span, text), ())
                case syntax.Chain(links=links):
                    for link in links:
                        if isinstance(link, syntax.Method | syntax.Macro):
                            self.add_fixed("function", place(link.span, link.name), (*FUNCTIONS, *MACROS))
                case _:
                    pass


@cache
def _find_choices(model: type[Model], field: str) -> tuple[str, ...]:
    annotation = get_type_hints(model, include_extras=True)[field]
    if annotation is bool:
        return ("true", "false")
    return tuple(_list_choices(annotation))


def _list_choices(annotation: Any) -> Iterator[str]:
    if getattr(annotation, "__origin__", None) is Literal:
        yield from map(str, get_args(annotation))
    elif getattr(annotation, "__metadata__", None) is not None:
        yield from _list_choices(annotation.__origin__)
    else:
        for inner in get_args(annotation):
            if getattr(annotation, "__origin__", None) not in (tuple, dict):
                yield from _list_choices(inner)
