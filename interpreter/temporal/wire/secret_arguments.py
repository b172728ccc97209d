"""An argument with secrets travels with their names, in an encoding that only a Stepfile worker opens.

A worker of any other kind does not know the encoding, and refuses the payload before it calls the activity. All SDKs
do: that is the contract of an encoding. So no activity ever gets a reference where it expects a value.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from temporalio.api.common.v1 import Payload
from temporalio.common import RawValue

from dsl.expressions.secret_text import SecretPlace
from dsl.scalars.json_value import JsonValue
from interpreter.temporal.wire.payloads import SECRETS


@dataclass(frozen=True, slots=True)
class SecretArgument:
    """An argument whose secrets are not filled in yet."""

    value: JsonValue
    """Where a secret is, it shows how it is written."""
    places: tuple[SecretPlace, ...]
    """The ways begin inside the argument."""


def has_secrets(payload: Payload) -> bool:
    """Tell whether a payload is an argument with secrets."""
    return payload.metadata.get("encoding") == SECRETS


def encode_secrets(args: Sequence[JsonValue], places: Iterable[SecretPlace]) -> list[Any]:
    """Encode the arguments with secrets, and leave the others as they are.

    Args:
        args: The arguments of a call.
        places: Where secrets are in them.
    """
    encoded: list[Any] = list(args)
    by_argument: dict[int, list[SecretPlace]] = {}
    for place in places:
        number, *way = place["at"]
        assert isinstance(number, int)
        by_argument.setdefault(number, []).append({"at": way, "parts": place["parts"]})
    for number, inside in by_argument.items():
        data = json.dumps({"value": args[number], "secrets": inside}, separators=(",", ":"), sort_keys=True)
        encoded[number] = RawValue(Payload(metadata={"encoding": SECRETS}, data=data.encode()))
    return encoded


def decode_secrets(payload: Payload) -> SecretArgument:
    """Read an argument with secrets."""
    data = json.loads(payload.data)
    return SecretArgument(data["value"], tuple(data["secrets"]))
