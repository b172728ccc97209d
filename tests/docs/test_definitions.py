"""What the documentation shows as YAML is what Stepfile takes, and what it says of mistakes is what is said.

A block that begins with `dsl:` is a whole definition: without a problem, unless a block of text after it, in the
same section, shows problems: then exactly those. Other YAML on the pages of the language is a part of a definition.
"""

from __future__ import annotations

import re
from textwrap import indent

import pytest

from dsl.check import check
from dsl.problems.render import render_text
from dsl.reading.reader import find_files, read_text
from tests.docs.pages import DOCS, Block, all_blocks, blocks

OF_THE_LANGUAGE = (
    *(DOCS / "reference" / f"{page}.md" for page in ("language", "steps", "blocks", "messages")),
    *(DOCS / "reference" / f"{page}.md" for page in ("retries", "failures", "undoing")),
    *(DOCS / "how-to" / f"{page}.md" for page in ("handle-failures", "wait-for-a-person", "keep-an-entity")),
)

_PROBLEM = re.compile(r"([\w.-]+\.yaml):\d+:\d+: ")
_COMMENTS = re.compile(r"\A(?:#[^\n]*\n)*")


def _is_whole(block: Block) -> bool:
    return _COMMENTS.sub("", block.text).startswith("dsl:")


WHOLE = [block for block in all_blocks("yaml") if _is_whole(block)]
PARTS = [block for block in all_blocks("yaml") if block.page in OF_THE_LANGUAGE and not _is_whole(block)]


@pytest.mark.parametrize("block", WHOLE, ids=lambda block: block.place)
def test_a_definition_has_the_problems_that_are_shown(block: Block) -> None:
    shown = _problems_shown(block)
    named = _PROBLEM.match(shown)
    checked = check(read_text(block.text, named[1] if named else "example.yaml", _files_beside(block)))
    assert render_text(checked.problems, checked.source) == shown


@pytest.mark.parametrize("block", PARTS, ids=lambda block: block.place)
def test_a_part_of_a_definition_has_no_errors(block: Block) -> None:
    checked = check(read_text(_completed(block.text)))
    errors = [problem for problem in checked.problems if problem.severity == "error"]
    assert not errors, render_text(errors, checked.source)


def _files_beside(definition: Block) -> dict[str, str]:
    """The files of its bundle, where the page shows them."""
    shown = {block.file: block.text for block in blocks(definition.page)}
    named = find_files(read_text(definition.text).data)
    return {name: shown[path] for name, path in named if path in shown}


def _problems_shown(definition: Block) -> str:
    """The problems in the same section before the next YAML; empty if there are none."""
    for block in blocks(definition.page):
        if block.line > definition.line and block.section == definition.section:
            if block.language == "yaml":
                break
            if block.language == "text" and _PROBLEM.match(block.text):
                return block.text
    return ""


def _completed(part: str) -> str:
    """Some steps, or some keys of the top level, as a whole definition."""
    text = f"steps:\n{indent(part, '  ')}" if part.startswith("- ") else part
    missing = {
        "dsl": '"1"',
        "name": "example",
        "steps": "[{wait: 1s}]",
        "defaults": "{timeouts: {start_to_close: 1m}}",
    }
    added = [f"{key}: {value}\n" for key, value in missing.items() if not re.search(f"^{key}:", text, re.M)]
    return "".join((*added, text))
