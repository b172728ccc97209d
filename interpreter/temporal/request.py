"""What a run is started with."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from dsl.expressions import Limits


@dataclass(frozen=True)
class StartRequest:
    """The one argument of the workflow: the definition travels with the run and is never read again."""

    definition: str
    """The YAML text. Text, because Temporal's JSON converter sorts the keys of objects."""
    digest: str
    """SHA-256 of the text: what is run is what was submitted."""
    input: Any = None
    limits: dict[str, int] = field(default_factory=lambda: asdict(Limits.V1))
    """Bounds of expressions: in the input, so that no worker's settings can change a run."""
