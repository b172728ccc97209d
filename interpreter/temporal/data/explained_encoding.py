"""A command says in a sentence why data can't be sent, whatever the project's codec or storage has raised."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

from temporalio.api.common.v1 import Payload
from temporalio.converter import DataConverter

from interpreter.temporal.problem import TemporalProblem


class EncodingProblem(TemporalProblem):
    """The data converter of the project has failed."""


class _Explained(DataConverter):
    """A data converter whose `encode` explains its errors. Errors of decoding are explained where data is read."""

    async def encode(self, values: Sequence[Any]) -> list[Payload]:
        try:
            return await super().encode(values)
        except TemporalProblem:
            raise
        except Exception as error:
            raise EncodingProblem(
                f"nothing was sent: the data converter of the project has failed: {type(error).__name__}: {error}"
            ) from error


def explain_encoding(converter: DataConverter) -> DataConverter:
    """Make a data converter that is the same, and whose errors are problems of the user's."""
    explained = type(_Explained.__name__, (_Explained, type(converter)), {})
    parts = {each.name: getattr(converter, each.name) for each in fields(converter) if each.init}
    made: DataConverter = explained(**parts)
    return made
