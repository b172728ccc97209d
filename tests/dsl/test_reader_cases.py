"""Every file in tests/cases/yaml: its data in the `.json` beside it, its problems in the `.out`.

A file without `.json` has no usable data; one without `.out` has no problems. After a deliberate change of
words `python -m tests.dsl.test_reader_cases` writes them anew: read the diff.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dsl.problems.codes import CODES
from dsl.problems.render import render_text
from dsl.reading.reader import Document, read_bytes
from dsl.scalars.json_value import JsonValue

CASES = sorted((Path(__file__).parents[1] / "cases" / "yaml").glob("*.yaml"))


def _read(case: Path) -> Document:
    return read_bytes(case.read_bytes(), case.name)


def _rendered(document: Document) -> str:
    return render_text(document.problems, document.source)


def _dumped(data: JsonValue) -> str:
    return json.dumps(data, ensure_ascii=False, indent=1) + "\n"


def _expected(case: Path, suffix: str) -> str | None:
    file = case.with_suffix(suffix)
    return file.read_text("utf-8") if file.exists() else None


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_case(case: Path) -> None:
    document = _read(case)
    assert _rendered(document) == (_expected(case, ".out") or "")
    # As text, because the order of keys counts, and 1 is not 1.0 nor true.
    assert (_dumped(document.data) if document.data is not None else None) == _expected(case, ".json")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_problems_are_well_formed(case: Path) -> None:
    for problem in _read(case).problems:
        assert problem.code in CODES
        assert "\n" not in problem.message
        assert not problem.message.endswith(".")


def test_every_code_of_the_text_has_a_case() -> None:
    seen = {problem.code for case in CASES for problem in _read(case).problems}
    elsewhere = {
        "no-definition",
        "unreadable-file",
        "file-too-large",
        "not-utf-8",
        "control-character",
        "more-problems",
    }
    bounds = {"too-deep", "too-many-nodes", "too-many-problems", "bundle-too-large"}
    from dsl.problems.codes import READING

    assert seen == set(READING) - elsewhere - bounds


def _write() -> None:
    for case in CASES:
        document = _read(case)
        for suffix, text in {
            ".out": _rendered(document),
            ".json": _dumped(document.data) if document.data is not None else "",
        }.items():
            file = case.with_suffix(suffix)
            file.write_text(text, "utf-8") if text else file.unlink(missing_ok=True)


if __name__ == "__main__":
    _write()
