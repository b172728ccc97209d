"""The log of a worker does not show secret inputs (`writeOnly`) of the run that an activity is called by.

The worker of an activity does not know the schema of the input. So the call says where in its arguments such values
are, and never which values: these stand in the arguments, which a codec encrypts.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from dsl.redaction.redactor import Redactor
from dsl.source.map import Path
from interpreter.temporal.secrets.redaction import hide_from_people

LABEL = "[writeOnly input]"


def hide_arguments(args: Sequence[Any], paths: Iterable[Path]) -> None:
    """Hide the arguments at these paths from people, for as long as the attempt is made."""
    found = (_find(args, path) for path in paths)
    hide_from_people(Redactor((str(value), LABEL) for value in found if value is not None))


def _find(args: Any, path: Path) -> Any:
    """Find a value in arguments that were made the types of the parameters; None if it is not there any more."""
    found = args
    for key in path:
        try:
            found = found[key]
        except (TypeError, LookupError):
            found = getattr(found, str(key), None)
    return found
