"""The values of secrets are put into the arguments of an activity, right before it is called."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, cast

from temporalio import activity
from temporalio.common import RawValue
from temporalio.exceptions import ApplicationError

from dsl.expressions.secret_text import fill_in_secrets, list_secret_names
from interpreter.temporal.secrets.destinations import check_destination
from interpreter.temporal.secrets.store import SecretStore
from interpreter.temporal.wire.secret_arguments import SecretArgument, decode_secrets, has_secrets


def need_secrets(args: Sequence[Any]) -> bool:
    """Tell whether secrets are to be filled into the arguments that temporalio has decoded."""
    return any(isinstance(each, SecretArgument) for each in args) or _are_dynamic(args)


def _are_dynamic(args: Sequence[Any]) -> bool:
    """Tell whether these are the arguments of a dynamic activity, with secrets: it gets them undecoded, in a list."""
    match args:
        case [[RawValue(), *_] as raw]:
            return any(map(_needs_secrets, cast("list[Any]", raw)))
        case _:
            return False


def _needs_secrets(argument: Any) -> bool:
    return isinstance(argument, RawValue) and has_secrets(argument.payload)


async def fill_in(args: Sequence[Any], function: Callable[..., Any], store: SecretStore) -> list[Any]:
    """Fill in the secrets, and convert what comes of it as the code of the activity asks for.

    Args:
        args: The arguments that temporalio has decoded.
        function: The activity.
        store: Has the values.

    Raises:
        SecretNotFound: there is no such secret.
        SecretUnavailable: the provider has failed.
        ApplicationError: an argument can't be converted, or a secret may not be given to this activity.
    """
    if _are_dynamic(args):
        return [[await _fill_in_raw(each, store) for each in args[0]]]
    hints = _find_hints(function, len(args))
    return [await _fill_in_one(each, hint, store) for each, hint in zip(args, hints, strict=True)]


async def _fill_in_raw(argument: RawValue, store: SecretStore) -> RawValue:
    if not _needs_secrets(argument):
        return argument
    value = await _open(decode_secrets(argument.payload), store)
    return RawValue(activity.payload_converter().to_payload(value))


async def _fill_in_one(argument: Any, hint: type | None, store: SecretStore) -> Any:
    if not isinstance(argument, SecretArgument):
        return argument
    value = await _open(argument, store)
    converter = activity.payload_converter()
    try:
        payload = converter.to_payload(value)
        return converter.from_payloads([payload], None if hint is None else [hint])[0]
    except Exception as error:  # its text may hold a part of a value
        kind = type(error).__name__
        raise ApplicationError(f"an argument with secrets can't be converted: {kind}") from None


async def _open(argument: SecretArgument, store: SecretStore) -> Any:
    holder = [argument.value]
    places = argument.places
    secrets = await store.look_up(list_secret_names(places))
    fill_in_secrets(holder, ({"at": [0, *each["at"]], "parts": each["parts"]} for each in places), secrets)
    check_destination(store.allowed, secrets, activity.info().activity_type, holder[0])
    return holder[0]


def _find_hints(function: Callable[..., Any], count: int) -> list[type | None]:
    """Find the types of the parameters, as temporalio does."""
    definition = getattr(function, "__temporal_activity_definition", None)
    hints: list[type] | None = getattr(definition, "arg_types", None)
    return [*hints] if hints is not None and len(hints) == count else [None] * count
