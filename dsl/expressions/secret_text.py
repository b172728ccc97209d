"""A secret may be all of a text or a part of it. The language knows its name and never its value."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, TypedDict

from dsl.expressions.errors import ExprError
from dsl.expressions.references import Reference

SECRET_NAME = "letters, digits and '_', beginning with a letter, at most 64 characters"
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}")


class SecretReference(TypedDict):
    """This stands for the value of a secret."""

    secret: str
    """Its name."""


SecretPart = str | SecretReference


class SecretText(str):
    """A text with secrets in it. To whoever reads it as text, it shows the references as they are written.

    It exists only where the arguments of a call are computed, so that no expression ever sees one.
    """

    __slots__ = ("parts",)

    parts: tuple[SecretPart, ...]
    """What it is made of, in order."""

    def __new__(cls, parts: Iterable[SecretPart]) -> SecretText:
        """
        Args:
            parts: Texts, and the secrets between them.
        """
        parts = tuple(parts)
        text = super().__new__(cls, "".join(map(_show, parts)))
        text.parts = parts
        return text


class SecretPlace(TypedDict):
    """Where in the arguments of a call a text with secrets stands, as JSON data."""

    at: list[str | int]
    """The way to the text: the number of the argument, and the keys and numbers inside it."""
    parts: list[SecretPart]


def _show(part: SecretPart) -> str:
    return part if isinstance(part, str) else f"${{ secrets.{part['secret']} }}"


def is_secret_name(name: str) -> bool:
    """Tell whether a secret may have this name."""
    return _NAME.fullmatch(name) is not None


def find_secret_name(references: tuple[Reference, ...]) -> str | None:
    """Find the secret that is all of an expression. None if it is anything else."""
    match references:
        case (Reference(root="secrets", fields=(str() as name,), optional=(False,), is_whole=True),):
            return name
        case _:
            return None


def find_misuse(reference: Reference) -> ExprError | None:
    """Say what is wrong with a reference to a secret where one may stand: nothing may be computed from it.

    Args:
        reference: As it stands in its expression, which may be a part of a text.
    """
    name, span = find_secret_name((reference,)), reference.span
    if name is None:
        hint = "write ${ secrets.NAME } alone, or inside text: Bearer ${ secrets.NAME }"
        return ExprError("secret-computed", "nothing can be computed from a secret", span, hint)
    if not is_secret_name(name):
        return ExprError("unknown-name", "a secret can't have this name", span, f"it has {SECRET_NAME}")
    return None


def fill_in_secrets(values: list[Any], places: Iterable[SecretPlace], secrets: Mapping[str, str]) -> None:
    """Put the values of secrets into data, in place.

    Args:
        values: The data. Nobody else may hold it, or a part of it.
        places: Where in it texts with secrets stand.
        secrets: Name → value, of all secrets that the places need.
    """
    for place in places:
        *way, last = place["at"]
        holder: Any = values
        for key in way:
            holder = holder[key]
        parts = (part if isinstance(part, str) else secrets[part["secret"]] for part in place["parts"])
        holder[last] = "".join(parts)


def list_secret_names(places: Iterable[SecretPlace]) -> list[str]:
    """List the secrets that places need, each once, in the order of their first use."""
    parts = (part for place in places for part in place["parts"])
    return list(dict.fromkeys(part["secret"] for part in parts if not isinstance(part, str)))
