"""What the action of a step must know to go on in another run: one small class for each kind that can.

Each is plain data with a codec. `tests/golden/state` keeps written ones: what a release has written the next must
read, so a change here is a change of the format (see `interpreter.snapshot`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, assert_never

from dsl.expressions import JsonValue
from interpreter.failure.codec import decode_failure, encode_failure
from interpreter.failure.failure import Failure

Json = dict[str, Any]


@dataclass(slots=True, eq=False)
class BlockState:
    """What is kept of `steps` that have a `retry`."""

    attempt: int = 1
    """Number of the attempt that goes on, or that comes next."""
    retry_at: datetime | None = None
    """When that attempt begins; None while it goes on."""
    is_undone: bool = False
    """Whether what was done inside was undone for another attempt, and there is none, because something is left."""


@dataclass(slots=True, eq=False)
class RepeatState:
    """What is kept of a `repeat`."""

    done: int = 0
    """How many iterations have ended."""
    result: JsonValue = None
    """The result of the last one."""
    inside: bool = False
    """Whether one goes on."""
    next_at: datetime | None = None
    """When the next one begins; None if it need not wait."""


@dataclass(slots=True, eq=False)
class SwitchState:
    """What is kept of a `switch`."""

    case: int | None
    """Which case was chosen; None for none of them."""


@dataclass(slots=True, eq=False)
class WaitState:
    """What is kept of a `wait`, a `wait_until` and, if it has a timeout, a `wait_for`."""

    ends_at: datetime
    timeout: timedelta | None = None
    """How long `wait_for` waits in all, for its error."""


@dataclass(slots=True, eq=False)
class BranchEnd:
    """How one branch has ended: with a result, or with a failure."""

    branch: str
    result: JsonValue = None
    failure: Failure | None = None


@dataclass(slots=True, eq=False)
class BranchesState:
    """What is kept of a `parallel` and a `race`."""

    ended: list[BranchEnd] = field(default_factory=list)
    """The branches that have ended, in that order."""


@dataclass(slots=True, eq=False)
class PagesState:
    """What is kept of the `pages` of a `for_each`."""

    page: list[JsonValue] = field(default_factory=list)
    """The items of the last page that were not handed out yet."""
    read: int = 0
    """How many pages were read."""
    cursor: JsonValue = None
    """The cursor of the next page; null for the first one."""
    has_more: bool = True
    """Whether there is a next page."""


@dataclass(slots=True, eq=False)
class ForEachState:
    """What is kept of a `for_each`."""

    next_item: int = 0
    """Number of the item that is handed out next."""
    has_begun: bool = False
    """Whether it is known what there is to do."""
    items: list[JsonValue] | None = None
    """The list, where it can't be had again: the expression reads more than the input."""
    pages: PagesState | None = None
    open: dict[int, JsonValue] = field(default_factory=dict)
    """Number → item, for the items that are worked on."""
    results: list[JsonValue] = field(default_factory=list)
    """One for each item, in order, as far as they have ended; null for one that has failed."""
    failed: list[dict[str, Any]] = field(default_factory=list)
    """What `steps.<id>.failed` shows, in the order of the items."""
    failures: int = 0
    succeeded: int = 0


StepState = BlockState | RepeatState | SwitchState | WaitState | BranchesState | ForEachState


def get_wake_time(state: StepState | None) -> datetime | None:
    """The point in time that a step waits for; None if it does not wait for one."""
    match state:
        case WaitState():
            return state.ends_at
        case RepeatState():
            return state.next_at
        case _:
            return None


def get_retry_time(state: StepState | None) -> datetime | None:
    """The point in time at which a block runs again; None if it does not wait for that."""
    return state.retry_at if isinstance(state, BlockState) else None


def encode_step_state(state: StepState) -> Json:
    """Write the state of a step as plain data; `kind` tells which one it is."""
    match state:
        case BlockState():
            return {
                "kind": "steps",
                "attempt": state.attempt,
                "retry_at": _encode_time(state.retry_at),
                **({"is_undone": True} if state.is_undone else {}),
            }
        case RepeatState():
            return {
                "kind": "repeat",
                "done": state.done,
                "result": state.result,
                "inside": state.inside,
                "next_at": _encode_time(state.next_at),
            }
        case SwitchState():
            return {"kind": "switch", "case": state.case}
        case WaitState():
            timeout = state.timeout.total_seconds() if state.timeout is not None else None
            return {"kind": "wait", "ends_at": _encode_time(state.ends_at), "timeout": timeout}
        case BranchesState():
            return {"kind": "branches", "ended": [_encode_branch_end(end) for end in state.ended]}
        case ForEachState():
            return _encode_for_each(state)
        case _:
            assert_never(state)


def decode_step_state(data: Mapping[str, Any]) -> StepState:
    """Read the state of a step back.

    Raises:
        KeyError: the data are not of this format.
    """
    return _DECODERS[data["kind"]](data)


def _decode_block(data: Mapping[str, Any]) -> BlockState:
    return BlockState(data["attempt"], _decode_time(data["retry_at"]), data.get("is_undone", False))


def _decode_repeat(data: Mapping[str, Any]) -> RepeatState:
    return RepeatState(data["done"], data["result"], data["inside"], _decode_time(data["next_at"]))


def _decode_switch(data: Mapping[str, Any]) -> SwitchState:
    return SwitchState(data["case"])


def _decode_wait(data: Mapping[str, Any]) -> WaitState:
    seconds = data["timeout"]
    timeout = timedelta(seconds=seconds) if seconds is not None else None
    return WaitState(datetime.fromisoformat(data["ends_at"]), timeout)


def _encode_branch_end(end: BranchEnd) -> Json:
    failure = encode_failure(end.failure) if end.failure is not None else None
    return {"branch": end.branch, "result": end.result, "failure": failure}


def _decode_branches(data: Mapping[str, Any]) -> BranchesState:
    return BranchesState([_decode_branch_end(end) for end in data["ended"]])


def _decode_branch_end(data: Mapping[str, Any]) -> BranchEnd:
    failure = decode_failure(data["failure"]) if data["failure"] is not None else None
    return BranchEnd(data["branch"], data["result"], failure)


_FOR_EACH = ("next_item", "has_begun", "items", "results", "failed", "failures", "succeeded")
_PAGES = ("page", "read", "cursor", "has_more")


def _encode_for_each(state: ForEachState) -> Json:
    pages = {name: getattr(state.pages, name) for name in _PAGES} if state.pages is not None else None
    return {
        "kind": "for_each",
        **{name: getattr(state, name) for name in _FOR_EACH},
        "open": [[number, item] for number, item in state.open.items()],
        "pages": pages,
    }


def _decode_for_each(data: Mapping[str, Any]) -> ForEachState:
    pages = PagesState(**{name: data["pages"][name] for name in _PAGES}) if data["pages"] else None
    return ForEachState(**{name: data[name] for name in _FOR_EACH}, pages=pages, open=dict(data["open"]))


_DECODERS: dict[str, Callable[[Mapping[str, Any]], StepState]] = {
    "steps": _decode_block,
    "repeat": _decode_repeat,
    "switch": _decode_switch,
    "wait": _decode_wait,
    "branches": _decode_branches,
    "for_each": _decode_for_each,
}


def _encode_time(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment is not None else None


def _decode_time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text is not None else None
