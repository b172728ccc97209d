"""A run is shown as text for people, or as a record for programs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from dsl.problems.snippet import make_printable
from dsl.scalars.time import format_time
from interpreter.cli.display.compensations import describe_hanging
from interpreter.cli.display.notes import describe_breakers, describe_unobserved, explain_undecodable
from interpreter.cli.display.output import format_json, print_notice, print_result
from interpreter.cli.display.step_views import build_step_views
from interpreter.cli.display.wording import LONGEST_LIST, get_name, join_names
from interpreter.cli.process.exit import ExitCode

if TYPE_CHECKING:
    from interpreter.temporal.client.ending import Ending
    from interpreter.temporal.client.run_handle import PendingActivity, RunSnapshot


@dataclass(frozen=True, slots=True)
class RunOverview:
    """A `RunOverview` is all that is known of a run at one moment, or after its end."""

    snapshot: RunSnapshot
    ending: Ending | None
    """How the run has ended; None while it is running."""
    file: str | None = None
    """The file with its definition, if it is known."""

    @property
    def status(self) -> str:
        """Return `running`, or how the run has ended."""
        return self.ending.status if self.ending else self.snapshot.status

    @property
    def exit_code(self) -> ExitCode:
        """Return the exit code of the command that has waited for the end of the run."""
        return self.exit_code_for("completed")

    def exit_code_for(self, wanted: str) -> ExitCode:
        """Return the exit code of a command that wanted the run to end so.

        It is `FAILED` also if something that was to be undone is not, however the run has ended.
        """
        is_wanted = self.status == wanted and not self._not_undone
        return ExitCode.SUCCESS if is_wanted else ExitCode.FAILED

    @property
    def _not_undone(self) -> dict[str, str]:
        """Return the steps whose effect was to be undone and is not, and why, as far as it is known."""
        failed = {"failed": "its compensation failed", "skipped": _NOT_TRIED}
        entries = self._list_entries("compensations")
        known = {get_name(each): failed[each["status"]] for each in entries if each["status"] in failed}
        if not self.snapshot.has_ended:
            if self.snapshot.progress is not None:
                return known
            left = [path for path, status in self.snapshot.undone.items() if status == "not_undone"]
            return dict.fromkeys(left, "its compensation failed, or was not tried")
        # The memo is also there if nobody can answer. A report says more of what is not undone; that of an earlier
        # release names items by their numbers.
        words = {"undoing": "its compensation had begun when the run was ended"}
        if not entries:
            words["not_undone"] = "its compensation failed, or was not tried"
        return known | {
            path: words[status] for path, status in self.snapshot.undone.items() if status in words
        }

    def write(self, *, json: bool) -> None:
        """Write the result, or the record as JSON, to standard output, and the summary to standard error."""
        for line in self.format_summary():
            print_notice(line)
        if self.ending and self.ending.undecodable and not self.snapshot.undecodable:
            print_notice(explain_undecodable(self.ending.undecodable))  # the display has not said so
        if json:
            print_result(format_json(self.build_record()))
        elif self._has_result:
            print_result(self._format_result())

    def build_record(self) -> dict[str, Any]:
        """Build the JSON object that holds all that is known of the run."""
        snapshot = self.snapshot
        return {
            "workflow_id": snapshot.workflow_id,
            "run_id": snapshot.run_id,
            "status": self.status,
            **self._describe_outcome(),
            "undecodable": self._undecodable,
            "only": self._progress.get("only"),
            "steps": None if snapshot.progress is None else snapshot.progress["steps"],
            "compensations": self._list_entries("compensations"),
            "pivot": self._failure_report.get("pivot"),
            "dead_letters": self._list_entries("dead_letters"),
            "further_errors": self._list_entries("further_errors"),
            "messages": self._progress.get("messages"),
            "breakers": self._progress.get("breakers"),
            "unobserved_breakers": self._progress.get("unobserved_breakers"),
            "pending": [_build_pending(activity) for activity in snapshot.pending],
            "definition": dict(snapshot.definition),
            "task_queue": snapshot.task_queue,
            "started_at": _format_time(snapshot.started_at),
            "ended_at": _format_time(snapshot.ended_at),
        }

    def format_lines(self) -> Iterator[str]:
        """Format which run it is, its steps, and how it has ended, line by line."""
        about = self.snapshot.definition
        known = (about.get("name"), about.get("version"), f"({about['hash']})" if about.get("hash") else None)
        yield f"definition  {' '.join(filter(None, known))}"
        yield f"started     {self.snapshot.started_at:%Y-%m-%d %H:%M:%S} UTC, task queue {self.snapshot.task_queue}"
        if only := self._progress.get("only"):
            yield f"redrives    {only['step']} of {only['workflow_id']}"
        steps = build_step_views(self.snapshot)
        width = max((len(step.step) + 2 * step.depth for step in steps), default=0)
        for step in steps:
            indent = "  " * (step.depth + 1)
            yield indent + step.format_line(width - 2 * step.depth)
        yield from self._format_messages()
        for name, _, said in describe_breakers(self.snapshot):
            yield f"breaker     {name}: {said}"
        for name, said in describe_unobserved(self.snapshot):
            yield f"breaker     {name}: {said}"
        yield from self.format_troubles()
        yield from self.format_summary()
        if self._has_result:
            yield self._format_result()

    def format_troubles(self) -> Iterator[str]:
        """Format what keeps an open run from getting on, and what can't be shown here, line by line."""
        yield from describe_hanging(self.snapshot)
        if self.snapshot.silence:
            yield self.snapshot.silence
        if self._undecodable:
            yield explain_undecodable(self._undecodable)

    @property
    def tells_letters(self) -> bool:
        """Whether the summary tells of the dead letters of the run."""
        return bool(self._list_entries("dead_letters"))

    def format_summary(self) -> Iterator[str]:
        """Format how the run has ended, why, and what was done about it, line by line."""
        yield f"{make_printable(self.snapshot.workflow_id)} {self.status.replace('_', ' ')}{self._duration}"
        if error := self._error:
            if self.status == "completed":
                yield "  on_failure turned this into the result:"
            yield f"  {self._explain(error)}"
            if place := self._find_place(error):
                yield f"  {place}"
        yield from self._format_failures()

    def _describe_outcome(self) -> dict[str, Any]:
        if self.ending is None:
            return {}
        if self.status == "completed":
            return {"result": self.ending.result} if self._has_result else {}
        return {"error": dict(self.ending.error) if self.ending.error else None}

    @property
    def _undecodable(self) -> str | None:
        """Return why some of what is known can't be decoded here; None if all of it could."""
        return self.snapshot.undecodable or (self.ending.undecodable if self.ending else None)

    @property
    def _has_result(self) -> bool:
        return bool(self.ending and self.status == "completed" and not self.ending.undecodable)

    def _format_result(self) -> str:
        assert self.ending is not None
        return format_json(self.ending.result)

    @property
    def _error(self) -> Mapping[str, Any] | None:
        """Return why the run has failed; there is an error even if `on_failure` has then completed the run."""
        if self.ending and self.ending.error:
            return self.ending.error
        error: Mapping[str, Any] | None = self._progress.get("error")
        return error

    @property
    def _duration(self) -> str:
        if self.snapshot.ended_at is None:
            return ""
        return f" after {(self.snapshot.ended_at - self.snapshot.started_at).total_seconds():.1f}s"

    @property
    def _progress(self) -> Mapping[str, Any]:
        return self.snapshot.progress or {}

    @property
    def _failure_report(self) -> Mapping[str, Any]:
        """Return what was done about a failure, as the ended run says, or else as its worker says."""
        return (self.ending.report if self.ending else None) or self._progress

    def _list_entries(self, what: str) -> list[Mapping[str, Any]]:
        return list(self._failure_report.get(what, ()))

    def _explain(self, error: Mapping[str, Any]) -> str:
        """Format such as `steps.charge (activity charge_card): CardDeclined after 3 attempts: no money`."""
        step = error.get("step")
        branch = self._get_branch(step)
        activity, name = branch.get("activity"), branch.get("key_path", step)
        where = f"{_format_step_name(name)}{f' (activity {activity})' if activity else ''}: " if name else ""
        attempts = error.get("attempts")
        tries = f" after {attempts} attempts" if attempts and attempts > 1 else ""
        return make_printable(f"{where}{error['type']}{tries}: {error['message']}")

    def _find_place(self, error: Mapping[str, Any]) -> str | None:
        line = error.get("line") or self._get_branch(error.get("step")).get("line")
        if line is None:
            return None
        return f"{self.file}:{line}" if self.file else f"line {line} of the definition"

    def _format_failures(self) -> Iterator[str]:
        yield from self._format_last("dead_letters", _format_letter)
        if done := self._list_undone():
            yield f"  undone: {join_names(done)}"
        errors = {
            get_name(each): each["error"] for each in self._list_entries("compensations") if each["error"]
        }
        for step, why in self._not_undone.items():
            yield f"  NOT undone: {step}: {self._explain(errors[step]) if step in errors else why}"
        if pivot := self._failure_report.get("pivot") if self.status != "completed" else None:
            yield f"  not undone: what was done before the pivot, {pivot}, completed"
        yield from self._format_last("further_errors", lambda error: f"further error: {self._explain(error)}")
        if count := self._count_left_out("compensations"):
            yield f"  {count} earlier compensations are not listed"

    def _list_undone(self) -> list[str]:
        entries = self._list_entries("compensations")
        if entries or not self.snapshot.has_ended:
            return [get_name(each) for each in entries if each["status"] == "completed"]
        return [path for path, status in self.snapshot.undone.items() if status == "undone"]

    def _format_last(self, what: str, format_entry: Callable[[Mapping[str, Any]], str]) -> Iterator[str]:
        """Format the last entries of a list of the report, and how many came before them."""
        entries = self._list_entries(what)
        for entry in entries[-LONGEST_LIST:]:
            yield f"  {format_entry(entry)}"
        if count := self._count_left_out(what) + len(entries[:-LONGEST_LIST]):
            yield f"  {count} earlier {what.replace('_', ' ')} are not listed"

    def _count_left_out(self, what: str) -> int:
        count: int = self._failure_report.get("left_out", {}).get(what, 0)
        return count

    def _format_messages(self) -> Iterator[str]:
        messages: Mapping[str, Any] = self._progress.get("messages") or {}
        if waiting := Counter[str](messages.get("waiting", ())):
            what = "kept until a step takes it" if self.status == "running" else "no step has taken it"
            yield f"not taken   {_format_counts(waiting)}: {what}"
        if refused := messages.get("refused"):
            yield f"refused     {_format_counts(refused)}: not declared, or the payload does not fit the schema"

    def _get_branch(self, step: str | None) -> Mapping[str, Any]:
        return _find_branch(self._progress.get("steps", ()), step) or {}


_NOT_TRIED = "not tried, because a compensation before it failed"


def _format_letter(letter: Mapping[str, Any]) -> str:
    why = f": {letter['error']}" if "error" in letter else ""
    return make_printable(
        f"dead letter: {get_name(letter)} in queue {letter['queue']}, key {letter['key']}{why}"
    )


def _format_step_name(step: str) -> str:
    """Format the name of a step as expressions have it; a step without an id has only its path."""
    return step if step.startswith(("steps[", "on_failure[", "finally[")) else f"steps.{step}"


def _build_pending(activity: PendingActivity) -> dict[str, Any]:
    record = {
        name: getattr(activity, name) for name in ("step", "activity", "attempt", "error", "task_queue")
    }
    return {**record, "due_at": _format_time(activity.due_at), "paused": activity.paused}


def _format_counts(numbers: Mapping[str, int]) -> str:
    """Format names and how often each occurs, such as `approved, stop (2 times)`."""
    return ", ".join(name if number == 1 else f"{name} ({number} times)" for name, number in numbers.items())


def _find_branch(branches: Any, step: str | None) -> Mapping[str, Any] | None:
    for branch in branches:
        if branch["step"] == step:
            found: Mapping[str, Any] = branch
            return found
        inside = [*branch.get("steps", ()), *([branch["compensation"]] if "compensation" in branch else [])]
        if deeper := _find_branch(inside, step):
            return deeper
    return None


def _format_time(moment: datetime | None) -> str | None:
    return format_time(moment) if moment else None
