"""Which search attributes of ours a namespace has, and how it gets them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from weakref import WeakKeyDictionary

from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest, ListSearchAttributesRequest
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from interpreter.temporal.problem import TemporalProblem
from interpreter.temporal.wire.search_attributes import SEARCH_ATTRIBUTES

REMEMBERED_FOR = 60.0
"""So many seconds a client believes what it has heard: a service that starts many runs asks once a minute."""

_KEYWORD = IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD


class SearchAttributesProblem(TemporalProblem):
    """The search attributes can't be registered."""


async def ask_for_search_attributes(client: Client) -> tuple[str, ...]:
    """Ask which of our search attributes the namespace has.

    A server that does not say has none for us: runs are found without them.

    Returns:
        Their names, in the order of `SEARCH_ATTRIBUTES`.
    """
    request = ListSearchAttributesRequest(namespace=client.namespace)
    try:
        found = (await client.operator_service.list_search_attributes(request)).custom_attributes
    except RPCError:
        return ()
    return tuple(name for name in SEARCH_ATTRIBUTES if found.get(name) == _KEYWORD)


async def find_search_attributes(client: Client) -> tuple[str, ...]:
    """Find out which of our search attributes the namespace has, for the request of a run.

    Each client asks once a minute, see `REMEMBERED_FOR`.
    """
    now = asyncio.get_running_loop().time()
    known = _KNOWN.get(client)
    if known is not None and known[0] > now:
        return known[1]
    names = await ask_for_search_attributes(client)
    _KNOWN[client] = (now + REMEMBERED_FOR, names)
    return names


_KNOWN: WeakKeyDictionary[Client, tuple[float, tuple[str, ...]]] = WeakKeyDictionary()
"""Client → until when what is believed."""


async def register_search_attributes(client: Client) -> Sequence[str]:
    """Register our search attributes, as far as the namespace has not got them.

    Returns:
        The names of those that it did not have.

    Raises:
        SearchAttributesProblem: the server refuses: a database of SQL takes ten keywords in all, for example.
    """
    known = await ask_for_search_attributes(client)
    missing = [name for name in SEARCH_ATTRIBUTES if name not in known]
    if not missing:
        return missing
    wanted = dict.fromkeys(missing, _KEYWORD)
    request = AddSearchAttributesRequest(namespace=client.namespace, search_attributes=wanted)
    try:
        await client.operator_service.add_search_attributes(request)
    except RPCError as error:
        if error.status is not RPCStatusCode.ALREADY_EXISTS:
            raise SearchAttributesProblem(
                f"the search attributes {', '.join(missing)} can't be registered: {error.message}",
                "runs are found without them, more slowly",
            ) from None
    return missing
