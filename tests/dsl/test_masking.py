"""A value that looks like a secret is printed nowhere: in no line, no message, and no format."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from dsl.check import check
from dsl.problems.problem import Problem
from dsl.problems.render import render_github, render_json, render_text
from dsl.reading.reader import read_text
from dsl.rules.activities import ArgumentType, Catalogue, Signature
from dsl.source.map import SourceMap

SECRET = "ghp_" + "exampleexampleexampleexampleexample0" * 2
NUMBER = ArgumentType("number", "int", lambda value: isinstance(value, int))
CATALOGUE = Catalogue({"pay": Signature("(number: int)", 1, 1, (NUMBER,))})

Render = Callable[[Sequence[Problem], SourceMap], str]


def show(steps: str, render: Render) -> str:
    text = f'dsl: "1"\nname: x\ndefaults: {{timeouts: {{start_to_close: 5s}}}}\nsteps:\n{steps}\n'
    checked = check(read_text(text, "x.yaml"), CATALOGUE)
    assert "secret" in [problem.code for problem in checked.problems]
    return render(checked.problems, checked.source)


@pytest.mark.parametrize("render", [render_text, render_json, render_github])
@pytest.mark.parametrize(
    "steps",
    [
        f"  - {{activity: pay, args: [{SECRET}]}}",
        f"  - {{activity: pay, args: ['{SECRET}'], retyr: fast}}",
        f"  - activity: pay\n    args:\n      - >-\n        {SECRET}",
        f"  - {{activity: pay, args: [{'x' * 100}, {SECRET}]}}",
    ],
    ids=["quoted in a message", "beside another problem", "in a block", "in a long line"],
)
def test_no_part_of_a_secret_is_printed(steps: str, render: Render) -> None:
    assert SECRET[:8] not in show(steps, render)


def test_the_rest_of_the_line_is_shown_and_the_caret_is_in_its_place() -> None:
    line = "  - {activity: pay, args: [AKIAEXAMPLEEXAMPLE00], retyr: fast}"
    masked = line.replace("AKIAEXAMPLEEXAMPLE00", "*" * 20)
    carets = f"{' ' * line.index('retyr')}^^^^^"
    assert f"    {masked}\n    {carets}\n" in show(line, render_text)
