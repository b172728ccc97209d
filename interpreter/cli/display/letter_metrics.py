"""Dead letters are counted for Prometheus: the one who asks computes what no worker knows.

The format is Prometheus' text exposition format, as the textfile collector of its node exporter reads it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from interpreter.letters.summary import LetterSummary

COUNT = "stepfile_dead_letter_queue_letters"
OLDEST_AGE = "stepfile_dead_letter_queue_oldest_age_seconds"
UNDECODABLE = "stepfile_dead_letter_queue_undecodable_letters"
COUNTED_AT = "stepfile_dead_letter_queue_counted_timestamp_seconds"


def format_letter_metrics(letters: Iterable[LetterSummary], undecodable: int, now: datetime) -> Iterator[str]:
    """Format the numbers of letters by queue and state, and the age of the oldest of each queue, line by line.

    With them goes the time. It shows when nobody asks any more: an age that nobody renews never gets old.

    Args:
        letters: The letters that could be decoded.
        undecodable: How many others there are. They may be those of other projects, or a key is missing here.
        now: The time.
    """
    counts: dict[tuple[str, str], int] = {}
    oldest: dict[str, datetime] = {}
    for each in letters:
        key = (each.queue, each.status.value)
        counts[key] = counts.get(key, 0) + 1
        oldest[each.queue] = min(oldest.get(each.queue, each.first_failed_at), each.first_failed_at)
    yield f"# HELP {COUNT} Dead letters that are kept, by queue and state."
    yield f"# TYPE {COUNT} gauge"
    for (queue, state), count in sorted(counts.items()):
        yield f'{COUNT}{{queue="{_escape(queue)}",state="{state}"}} {count}'
    yield f"# HELP {OLDEST_AGE} Time since the oldest dead letter of a queue has failed first."
    yield f"# TYPE {OLDEST_AGE} gauge"
    for queue, first in sorted(oldest.items()):
        yield f'{OLDEST_AGE}{{queue="{_escape(queue)}"}} {max(0.0, (now - first).total_seconds()):.0f}'
    yield f"# HELP {UNDECODABLE} Dead letters that can't be decoded, and are in no other number."
    yield f"# TYPE {UNDECODABLE} gauge"
    yield f"{UNDECODABLE} {undecodable}"
    yield f"# HELP {COUNTED_AT} When the dead letters were counted last, as Unix time."
    yield f"# TYPE {COUNTED_AT} gauge"
    yield f"{COUNTED_AT} {now.timestamp():.0f}"


def _escape(value: str) -> str:
    return value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
