"""A worker does not show secret inputs (`writeOnly`) of the run that an activity is called by.

They are replaced in its log, in traces, and in the messages and stack traces of errors, which are shown while an
activity is retried. Results and the details of errors stay as they are: they are data for the run.

The worker of an activity does not know the schema of the input. So the call says where in its arguments such values
are, and never which values: these stand in the arguments, which a codec encrypts.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from dsl.redaction.redactor import Redactor
from interpreter.effects import HiddenPlace
from interpreter.temporal.secrets.redaction import hide_from_people


def hide_arguments(args: Sequence[Any], places: Iterable[HiddenPlace]) -> None:
    """Hide the arguments at these places from people, for as long as the attempt is made."""
    found = [(_find(args, place.at), place.label) for place in places]
    hide_from_people(Redactor((str(value), label) for value, label in found if value is not None))


def _find(args: Any, path: tuple[str | int, ...]) -> Any:
    """Find a value in arguments that were made the types of the parameters; None if it is not there any more."""
    found = args
    for key in path:
        found = _get(found, key)
    return found


def _get(container: Any, key: str | int) -> Any:
    try:
        return container[key]
    except (TypeError, LookupError):
        return getattr(container, str(key), None)
