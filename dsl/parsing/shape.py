"""Messages say which keys may stand at a place. That is read off the model."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple, get_args, get_type_hints

from pydantic import Tag
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from dsl.model import BlockStep, Case, Definition
from dsl.model.any_step import Placeholder
from dsl.model.kinds import LOOPS, TAG
from dsl.model.model import Model
from dsl.source.map import Path

_CHOOSERS: Mapping[type[Model], frozenset[str]] = {BlockStep: LOOPS, Case: frozenset({"default"})}
"""Keys that make another form of a map. If one of them is misspelt, the map has the form that needs no such key."""


class Shape(NamedTuple):
    """A shape describes a map of the language: what it is called, and its keys with descriptions and examples."""

    noun: str
    keys: Mapping[str, str]
    examples: Mapping[str, Any]
    required: frozenset[str] = frozenset()
    """The keys that must be there."""
    choosers: frozenset[str] = frozenset()
    """Keys that would make another form of the map."""

    @property
    def words(self) -> tuple[str, ...]:
        """List what a key of the map may have been meant to be."""
        return (*self.keys, *self.choosers)


def find_path(details: ErrorDetails) -> Path:
    """Find the way through the data to a mistake: pydantic's location without its own words."""
    return tuple(step for step in details["loc"] if not str(step).startswith(TAG) and step != "[key]")


def find_shape(location: tuple[int | str, ...]) -> Shape:
    """Find the map that `location` leads to. That is pydantic's location, which has tags in it."""
    here: Any = Definition
    for element in location:
        here = _find_child(here, element)
    model = next(_list_models(here), Definition)
    keys = {_get_key(name, info): info for name, info in _list_fields(model)}
    return Shape(
        model.noun,
        {name: info.description or "" for name, info in keys.items()},
        {name: example for name, info in keys.items() for example in info.examples or ()},
        frozenset(name for name, info in keys.items() if info.is_required()),
        _CHOOSERS.get(model, frozenset()),
    )


def _find_child(here: Any, element: int | str) -> Any:
    if isinstance(element, str) and element.startswith(TAG):
        return next(form for form in _list_forms(here) if Tag(element) in getattr(form, "__metadata__", ()))
    keys = {
        _get_key(name, info): (model, name)
        for model in _list_models(here)
        for name, info in _list_fields(model)
    }
    return _resolve_annotation(*keys[str(element)]) if element in keys else _get_item(here)


def _resolve_annotation(model: type[Model], name: str) -> Any:
    """Get the annotation of a key with the tags in it, which pydantic takes apart in `model_fields`."""
    return get_type_hints(model, include_extras=True)[name]


def _get_item(here: Any) -> Any:
    """Get what a list or a map of the annotation holds."""
    bare = (form for form in _list_forms(here) if not hasattr(form, "__metadata__"))
    inside = ([argument for argument in get_args(form) if argument is not Ellipsis] for form in bare)
    return next(arguments[-1] for arguments in inside if arguments)


def _list_forms(annotation: Any) -> Iterator[Any]:
    """List the annotation and all that is nested in it by `Annotated` and unions."""
    yield annotation
    metadata = getattr(annotation, "__metadata__", ())
    if placeholder := next((each for each in metadata if isinstance(each, Placeholder)), None):
        yield from _list_forms(placeholder.annotation)
    elif getattr(annotation, "__metadata__", None) is not None:
        yield from _list_forms(annotation.__origin__)
    elif getattr(annotation, "__origin__", None) is None or not isinstance(annotation.__origin__, type):
        for option in get_args(annotation):
            yield from _list_forms(option)


def _list_models(annotation: Any) -> Iterator[type[Model]]:
    for form in _list_forms(annotation):
        if isinstance(form, type) and issubclass(form, Model):
            yield form


def _list_fields(model: type[Model]) -> Iterator[tuple[str, FieldInfo]]:
    yield from model.model_fields.items()


def _get_key(name: str, info: FieldInfo) -> str:
    return info.alias or name
