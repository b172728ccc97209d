"""The ids of spans in a run are computed from what the run is, and not drawn.

A replay, another worker and the next run of a chain compute the same ids. So nobody has to remember them, and a span
that is told twice, because a workflow task was done twice, is the same span.
"""

from __future__ import annotations

from contextvars import ContextVar
from datetime import datetime
from hashlib import blake2b

from opentelemetry.sdk.trace.id_generator import RandomIdGenerator


def compute_trace_id(namespace: str, workflow_id: str, began: datetime | None) -> int:
    """The trace of a run that nobody has traced before.

    Args:
        namespace: Temporal's.
        workflow_id: Of the run.
        began: When the run began, before it continued as new.
    """
    return _hash(16, namespace, workflow_id, str(began))


def compute_span_id(trace_id: int, workflow_id: str, path: str, began: datetime | None) -> int:
    """The span of a step, or of the run itself, whose path is empty."""
    return _hash(8, f"{trace_id:x}", workflow_id, path, str(began))


def _hash(size: int, *parts: str) -> int:
    digest = blake2b("\0".join(parts).encode("utf-8", "surrogatepass"), digest_size=size).digest()
    return int.from_bytes(digest, "big") or 1  # 0 is no id


class GivenIds(RandomIdGenerator):
    """Hands out the ids that were given for the next span of this task, and draws them for all other spans."""

    def __init__(self) -> None:
        self._given: ContextVar[tuple[int, int] | None] = ContextVar("stepfile_given_ids", default=None)

    def give(self, trace_id: int, span_id: int) -> None:
        """Let the next span that this task starts have these ids."""
        self._given.set((trace_id, span_id))

    def generate_trace_id(self) -> int:
        given = self._given.get()
        return super().generate_trace_id() if given is None else given[0]

    def generate_span_id(self) -> int:
        """Return the id of a span; OpenTelemetry asks for that of the trace before."""
        given = self._given.get()
        if given is None:
            return super().generate_span_id()
        self._given.set(None)
        return given[1]
