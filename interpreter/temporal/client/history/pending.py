"""What a history does not tell yet: attempts that have failed, of activities that are tried again."""

from __future__ import annotations

from collections.abc import Iterator

from dsl.scalars.time import format_time
from interpreter.temporal.client.history.entry import HistoryEntry
from interpreter.temporal.client.history.reading import Reading
from interpreter.temporal.client.run_handle import RunSnapshot


def describe_retries(reading: Reading, snapshot: RunSnapshot) -> Iterator[HistoryEntry]:
    """Say of each activity that is being retried why its last attempt has failed, and when the next one comes.

    Values of the input that are secret are replaced, as `reading` knows them.
    """
    for activity in snapshot.pending:
        if activity.error is None:
            continue
        if activity.paused:
            how = "and somebody has paused it"
        elif activity.due_at is None:
            how = f"and attempt {activity.attempt} goes on"
        elif activity.due_at > snapshot.taken_at:
            how = f"and the next one is due at {activity.due_at:%H:%M:%S} UTC"
        else:
            how = f'and the next one waits for a worker on the task queue "{activity.task_queue}"'
        step, why = reading.redact_name(activity.step), reading.redact_message(activity.error)
        text = f"attempt {activity.attempt - 1} of {step} has failed, {how}: {why}"
        due = None if activity.due_at is None else format_time(activity.due_at)
        fields = {
            "step": step,
            "activity": activity.activity,
            "attempt": activity.attempt - 1,
            "due": due,
        }
        yield HistoryEntry(snapshot.taken_at, None, "attempt_failed", text, fields)
