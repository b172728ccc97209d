"""Examples are written as people write YAML: each entry on a line of its own."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from dsl.scalars.json_value import JsonValue

_PLAIN = re.compile(r"[A-Za-z$/](?!.*(: | #|:$))[^\n]*|[0-9]+(ms|s|m|h|d)")
_NOT_TEXT = {"true", "false", "null", "yes", "no", "on", "off", "y", "n"}


def write_yaml(value: JsonValue) -> str:
    """Write an example of any form; its last line ends with a newline."""
    return "".join(f"{line}\n" for line in _write_lines(value))


def _write_lines(value: JsonValue) -> Iterator[str]:
    match value:
        case dict() if value:
            for key, item in value.items():
                first, *others = _write_lines(item)
                if isinstance(item, dict | list) and item:
                    yield from (f"{key}:", f"  {first}", *(f"  {line}" for line in others))
                else:
                    yield f"{key}: {first}"
        case list() if value:
            for item in value:
                first, *others = _write_lines(item)
                yield from (f"- {first}", *(f"  {line}" for line in others))
        case _:
            yield write_scalar(value)


def write_scalar(value: JsonValue) -> str:
    """Write text, a number, a boolean, or an empty map or list."""
    if isinstance(value, str) and _PLAIN.fullmatch(value) and value.lower() not in _NOT_TEXT:
        return value
    return json.dumps(value, ensure_ascii=False)
