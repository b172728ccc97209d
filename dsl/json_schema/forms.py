"""Where a value may have several forms, the JSON Schema says what tells them apart, and describes one of them.

pydantic writes `oneOf` over all forms. A validator then checks a value against each of them, and does so again with
each step inside a step. That multiplied the cost at each level of nesting, and the message of a mistake was about all
forms at once. `if` and `then` look at one key, or at the type, and go into one form only.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias

from dsl.model import COMPENSATION_KINDS, STEP_KINDS
from dsl.model.kinds import BODY, LOOPS
from dsl.model.model import Model
from dsl.problems.wording import join_listed

JsonObject: TypeAlias = dict[str, Any]
KINDS: Mapping[str, tuple[str, Mapping[str, type[Model]]]] = {
    "Step": ("A step", STEP_KINDS),
    "Compensation": ("A compensation", COMPENSATION_KINDS),
}
"""The unions in which each form has an action key: name in the schema → what messages call it, and its forms."""
_PREFIX = "#/$defs/"


def refer(name: str) -> JsonObject:
    """Refer to a definition of the same schema."""
    return {"$ref": f"{_PREFIX}{name}"}


def name_without_action(union: str) -> str:
    """Name the definition of a value that has none of the forms of a union."""
    return f"{union}WithoutAction"


def choose_form(forms: Mapping[str, JsonObject], definitions: Mapping[str, JsonObject]) -> JsonObject:
    """Describe a value that has one of two forms.

    Args:
        forms: The schema of each form, by the name that the model gives to the form. Text is told by its type. A map
            is told by the key that gives the form its name.
        definitions: The schemas to which the forms refer.
    """
    conditions = {name: _find_condition(name, form, definitions) for name, form in forms.items()}
    told = next(name for name, condition in conditions.items() if condition)
    [other] = (form for name, form in forms.items() if name != told)
    return {"if": conditions[told], "then": forms[told], "else": other}


def _find_condition(name: str, form: JsonObject, definitions: Mapping[str, JsonObject]) -> JsonObject | None:
    """Find the condition by which a form is told, if it has one."""
    if form.get("type") == "string":
        return {"type": "string"}
    described = definitions.get(form.get("$ref", "").removeprefix(_PREFIX), form)
    return _having(name) if name in described.get("required", ()) else None


def choose_kind(kinds: Mapping[str, JsonObject], without_action: JsonObject) -> JsonObject:
    """Describe a map whose kind is told by its action key.

    The conditions stand beside each other. If each stood in the `else` of the one before, a validator would be many
    calls deep at each level of the definition, and Python allows 1,000 calls in all.

    Args:
        kinds: The schema of each kind, by its action key.
        without_action: The schema of a map that has no such key, or of a value that is not a map.
    """
    loops = sorted(LOOPS & kinds.keys())
    return {
        "allOf": [
            *(
                {"if": {**_having(action), **_without(loops if action == BODY else ())}, "then": kind}
                for action, kind in kinds.items()
            ),
            {"if": {"type": "object", "anyOf": _list_required(kinds)}, "else": without_action},
        ]
    }


def _having(key: str) -> JsonObject:
    return {"type": "object", "required": [key]}


def _without(keys: Sequence[str]) -> JsonObject:
    return {"not": {"anyOf": _list_required(keys)}} if keys else {}


def _list_required(keys: Iterable[str]) -> list[JsonObject]:
    return [{"required": [key]} for key in keys]


def describe_missing_action(noun: str, kinds: Mapping[str, JsonObject]) -> JsonObject:
    """Describe a map of which nothing tells yet what it does. No value fits; the error says what is missing.

    Args:
        noun: What messages call the map.
        kinds: The schema of each kind, by its action key. None of them refers to another place.
    """
    message = f"{noun} needs an action: {join_listed(kinds)}."
    others = list(
        dict.fromkeys(key for kind in kinds.values() for key in kind["properties"] if key not in kinds)
    )
    return {
        "type": "object",
        "errorMessage": message,
        "properties": _find_common_keys([kind["properties"] for kind in kinds.values()]),
        "if": {"propertyNames": {"enum": others}},
        "then": {"anyOf": [{**required, "errorMessage": message} for required in _list_required(kinds)]},
        "else": {
            "propertyNames": {"enum": [*kinds, *others], "errorMessage": f"There is no such key. {message}"}
        },
    }


def _find_common_keys(kinds: Sequence[JsonObject]) -> JsonObject:
    first, *others = kinds
    return {key: about for key, about in first.items() if all(other.get(key) == about for other in others)}
