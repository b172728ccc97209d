"""A file is read if it is one, and if it is no larger than a definition may be."""

from __future__ import annotations

import os
import stat
from itertools import islice
from pathlib import Path
from typing import Final

from dsl.problems.problem import Problem
from dsl.problems.suggest import find_nearest
from dsl.reading.refusal import RefusalError

_YAML: Final = (".yaml", ".yml")
_MOST_ENTRIES: Final = 1_000
"""So many entries of a folder are looked at to suggest a file."""
MAX_BYTES: Final = 1024 * 1024
"""1 MiB. A definition travels in a payload, and Temporal's payloads end at 2 MB."""


def read_file_bytes(path: str | bytes | os.PathLike[str]) -> bytes:
    """Read the content of a regular file. Raises RefusalError.

    This never waits, as opening a FIFO would, and never reads more than MAX_BYTES + 1.
    """
    try:
        # O_NONBLOCK: opening a FIFO that nobody writes to would wait for ever.
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
        try:
            _check_status(os.fstat(descriptor))
            return _read(descriptor)
        finally:
            os.close(descriptor)
    except (OSError, ValueError) as error:
        hint = _suggest_file(os.fsdecode(path)) if isinstance(error, FileNotFoundError) else None
        raise RefusalError(Problem("unreadable-file", _describe_failure(error), hint=hint)) from None


def _suggest_file(path: str) -> str | None:
    """Suggest the file in the same folder whose name comes nearest, without the folder, which a link may lead to."""
    folder, name = os.path.split(path)
    try:
        with os.scandir(folder or ".") as entries:
            known = [entry.name for entry in islice(entries, _MOST_ENTRIES) if entry.is_file()]
    except OSError:
        return None
    nearest = find_nearest(name, (each for each in known if each.endswith(_YAML)), {})
    return f'did you mean "{nearest}"?' if nearest else None


def resolve_inside(folder: Path, name: str) -> Path:
    """Find the path of a file that a definition in `folder` names. Raises RefusalError.

    Once links are followed, the file must lie in that folder or below. Its content may be shown in messages, so it
    must not be a file of somebody else.
    """
    try:
        path = Path(os.path.realpath(folder / name))
    except ValueError as error:
        raise RefusalError(Problem("unreadable-file", _describe_failure(error))) from None
    if path.is_relative_to(os.path.realpath(folder)):
        return path
    raise RefusalError(
        Problem(
            "unreadable-file",
            "the file is not in the folder of this definition",
            hint="a bundle lies in one folder and the folders below it",
        )
    )


def _read(descriptor: int) -> bytes:
    with open(descriptor, "rb", closefd=False) as file:
        return file.read(MAX_BYTES + 1)


def check_size(size: int) -> None:
    """Refuse a text of more than MAX_BYTES. Raises RefusalError."""
    if size > MAX_BYTES:
        raise RefusalError(
            Problem(
                "file-too-large", "the file is larger than 1 MiB", hint="move data into the input of the run"
            )
        )


def _check_status(status: os.stat_result) -> None:
    if stat.S_ISDIR(status.st_mode):
        raise IsADirectoryError
    if not stat.S_ISREG(status.st_mode):
        raise RefusalError(
            Problem("unreadable-file", "this is not a regular file", hint="use - to read from standard input")
        )
    check_size(status.st_size)


def _describe_failure(error: Exception) -> str:
    match error:
        case FileNotFoundError() | NotADirectoryError():
            return "there is no such file"
        case IsADirectoryError():
            return "this is a directory, not a file"
        case PermissionError():
            return "the file may not be read: permission denied"
        case OSError(strerror=str(reason)):
            return f"the file cannot be read: {reason}"
        case _:
            return "this is not the name of a file"
