"""This is the catalogue of problem codes. Every `Problem.code` is a key here, and is explained in one line."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

READING: Final = {
    "unreadable-file": "The file is missing, is not a regular file, or may not be read.",
    "file-too-large": "The file is larger than 1 MiB. It is part of the input of each run, so it must be small.",
    "not-utf-8": "The file is not text in UTF-8.",
    "control-character": "The file has a character that YAML forbids, or that its versions read differently.",
    "empty-file": "The file holds no data.",
    "yaml-directive": "A line such as `%YAML 1.1` or `%TAG` stands before the data.",
    "yaml-syntax": "The text is not YAML.",
    "several-documents": "A `---` begins a second document. A file holds one definition.",
    "not-a-map": "The top level of the file is not a map of keys and values.",
    "no-definition": "The file holds `cases` for a definition. `stepfile validate` leaves it out and says so.",
    "too-deep": "Maps and lists are nested more than 100 levels deep. Aliases count as what they stand for.",
    "too-many-nodes": "The file has more than 100,000 keys and values. Aliases count as what they stand for.",
    "duplicate-key": "The same key stands twice in one map. YAML would silently drop one of them.",
    "key-not-text": "A key is read as a number, true, false or null. In quotes it would be text.",
    "complex-key": "A key is a map or a list.",
    "tag": "A tag (`!name`, `!!str`) asks for a type. Definitions are plain data, without tags.",
    "unknown-alias": "There is no anchor (`&name`) before an alias (`*name`).",
    "recursive-alias": "An alias stands inside the value that it refers to.",
    "bad-merge": "The value of `<<` is neither a map nor a list of maps.",
    "too-many-problems": "The file has so many problems that the rest of it was not read.",
    "bundle-too-large": "The files of the bundle are together larger than 1 MiB. See `file-too-large`.",
    "bad-number": "JSON has no such number, or readers of YAML read it differently.",
}

FORM: Final = {
    "unknown-key": "The language has no such key here. No key is silently ignored.",
    "missing-key": "A key is missing that must be there.",
    "missing-action": "The step has no action. Exactly one action key says what a step does.",
    "two-actions": "The step has two actions. A step does one thing, so these are two steps.",
    "wrong-type": "The value does not have the type that the key takes. Values are never converted.",
    "bad-name": "The name has a character that is not allowed in it, is too long, or is reserved.",
    "bad-duration": "The value is not a duration, such as `30s`, `1h30m` or `PT30S`.",
    "bad-value": "The key does not take this value.",
    "empty-value": "A list, map or text is empty that must hold something.",
    "out-of-range": "A number, a duration or the length of a text is out of its bounds.",
}

MEANING: Final = {
    "duplicate-id": "Two steps have the same id. `steps.<id>` would mean both.",
    "two-bodies": "The request has both `json` and `body`, but it can have only one body.",
    "misplaced-action": "The action has no meaning where it stands.",
    "misplaced-key": "The key has no meaning where it stands, or what it asks for is impossible there.",
    "unreachable-step": "The step never runs, or the branch never gets its message.",
    "missing-timeout": "The activity has neither `start_to_close` nor `schedule_to_close`, and Temporal needs one.",
    "no-start-to-close": "The activity has no `start_to_close`, so the loss of its worker is noticed late.",
    "no-heartbeat": "The activity sends heartbeats for over a minute, and nothing notices when they stop.",
    "no-schedule-to-start": "Without `schedule_to_start` a task for a worker that is gone waits for ever.",
    "timeout-order": "The timeout can never be reached, because a shorter one always comes first.",
    "no-compensation": "The server can end the run, by a timeout or with its parent, and then nothing is undone.",
    "which-workflow": "A child workflow is either a definition of the bundle or a registered type.",
    "unknown-definition": "There is no definition with this name in `definitions`.",
    "unused-definition": "No step runs this definition of the bundle.",
    "wrong-input": "The input is not one that the definition of the child accepts.",
    "unknown-policy": "There is no retry policy with this name.",
    "unused-policy": "Nothing uses this retry policy.",
    "unused-saga": "There are settings for compensations, but there is no compensation.",
    "no-effect": "The setting has no effect, because of another setting or because another one is missing.",
    "null-result": "The compensation relies on `result`, which is null after an unknown outcome.",
    "slow-to-cancel": "Nothing makes the cancelled activity stop within a minute, and the run must wait for that.",
    "undone-while-running": "The run does not wait for the cancelled step, which may still run while it is undone.",
    "unlimited-retries": "The failure is retried without limit, so that `catch` or `dead_letter` does not get it.",
    "never-retried": "The time for all attempts is over before the first wait between two of them.",
    "unknown-error-type": "The error type looks like a built-in one, but there is no such type.",
    "unreachable-clause": "The clause of `catch` never gets an error.",
    "unknown-breaker": "There is no circuit breaker with this name.",
    "unused-breaker": "No step uses this circuit breaker.",
    "different-breaker": "Two files give a shared circuit breaker different settings.",
    "waits-too-long": "The circuit breaker stays open for longer than the step may wait.",
    "retries-cut-short": "A circuit breaker ends retries that have no other limit.",
    "never-opens": "Nothing can ever open the circuit breaker.",
    "unknown-queue": "There is no dead-letter queue with this name.",
    "unused-queue": "Nothing uses this dead-letter queue.",
    "secret": "The value looks like a secret. It would stand in the history of each run.",
    "write-only": "A part of the input that is `writeOnly` stands where people can see it.",
    "bad-schema": "The value should be a JSON Schema (2020-12), but it is not a valid one.",
    "bad-pattern": "A pattern of a JSON Schema is not a regular expression.",
    "bad-reference": "A reference in a JSON Schema leads out of it, nowhere, or back to itself.",
    "bad-default": "The `default` of a property does not fit the schema of the property.",
    "unknown-keyword": "JSON Schema has no such keyword or format, so it checks nothing.",
    "unknown-property": "A JSON Schema requires a property that it does not declare.",
    "two-conditions": "The `repeat` or `wait_for` says in two ways when it ends.",
    "constant-condition": "The condition is always true, or always false.",
    "endless-wait": "Only a message can end the wait. A cancellation can't interrupt it here.",
    "endless-loop": "The `repeat` has no bound. After one mistake in its condition it would never end.",
    "duplicate-name": "The same name is used for two things.",
    "unknown-signal": "Neither `signals` nor `updates` declares this message.",
    "unused-signal": "No step waits for the signal, or the update has no effect.",
    "unknown-variable": "`vars` does not declare this variable.",
    "unused-variable": "Nothing reads this variable.",
    "too-many-expressions": "The expressions have more than 100,000 operators, values and names together.",
    "unknown-activity": "The given modules do not have this activity.",
    "wrong-arguments": "The call has more or fewer arguments than the activity takes.",
    "impossible-argument": "The activity takes a type that no JSON value can be converted to.",
    "wrong-argument-type": "The argument can't be converted to what the code of the activity asks for.",
}

EXPRESSIONS: Final = {
    "bad-expression": "The text is not a valid expression.",
    "unknown-name": "There is no such name at this place.",
    "secret-computed": "A secret may only be passed on, whole or inside text. Nothing can be computed from it.",
    "unknown-step": "There is no step with this id.",
    "unreadable-step": "The step has not run yet, may have been skipped, or stands in another branch.",
    "unknown-function": "There is no such function.",
    "wrong-argument-count": "The function is called with a wrong number of arguments.",
    "type-mismatch": "An operation or a function gets a value of a type that it does not take.",
    "unknown-field": "The object has no such field.",
    "index-out-of-range": "The list has no item at this place.",
    "null-value": "A field is read from null.",
    "number-too-large": "A number is too large: an integer beyond 64 bits, or a number that JSON can't hold.",
    "division-by-zero": "A number is divided by zero.",
    "unusable-value": "The value has the right type, but it can't be used here.",
    "expression-too-costly": "The expression needs more work than an expression may do.",
    "expression-too-large": "The expression or its value is larger than it may be.",
}

SHOWING: Final = {
    "more-problems": "There are more than 100 problems, and only the first 100 are shown.",
}

CODES: Final[Mapping[str, str]] = MappingProxyType({**READING, **FORM, **MEANING, **EXPRESSIONS, **SHOWING})
"""What is wrong, by the code of the problem. Codes are stable: programs and suppressions rely on them."""

FOUND_LATER: Final = frozenset({"bad-pattern", "bad-reference", "bad-default"})
"""Errors that earlier releases have not found. Nobody can start a run that has one. Runs that were started before go
on, because their histories were made without them."""
