"""All that a server keeps of a run or a schedule, as text in which a test looks for what must not be there."""

from __future__ import annotations

import base64
import contextlib
from collections.abc import Iterator
from typing import Any

from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message
from temporalio.client import Client

from tests.support.history import list_family

JsonLike = dict[str, Any] | list[Any] | str | int | float | bool | None


async def dump_run(client: Client, workflow_id: str) -> str:
    """Dump the histories of all runs under an id and of their children, and what the server tells of each run.

    The id of a child begins with that of its parent.
    """
    messages: list[Message] = []
    for handle in await list_family(client, workflow_id):
        messages += [event async for event in handle.fetch_history_events()]
        messages.append((await handle.describe()).raw_description)
    return dump(*messages)


def dump(*messages: Message) -> str:
    """Write messages as JSON does, and behind each text in base64 what is in it."""
    return "\n".join(text for message in messages for text in _list_texts(MessageToDict(message)))


def _list_texts(value: JsonLike) -> Iterator[str]:
    match value:
        case dict():
            for key, inner in value.items():
                yield key
                yield from _list_texts(inner)
        case list():
            for inner in value:
                yield from _list_texts(inner)
        case str():
            yield value
            with contextlib.suppress(ValueError):
                yield base64.b64decode(value, validate=True).decode(errors="replace")
        case _:
            yield str(value)
