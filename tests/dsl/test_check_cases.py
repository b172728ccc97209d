"""Definitions and what is said of them: `err/` have errors, `ok/` at most warnings. Tests are data.

`python -m tests.dsl.test_check_cases` writes the expected output anew; read the difference before committing it.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from dsl.check import Checked, check
from dsl.json_schema.schema import build_workflow_schema
from dsl.parsing.parse import parse
from dsl.problems.codes import CODES, FORM
from dsl.problems.render import render_text
from dsl.reading.reader import find_files, read_file, read_text

ROOT = Path(__file__).parents[2]
CASES = ROOT / "tests" / "cases"
ERR = sorted((CASES / "err").glob("*.yaml"))
OK = sorted((CASES / "ok").glob("*.yaml"))
SHIPPED = sorted(file for file in (ROOT / "definitions").glob("*.yaml") if "rehearsal" not in file.name)
RUN = sorted(file for file in (CASES / "run").glob("*.yaml") if not file.name.endswith(".case.yaml"))


def by_name(file: Path) -> str:
    return f"{file.parent.name}/{file.stem}"


def checked(file: Path) -> Checked:
    text = file.read_text(encoding="utf-8")
    beside = {name: file.parent / path for name, path in find_files(read_text(text).data)}
    files = {name: part.read_text(encoding="utf-8") for name, part in beside.items() if part.is_file()}
    return check(read_text(text, file.name, files))


def said(file: Path) -> str:
    result = checked(file)
    return render_text(result.problems, result.source)


@pytest.mark.parametrize("file", [*ERR, *OK], ids=by_name)
def test_what_is_said_of_a_definition(file: Path) -> None:
    assert said(file) == file.with_suffix(".out").read_text(encoding="utf-8")


@pytest.mark.parametrize("file", ERR, ids=by_name)
def test_errors_leave_no_definition(file: Path) -> None:
    assert checked(file).definition is None


@pytest.mark.parametrize("file", [*OK, *SHIPPED, *RUN], ids=by_name)
def test_what_is_right_has_a_definition(file: Path) -> None:
    assert checked(file).definition is not None


@pytest.mark.parametrize("file", SHIPPED, ids=by_name)
def test_shipped_definitions_have_not_even_a_warning(file: Path) -> None:
    assert checked(file).problems == ()


@pytest.mark.parametrize("file", [*ERR, *OK, *SHIPPED, *RUN], ids=by_name)
def test_json_schema_and_model_agree(file: Path) -> None:
    """What the schema alone finds wrong is what the model calls a mistake of form."""
    document = read_file(file)
    if not isinstance(document.data, dict):
        return
    of_form = parse(document.data).problems
    of_schemas = [each for each in check(document).problems if each.code == "bad-schema"]
    assert VALIDATOR.is_valid(document.data) == (not of_form and not of_schemas)


def misspell_each_key(data: Any) -> Iterator[Any]:
    """The data as often as it has keys, each time with another one misspelt."""
    match data:
        case dict():
            for key, value in data.items():
                yield {(f"{name}x" if name == key else name): each for name, each in data.items()}
                yield from ({**data, key: inner} for inner in misspell_each_key(value))
        case list():
            for place, value in enumerate(data):
                yield from ([*data[:place], inner, *data[place + 1 :]] for inner in misspell_each_key(value))


@pytest.mark.parametrize("file", SHIPPED, ids=by_name)
def test_json_schema_and_model_agree_on_each_misspelt_key(file: Path) -> None:
    data = read_file(file).data
    assert isinstance(data, dict)
    for misspelt in misspell_each_key({key: value for key, value in data.items() if key != "input"}):
        assert VALIDATOR.is_valid(misspelt) == (not parse(misspelt).problems), misspelt


VALIDATOR = Draft202012Validator(build_workflow_schema())


def test_every_code_is_in_the_catalogue_and_has_a_case() -> None:
    seen = {problem.code for file in [*ERR, *OK] for problem in checked(file).problems}
    assert seen <= set(CODES)
    assert set(FORM) <= seen


@pytest.mark.parametrize("file", ERR, ids=by_name)
def test_no_library_speaks_to_the_user(file: Path) -> None:
    words = (
        "pydantic",
        "ruamel",
        "jsonschema",
        "dict",
        "NoneType",
        "None",
        "tuple",
        "Traceback",
        "True",
        "False",
    )
    messages = [f"{problem.message} {problem.hint or ''}" for problem in checked(file).problems]
    assert not [(word, text) for word in words for text in messages if f" {word}" in text]


if __name__ == "__main__":
    for file in [*ERR, *OK]:
        file.with_suffix(".out").write_text(said(file), encoding="utf-8")
