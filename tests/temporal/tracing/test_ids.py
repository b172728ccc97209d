"""The ids of spans are the same wherever they are computed, and differ where the spans do."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from interpreter.temporal.tracing.ids import GivenIds, compute_span_id, compute_trace_id

NOW = datetime(2026, 1, 1, tzinfo=UTC)
TRACE, SPAN = 0x57F3C7FCA8CB7EA7059FB67579AADB98, 0xEBD5481749FC889E


def test_ids_are_those_of_yesterday() -> None:
    """A run that goes on after an upgrade still finds the span that its steps are inside of."""
    assert compute_trace_id("default", "order-1", NOW) == TRACE
    assert compute_span_id(TRACE, "order-1", "charge", NOW) == SPAN


def test_what_is_done_again_is_another_span() -> None:
    once = compute_span_id(1, "order-1", "charge", NOW)
    others = [
        compute_span_id(2, "order-1", "charge", NOW),
        compute_span_id(1, "order-2", "charge", NOW),
        compute_span_id(1, "order-1", "refund", NOW),
        compute_span_id(1, "order-1", "charge", NOW + timedelta(microseconds=1)),
    ]
    assert len({once, *others}) == 5


def test_ids_are_given_once_and_drawn_otherwise() -> None:
    ids = GivenIds()
    ids.give(1, 2)
    assert (ids.generate_trace_id(), ids.generate_span_id()) == (1, 2)
    assert ids.generate_trace_id() != ids.generate_trace_id()
    assert ids.generate_span_id() != 2
