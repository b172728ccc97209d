"""What a run is started with: two arguments, the input and the request.

The input comes first, as the user's own object: it is what people look for in Temporal's UI. The request says which
definition is run with it, and how. docs/reference/wire-format.md describes it for clients in other languages.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

from dsl.expressions import JsonValue, Limits
from dsl.model import Definition
from dsl.problems.suggest import did_you_mean
from interpreter.predecessor import NO_PREDECESSOR, PREDECESSOR_KEYS, Predecessor
from interpreter.program.model import Bundle
from interpreter.state.only_step import OnlyStep
from interpreter.temporal.wire.definition_text import decode_texts, encode_texts
from interpreter.temporal.wire.formats import check_format, label_format
from interpreter.temporal.wire.search_attributes import SEARCH_ATTRIBUTES
from interpreter.temporal.wire.storage_limits import StorageLimits


class InvalidRequest(ValueError):
    """The arguments of a run are not what a Stepfile worker can read. Its message says what is wrong."""


@dataclass(frozen=True, slots=True)
class StartRequest:
    """The second argument of a run. The definition travels with the run and is never read again."""

    bundle: Bundle
    digest: str | None = None
    """The content hash of the bundle, if the client has sent it: what is run is what was submitted."""
    entry: str | None = None
    """The definition of the bundle that is run; None for the text's own."""
    limits: Limits = Limits.V1
    """Bounds of expressions. They are in the request, so that no worker's settings can change a run."""
    storage: StorageLimits | None = None
    """Bounds of payloads that are kept in external storage; None if the client has none. They are in the request for
    the same reason."""
    predecessor: Predecessor = NO_PREDECESSOR
    """What was undone in earlier runs under this workflow id, and in their children."""
    repeatable: bool = False
    """Whether a parent has started the run with a retry policy."""
    continue_as_new_after: int | None = None
    """Events of history after which the run continues as new, at the next place where it can; None: when the server
    suggests so. It is in the request, so that no worker's settings can change a run."""
    only: OnlyStep | None = None
    """The only step that is run, in a run that redrives a dead letter."""
    search_attributes: tuple[str, ...] = ()
    """The names of the search attributes of ours that the namespace has, so that the run may write them. They are in
    the request, because to write one that does not exist would block the run."""
    state: Mapping[str, Any] | None = None
    """What the run before this one has left, when that has continued as new (see `interpreter.snapshot`)."""


def encode_arguments(request: StartRequest, data: JsonValue) -> list[Any]:
    """Write the arguments of a run. What is not said has its default."""
    definition = _encode_definition(request.bundle, request.entry)
    written: dict[str, Any] = {**label_format(), "definition": definition, **request.predecessor.to_json()}
    if limits := _encode_limits(request):
        written["limits"] = limits
    for name in ("repeatable", "continue_as_new_after", "state"):
        value = getattr(request, name)
        if value != _DEFAULTS[name]:
            written[name] = value
    if request.only is not None:
        written["only"] = request.only.to_json()
    if request.search_attributes:
        written["search_attributes"] = list(request.search_attributes)
    return [data, written]


def decode_arguments(arguments: Sequence[Any]) -> tuple[JsonValue, StartRequest]:
    """Read the arguments of a run.

    Returns:
        The input, and the request.

    Raises:
        InvalidRequest: a client has sent something else.
        WorkflowTaskRefused: they were written by a newer release.
    """
    if len(arguments) != 2 or not isinstance(arguments[1], dict):
        raise InvalidRequest(
            "a run must have two arguments: its input, and the request {format: 1, definition: {text: ...}}"
        )
    data, request = arguments
    try:
        check_format(request, "the request of this run")
        _check_keys(request, _REQUEST_KEYS, "the request")
        definition = _get_map(request, "definition")
        _check_keys(definition, _DEFINITION_KEYS, "definition")
        limits = _get_map(request, "limits", required=False)
        _check_keys(limits, ("expressions", "external_storage"), "limits")
        stored = _get_map(limits, "external_storage") if "external_storage" in limits else None
        state = _get_map(request, "state") if request.get("state") is not None else None
        if state is not None:
            check_format(state, "the state of this run")
        return data, StartRequest(
            bundle=decode_texts(definition),
            digest=_get(definition, "digest", str, None),
            entry=_get(definition, "entry", str, None),
            limits=_decode_limits(_get_map(limits, "expressions", required=False)),
            storage=None if stored is None else StorageLimits.of(stored),
            predecessor=Predecessor.from_json(request),
            repeatable=_get(request, "repeatable", bool, False),
            continue_as_new_after=_get(request, "continue_as_new_after", int, None),
            only=OnlyStep.from_json(_get_map(request, "only")) if "only" in request else None,
            search_attributes=_decode_search_attributes(request),
            state=state,
        )
    except ValueError as error:
        raise InvalidRequest(str(error)) from None


def continue_arguments(arguments: Sequence[Any], data: JsonValue, state: Mapping[str, Any]) -> list[Any]:
    """Write the arguments with which a run continues as new, that was started with these."""
    return [data, {**arguments[1], "state": state}]


def select_definition(request: Mapping[str, Any]) -> dict[str, Any]:
    """Select of a request what other runs of the same definition are started with, too."""
    return {key: value for key, value in request.items() if key not in _OF_ONE_RUN}


def retry_arguments(arguments: Sequence[Any], predecessor: Predecessor) -> list[Any]:
    """Write the arguments with which a run begins again, that was started with these."""
    data, request = arguments
    kept = {key: value for key, value in request.items() if key != "state"}
    return [data, replace_predecessor(kept, predecessor)]


def resume_arguments(
    arguments: Sequence[Any],
    data: JsonValue,
    state: Mapping[str, Any],
    predecessor: Predecessor,
    bundle: Bundle | None,
) -> list[Any]:
    """Write the arguments of a run that goes on from a state, where one with these arguments has ended.

    Args:
        arguments: With what that run was started.
        data: The input to go on with.
        state: The state. It counts what the run itself has undone.
        predecessor: What was undone in the runs before that one, and in the children of all.
        bundle: Another definition to go on with; None for the same.
    """
    definition = {} if bundle is None else {"definition": _encode_definition(bundle, None)}
    request = {**replace_predecessor(arguments[1], predecessor), **definition}
    return continue_arguments([data, request], data, state)


def replace_predecessor(request: Mapping[str, Any], predecessor: Predecessor) -> dict[str, Any]:
    """Write a request that tells another story of the runs before."""
    kept = {key: value for key, value in request.items() if key not in PREDECESSOR_KEYS}
    return {**kept, **predecessor.to_json()}


def build_memo(definition: Definition, bundle: Bundle) -> dict[str, Any]:
    """What every run carries for people and tools: which definition it is a run of."""
    return {"name": definition.name, "version": definition.version, "hash": bundle.digest}


def _encode_definition(bundle: Bundle, entry: str | None) -> dict[str, Any]:
    definition: dict[str, Any] = {"digest": bundle.digest, **encode_texts(bundle)}
    if entry is not None:
        definition["entry"] = entry
    return definition


_DEFAULTS = {each.name: each.default for each in fields(StartRequest)}
_REQUEST_KEYS = (
    *("format", "first_reader", "definition", "limits", *PREDECESSOR_KEYS, "repeatable"),
    *("continue_as_new_after", "search_attributes", "only", "state"),
)
_OF_ONE_RUN = ("generation", "started_with", "children", "repeatable", "only", "state")
_DEFINITION_KEYS = ("digest", "text", "files", "compressed", "entry")


def _check_keys(data: Mapping[str, Any], known: Sequence[str], what: str) -> None:
    for key in data:
        if key not in known:
            hint = did_you_mean(key, known)
            raise ValueError(f'"{key}" is not a key of {what}{f"; {hint}" if hint else ""}')


def _get_map(data: Mapping[str, Any], key: str, *, required: bool = True) -> dict[str, Any]:
    value: JsonValue = data.get(key) if required else data.get(key, {})
    if not isinstance(value, dict):
        raise ValueError(f"{key} must be a map")
    return value


def _get(data: Mapping[str, Any], key: str, kind: type, default: Any) -> Any:
    value = data.get(key, default)
    is_kind = isinstance(value, kind) and (kind is bool or not isinstance(value, bool))
    if value is not default and not is_kind:
        raise ValueError(f"{key} must be {_KINDS[kind]}")
    return value


_KINDS = {str: "text", int: "a whole number", bool: "true or false"}


def _decode_search_attributes(request: Mapping[str, Any]) -> tuple[str, ...]:
    names: JsonValue = request.get("search_attributes", [])
    if not isinstance(names, list):
        raise ValueError("search_attributes must be a list of names")
    for name in names:
        if name not in SEARCH_ATTRIBUTES:
            hint = did_you_mean(str(name), SEARCH_ATTRIBUTES) or f"there are {', '.join(SEARCH_ATTRIBUTES)}"
            raise ValueError(f'"{name}" is no search attribute of Stepfile; {hint}')
    return tuple(str(name) for name in names)


def _encode_limits(request: StartRequest) -> dict[str, Any]:
    limits: dict[str, Any] = {}
    if request.limits != Limits.V1:
        limits["expressions"] = asdict(request.limits)
    if request.storage is not None:
        limits["external_storage"] = request.storage.to_json()
    return limits


def _decode_limits(data: Mapping[str, Any]) -> Limits:
    if not data:
        return Limits.V1
    known = asdict(Limits.V1)
    _check_keys(data, tuple(known), "limits.expressions")
    return Limits(**{name: _get(data, name, int, default) for name, default in known.items()})
