"""What several runs of one workflow id have undone, summed up.

Each run counts on from those that it knows of. So of each step, the run that counts most knows of all others, and
nothing is added up.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from interpreter.effects import UndoneRecord, UndoneStatus
from interpreter.temporal.lineage.undone_run import UndoneRun
from interpreter.temporal.wire.undone_sums import UndoneSums


def sum_up(own: UndoneRun, others: Sequence[UndoneRun]) -> UndoneSums:
    """Say what was undone in the runs beside one, in the numbers of its own memo."""
    steps: dict[str, UndoneRecord] = {}
    for path in list_paths(others):
        count = max(other.count(path) for other in others)
        times = count - own.generation + 1 - own.before.get(path, 0)
        status = _choose_status(path, [other for other in others if other.count(path) == count])
        if times > 0 or (times == 0 and status is not UndoneStatus.UNDONE):
            steps[path] = UndoneRecord(status, times)
    runs = tuple(other.run_id for other in others if other.records)
    return UndoneSums(steps, runs, _find_gap(own, others))


def list_paths(runs: Iterable[UndoneRun]) -> list[str]:
    """List the paths of all steps of which runs tell something, in order."""
    return sorted({path for run in runs for path in (*run.before, *run.records)})


def _choose_status(path: str, runs: Iterable[UndoneRun]) -> UndoneStatus:
    """Take the worst that runs tell of the same effect."""
    told = {record.status for run in runs if (record := run.records.get(path)) is not None}
    return next((status for status in _WORST_FIRST if status in told), UndoneStatus.UNDONE)


_WORST_FIRST = (UndoneStatus.UNDOING, UndoneStatus.NOT_UNDONE)


def _find_gap(own: UndoneRun, others: Iterable[UndoneRun]) -> str | None:
    for other in others:
        if not other.is_complete:
            return f"run {other.run_id} has undone more steps than its memo holds"
        if other.generation > own.generation:
            return f"run {other.run_id} has begun anew since, as the retry policy of the whole workflow says"
    return None
