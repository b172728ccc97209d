"""This is the catalogue of problem codes. Every `Problem.code` is a key here, and is explained in one line."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

READING: Final = {
    "unreadable-file": "The file is missing, is not a regular file, or may not be read.",
    "file-too-large": "A definition is at most 1 MiB: it travels in the workflow's input.",
    "not-utf-8": "A definition is text in UTF-8.",
    "control-character": "A raw character that YAML does not allow, or that its versions read differently.",
    "empty-file": "The file holds no data.",
    "yaml-directive": "A line such as %YAML 1.1 or %TAG stands before the data.",
    "yaml-syntax": "The text is not YAML.",
    "several-documents": "A file holds one definition; `---` begins another.",
    "not-a-map": "The top level of a definition is a map of keys and values.",
    "too-deep": "Maps and lists are nested more than 100 levels deep, aliases expanded.",
    "too-many-nodes": "The file has more than 100,000 keys and values, aliases expanded.",
    "duplicate-key": "The same key stands twice in one map; YAML would silently drop one of them.",
    "key-not-text": "A key is read as a number, true, false or null; quoted it would be text.",
    "complex-key": "A key is a map or a list.",
    "tag": "A tag (`!name`, `!!str`) asks for a type; definitions are plain data.",
    "unknown-alias": "An alias (`*name`) has no anchor (`&name`) before it.",
    "recursive-alias": "An alias stands inside the very value it refers to.",
    "bad-merge": "`<<` takes a map or a list of maps.",
    "too-many-problems": "The file has so many problems that reading it to its end is of no use.",
    "bundle-too-large": "A bundle is at most 1 MiB, all its files together: it travels in the workflow's input.",
    "bad-number": "A number that JSON cannot carry, or that readers of YAML read differently.",
}

FORM: Final = {
    "unknown-key": "A key that this map does not have. Nothing is accepted and ignored.",
    "missing-key": "A key that this map must have.",
    "missing-action": "A step says what it does by exactly one action key; this one has none.",
    "two-actions": "A step does one thing; two actions are two steps.",
    "wrong-type": "A value of another type than the key takes; nothing is converted.",
    "bad-name": "A name with characters that it can't have.",
    "bad-duration": "Not a duration: a number and a unit (30s, 1h30m), or ISO 8601 (PT30S).",
    "bad-value": "A value that the key does not take.",
    "empty-value": "A list, map or text that must hold something.",
    "out-of-range": "A number, duration or text beyond its bounds.",
}

MEANING: Final = {
    "duplicate-id": "Two steps have the same id; `steps.<id>` would mean both.",
    "two-bodies": "A request has one body: `json` or `body`.",
    "misplaced-action": "An action that has no meaning where it stands.",
    "misplaced-key": "A key that can't be honoured where it stands.",
    "unreachable-step": "A step that never runs.",
    "missing-timeout": "Temporal needs start_to_close or schedule_to_close for every activity.",
    "no-start-to-close": "Without start_to_close the loss of a worker is noticed late.",
    "no-schedule-to-start": "Without schedule_to_start a task for one worker waits for ever when that is gone.",
    "timeout-order": "A timeout that another one always comes before.",
    "no-compensation": "The server itself ends a run, by a timeout or with its parent, and compensates nothing.",
    "which-workflow": "A child workflow is a definition of the bundle or a registered type, one of them.",
    "unknown-definition": "There is no definition of that name in `definitions`.",
    "unused-definition": "A definition of the bundle that nothing runs.",
    "wrong-input": "An input that the definition of the child does not take.",
    "unknown-policy": "There is no retry policy of that name.",
    "unused-policy": "A named retry policy that nothing uses.",
    "unused-saga": "Settings for compensations, and no compensation.",
    "no-effect": "A setting that another setting leaves without effect.",
    "null-result": "A compensation that takes for granted that the outcome of its step is known.",
    "slow-to-cancel": "Nothing makes a cancelled activity stop soon, and its compensation must wait for it.",
    "undone-while-running": "A step that is not waited for when it is cancelled, and is undone.",
    "unknown-error-type": "An error type that looks like a built-in one, and is none.",
    "unreachable-clause": "A clause of `catch` that never gets an error.",
    "unknown-breaker": "There is no circuit breaker of that name.",
    "unused-breaker": "A circuit breaker that nothing uses.",
    "never-opens": "A circuit breaker that nothing can open.",
    "unknown-queue": "There is no dead-letter queue of that name.",
    "unused-queue": "A dead-letter queue that nothing uses.",
    "not-available": "A part of the language that does not exist yet.",
    "bad-schema": "What should be a JSON Schema (2020-12) is none.",
    "two-conditions": "A `repeat` or `wait_for` that says in two ways when it ends.",
    "constant-condition": "A condition whose value is known when it is written.",
    "endless-wait": "A wait that nothing but a message can end, where no cancellation comes through.",
    "endless-loop": "A `repeat` without a bound: one mistake in its condition, and it never ends.",
    "duplicate-name": "The same name stands for two things.",
    "unknown-signal": "A message that neither `signals` nor `updates` declares.",
    "unused-signal": "A signal that no step waits for, or an update of which nothing comes.",
    "unknown-variable": "A variable that `vars` does not declare.",
    "unused-variable": "A variable that nothing reads.",
    "unknown-activity": "An activity that the given modules do not have.",
    "wrong-arguments": "A call with more or fewer arguments than the activity takes.",
}

EXPRESSIONS: Final = {
    "E_SYNTAX": "Not an expression.",
    "E_NAME": "A name that does not exist here.",
    "E_REF": "A step or variable that does not exist, or has not run yet.",
    "E_FUNC": "A function that does not exist.",
    "E_ARITY": "A function called with another number of arguments.",
    "E_TYPE": "An operation on a type that it is not for.",
    "E_KEY": "A field that does not exist.",
    "E_INDEX": "A place beyond the end of a list.",
    "E_NULL": "A field of null.",
    "E_RANGE": "A number beyond 64 bits, or no number at all.",
    "E_DIV0": "A division by zero.",
    "E_VALUE": "A value that a function can't take.",
    "E_FUEL": "More work than an expression may do.",
    "E_LIMIT": "Larger than an expression or its value may be.",
}

SHOWING: Final = {
    "more-problems": "There are more problems than the 100 that are shown.",
}

CODES: Final[Mapping[str, str]] = MappingProxyType({**READING, **FORM, **MEANING, **EXPRESSIONS, **SHOWING})
"""Why it is a problem, by its code. Codes are stable: programs and suppressions rely on them."""
