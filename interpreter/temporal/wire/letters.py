"""Names by which Temporal knows dead letters that it keeps. They are part of histories: never change them.

A letter is an entity workflow. Its first argument is the record that the run has written; its second one is internal.
docs/reference/wire-format.md describes the record.

The record has, beside what every sink gets, `max_redrives` (None: no limit) and `redrive`, which is either
`{"refused": WHY}` or has what starts the run of a redrive:

| key | value |
| --- | --- |
| `workflow_type` | `stepfile:` and the name of the definition |
| `task_queue` | that of the run which has failed |
| `input` | the first argument: the part of the input that the step reads |
| `request` | the second argument: `definition`, `limits`, `generation`, `undone`, and with it `state` and `only` |
| `memo` | as every run has it: `name`, `version`, `hash` |
| `hidden` | what is missing because it must not be seen, such as `input.card`; a person gives it with `--set` |

Without `state` and `only` the request is that of the whole run, as the run that has failed was started.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

LETTER_TYPE = "stepfile-letter"
"""The workflow type of the entity of a letter."""

ID_PREFIX = "stepfile-letter:"
"""What the workflow id of a letter begins with; the queue, a colon and the key of the record follow."""

FAILED_AGAIN_SIGNAL = "stepfile_letter_failed_again"
"""The effect has failed again. Its argument is the new record."""

RUN_ENDED_SIGNAL = "stepfile_letter_run_ended"
"""The run that has written the letter has ended failed or cancelled. Its argument is a `RunEnd` as JSON."""

ORDER_SIGNAL = "stepfile_letter_order"
"""Somebody has ordered something. Its argument is an `Order` as JSON."""

SUMMARY_KEY = "letter"
"""The key of the memo that holds a `LetterSummary` as JSON. A letter that no worker has seen yet has none."""

FORMAT = 1
"""The format of the second argument."""

LONGEST_ID = 950
"""Bytes of the id of a letter. Temporal allows 1,000, and the ids of redrives are longer."""

HASH_DIGITS = 32
"""So many hexadecimal digits of SHA-256 take the place of the end of a key that is too long."""


def build_id_prefix(queue: str) -> str:
    """What the ids of all letters of a queue begin with."""
    return f"{ID_PREFIX}{queue}:"


def build_letter_id(queue: str, key: str) -> str:
    """Build the workflow id of a letter: always the same for the same effect.

    Args:
        queue: The name of the dead letter queue.
        key: The key of the record.
    """
    readable = build_id_prefix(queue) + key
    if len(readable.encode()) <= LONGEST_ID:
        return readable
    digest = sha256(key.encode()).hexdigest()[:HASH_DIGITS]
    room = LONGEST_ID - HASH_DIGITS - 1
    return f"{readable.encode()[:room].decode(errors='ignore')}~{digest}"


def build_letter_arguments(record: Mapping[str, Any], state: Mapping[str, Any] | None = None) -> list[Any]:
    """What a letter is started with.

    Args:
        record: What has failed.
        state: Where another run of the entity has stopped; None: it begins anew.
    """
    return [dict(record), {"format": FORMAT, "state": state}]


def read_queue(letter_id: str) -> str:
    """Read from the workflow id of a letter, or of what delivers it, which queue it is in."""
    return letter_id.partition(":")[2].partition(":")[0]


def is_about_letter(workflow_type: str) -> bool:
    """Whether a workflow of this type is a letter, or delivers one."""
    return workflow_type.startswith(LETTER_TYPE)
