"""What a run is started with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from dsl import Definition
from dsl.expressions import JsonValue, Limits
from interpreter.program.model import Bundle


@dataclass(frozen=True)
class StartRequest:
    """The one argument of the workflow: the definition travels with the run and is never read again."""

    definition: str
    """The YAML text. Text, because Temporal's JSON converter sorts the keys of objects."""
    digest: str
    """SHA-256 of the text, or of all texts of a bundle: what is run is what was submitted."""
    input: Any = None
    limits: dict[str, int] = field(default_factory=lambda: asdict(Limits.V1))
    """Bounds of expressions: in the input, so that no worker's settings can change a run."""
    files: dict[str, str] = field(default_factory=dict)
    """The texts of the files of its bundle, by the name of the definition in each."""
    entry: str | None = None
    """The definition of the bundle that is run; None for the text's own."""
    repeatable: bool = False
    """A parent has started it with a retry policy."""
    state: dict[str, Any] | None = None
    """What the run before this one has left, when that has continued as new."""
    continue_as_new_after: int | None = None
    """Events of history after which the run continues as new, at the next place where it can; without it when the
    server suggests so. In the input, so that no worker's settings can change a run."""


def build_request(bundle: Bundle, data: JsonValue, entry: str | None = None, **more: Any) -> StartRequest:
    """The request that starts a definition of a bundle."""
    return StartRequest(bundle.text, bundle.digest, data, files=dict(bundle.files), entry=entry, **more)


def continue_request(request: Mapping[str, Any], data: JsonValue, state: Mapping[str, Any]) -> dict[str, Any]:
    """The request by which a run continues as new, that was started with this one."""
    return {**request, "input": data, "state": state}


def build_memo(definition: Definition, bundle: Bundle) -> dict[str, Any]:
    """What every run carries for people and tools: which definition it is a run of."""
    return {"name": definition.name, "version": definition.version, "hash": bundle.digest}
