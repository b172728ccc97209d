"""The nearest word: what the writer probably meant."""

from __future__ import annotations

from collections.abc import Iterable

NEIGHBOURS = {
    "if": "when",
    "condition": "when",
    "else": "default",
    "otherwise": "default",
    "cases": "switch",
    "default": "switch",
    "choice": "switch",
    "branches": "parallel",
    "foreach": "for_each",
    "for": "for_each",
    "items": "for_each",
    "while": "repeat",
    "until": "repeat",
    "loop": "repeat",
    "times": "maximum_iterations",
    "max_iterations": "maximum_iterations",
    "max_concurrency": "concurrency",
    "parallelism": "concurrency",
    "within": "timeout",
    "where": "match",
    "filter": "match",
    "with": "args",
    "arguments": "args",
    "params": "args",
    "input": "args",
    "uses": "activity",
    "call": "activity",
    "run": "activity",
    "name": "id",
    "sleep": "wait",
    "delay": "wait",
    "throw": "raise",
    "fail": "raise",
    "do": "steps",
    "sequence": "steps",
    "undo": "compensate",
    "compensation": "compensate",
    "rollback": "compensate",
    "retry_policy": "retry",
    "retrypolicy": "retry",
    "timeout": "timeouts",
    "output": "result",
    "outputs": "output",
    "starttoclosetimeout": "timeouts.start_to_close",
    "start_to_close_timeout": "timeouts.start_to_close",
    "scheduletoclosetimeout": "timeouts.schedule_to_close",
    "schedule_to_close_timeout": "timeouts.schedule_to_close",
    "scheduletostarttimeout": "timeouts.schedule_to_start",
    "schedule_to_start_timeout": "timeouts.schedule_to_start",
    "heartbeattimeout": "timeouts.heartbeat",
    "heartbeat_timeout": "timeouts.heartbeat",
    "max_attempts": "maximum_attempts",
    "max_interval": "maximum_interval",
    "initialinterval": "initial_interval",
    "maximuminterval": "maximum_interval",
    "maximumattempts": "maximum_attempts",
    "backoffcoefficient": "backoff_coefficient",
    "nonretryableerrortypes": "non_retryable_error_types",
    "taskqueue": "task_queue",
    "variables": "vars",
    "schema": "input",
}
"""Words of neighbouring systems (GitHub Actions, Temporal's other SDKs, Serverless Workflow) for ours."""


def find_nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that `word` most likely stands for, or None when none comes close."""
    import difflib  # only mistakes pay for it

    choices = sorted(known)
    folded = word.replace("-", "_").lower()
    if folded in choices:
        return folded
    meant = NEIGHBOURS.get(folded, "")
    for way in (meant, meant.split(".")[-1]):  # `timeouts.heartbeat`, or inside timeouts just `heartbeat`
        if way.split(".")[0] in choices:
            return way
    longer = [choice for choice in choices if choice.startswith(f"{folded}_")]
    if len(longer) == 1:
        return longer[0]
    close = difflib.get_close_matches(folded, choices, n=1, cutoff=0.6 if len(folded) > 4 else 0.7)
    return close[0] if close else None


def did_you_mean(word: str, known: Iterable[str]) -> str | None:
    """`did you mean "compensate"?`, or None when nothing comes close."""
    found = find_nearest(word, known)
    return f'did you mean "{found}"?' if found else None
