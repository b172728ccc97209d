"""What is known of a run, for people and for programs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from dsl.problems.snippet import printable
from interpreter.cli.display.output import answer, as_json, say
from interpreter.cli.display.steps import steps_of
from interpreter.cli.process.exit import Exit

if TYPE_CHECKING:
    from interpreter.temporal.client.run_handle import Ending, Look


@dataclass(frozen=True, slots=True)
class Report:
    """A run at one moment; when it has ended, its last."""

    look: Look
    ending: Ending | None
    """None while it goes on."""
    file: str | None = None
    """Where the definition stands, if it is known here."""

    @property
    def status(self) -> str:
        """`running`, or how it ended."""
        return self.ending.status if self.ending else self.look.status

    @property
    def exit(self) -> Exit:
        """What the run's end means for the command that waited for it."""
        return Exit.FINE if self.status == "completed" else Exit.FAILED

    def write(self, *, json: bool) -> None:
        """Write the result to standard output, and what there is to say beside it to standard error."""
        for line in self.lines():
            say(line)
        if json:
            answer(as_json(self.record()))
        elif self.ending and self.status == "completed":
            answer(as_json(self.ending.result))

    def record(self) -> dict[str, Any]:
        """All of it for a program."""
        look = self.look
        return {
            "workflow_id": look.workflow_id,
            "run_id": look.run_id,
            "status": self.status,
            **self._outcome(),
            "steps": None if look.snapshot is None else look.snapshot["steps"],
            "compensations": self._aftermath("compensations"),
            "pivot": self._told.get("pivot"),
            "dead_letters": self._aftermath("dead_letters"),
            "further_errors": self._aftermath("further_errors"),
            "messages": self._snapshot.get("messages"),
            "breakers": self._snapshot.get("breakers"),
            "pending": [asdict(pending) for pending in look.pending],
            "definition": dict(look.definition),
            "task_queue": look.task_queue,
            "started_at": _iso(look.started_at),
            "ended_at": _iso(look.ended_at),
        }

    def overview(self) -> Iterator[str]:
        """The whole run: which, how far, and how it ended."""
        about = self.look.definition
        yield (
            f"definition  {about.get('name')} {about.get('version') or ''}".rstrip()
            + f" ({about.get('hash')})"
        )
        yield f"started     {self.look.started_at:%Y-%m-%d %H:%M:%S} UTC, task queue {self.look.task_queue}"
        steps = steps_of(self.look)
        width = max((len(step.step) + 2 * step.depth for step in steps), default=0)
        for step in steps:
            indent = "  " * (step.depth + 1)
            yield indent + step.line(width - 2 * step.depth)
        yield from self._about_messages()
        if self.look.silence:
            yield self.look.silence
        yield from self.lines()
        if self.ending and self.status == "completed":
            yield as_json(self.ending.result)

    def lines(self) -> Iterator[str]:
        """How it ended, why, and what was done about it."""
        yield f"{self.look.workflow_id} {self.status.replace('_', ' ')}{self._took}"
        if error := self._error:
            if self.status == "completed":
                yield "  on_failure turned this into the result:"
            yield f"  {self._explained(error)}"
            if place := self._place(error):
                yield f"  {place}"
        yield from self._about_failures()

    def _outcome(self) -> dict[str, Any]:
        if self.ending is None:
            return {}
        if self.status == "completed":
            return {"result": self.ending.result}
        return {"error": dict(self.ending.error) if self.ending.error else None}

    @property
    def _error(self) -> Mapping[str, Any] | None:
        """Why it failed, also when it has completed all the same."""
        if self.ending and self.ending.error:
            return self.ending.error
        error: Mapping[str, Any] | None = self._snapshot.get("error")
        return error

    @property
    def _took(self) -> str:
        if self.look.ended_at is None:
            return ""
        return f" after {(self.look.ended_at - self.look.started_at).total_seconds():.1f}s"

    @property
    def _snapshot(self) -> Mapping[str, Any]:
        return self.look.snapshot or {}

    @property
    def _told(self) -> Mapping[str, Any]:
        """What was done about a failure: by the run's own last word, else by its worker."""
        return (self.ending.report if self.ending else None) or self._snapshot

    def _aftermath(self, what: str) -> list[Mapping[str, Any]]:
        return list(self._told.get(what, ()))

    def _explained(self, error: Mapping[str, Any]) -> str:
        """`steps.charge (activity charge_card): CardDeclined after 3 attempts: insufficient funds`."""
        step = error.get("step")
        activity = self._branch(step).get("activity")
        where = f"{_named(step)}{f' (activity {activity})' if activity else ''}: " if step else ""
        attempts = error.get("attempts")
        tries = f" after {attempts} attempts" if attempts and attempts > 1 else ""
        return printable(f"{where}{error['type']}{tries}: {error['message']}")

    def _place(self, error: Mapping[str, Any]) -> str | None:
        line = error.get("line") or self._branch(error.get("step")).get("line")
        if line is None:
            return None
        return f"{self.file}:{line}" if self.file else f"line {line} of the definition"

    def _about_failures(self) -> Iterator[str]:
        for letter in self._aftermath("dead_letters"):
            yield f"  dead letter: {letter['step']} in queue {letter['queue']}, key {letter['key']}"
        done = [each["step"] for each in self._aftermath("compensations") if each["status"] == "completed"]
        if done:
            yield f"  undone: {', '.join(done)}"
        for each in self._aftermath("compensations"):
            if each["status"] == "failed":
                yield f"  NOT undone: {each['step']}: {self._explained(each['error'])}"
            elif each["status"] == "skipped":
                yield f"  NOT undone: {each['step']}: not tried, because one before it failed"
        if pivot := self._told.get("pivot") if self.status != "completed" else None:
            yield f"  not undone: what had been done when {pivot}, the pivot, had completed"
        for error in self._aftermath("further_errors"):
            yield f"  later: {self._explained(error)}"
        for name, count in self._told.get("left_out", {}).items():
            yield f"  {count} more {name.replace('_', ' ')} before these are not listed"

    def _about_messages(self) -> Iterator[str]:
        messages = self._snapshot.get("messages") or {}
        if waiting := Counter(messages.get("waiting", ())):
            fate = "kept until a step takes it" if self.status == "running" else "no step has taken it"
            yield f"not taken   {_counted(waiting)}: {fate}"
        if refused := messages.get("refused"):
            yield f"refused     {_counted(refused)}: not declared, or not as its schema wants"

    def _branch(self, step: str | None) -> Mapping[str, Any]:
        return _find(self._snapshot.get("steps", ()), step) or {}


def _named(step: str) -> str:
    """As expressions name it; a step without id by its way through the definition."""
    return step if step.startswith(("steps[", "on_failure[", "finally[")) else f"steps.{step}"


def _counted(numbers: Mapping[str, int]) -> str:
    """`approved, stop (2 times)`."""
    return ", ".join(name if number == 1 else f"{name} ({number} times)" for name, number in numbers.items())


def _find(branches: Any, step: str | None) -> Mapping[str, Any] | None:
    for branch in branches:
        if branch["step"] == step:
            found: Mapping[str, Any] = branch
            return found
        inside = [*branch.get("steps", ()), *([branch["compensation"]] if "compensation" in branch else [])]
        if deeper := _find(inside, step):
            return deeper
    return None


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat(timespec="milliseconds") if moment else None
