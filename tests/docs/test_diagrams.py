"""Each Mermaid diagram is well formed, as far as that can be seen without a browser.

GitHub shows an error in place of a diagram that it can't draw, and nobody notices. A real parser needs a browser, or
at least its document; these cheap checks find what is mistyped as a rule.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from tests.docs.pages import Block, all_blocks

DIAGRAMS = all_blocks("mermaid")

_KINDS = ("flowchart", "stateDiagram-v2", "sequenceDiagram")
_OPENED = re.compile(r"^\s*(?:subgraph|alt|opt|loop|par|critical|break|rect)\b", re.M)
_CLOSED = re.compile(r"^\s*end\s*$", re.M)
_TEXT = re.compile(r'"[^"\n]*"')
_ARROW = re.compile(r"--?>")
_PAIRS = {")": "(", "]": "[", "}": "{"}
_EMPTY = (
    (re.compile(r'"\s*"'), "an empty label"),
    (re.compile(r"\[\s*\]|\{\s*\}|\(\s*\)|\|\s*\|"), "an empty label"),
    (re.compile(r":\s*$", re.M), "a colon without a label after it"),
)


def find_mistakes(diagram: str) -> Iterator[str]:
    """What is wrong with a diagram, in words."""
    words = diagram.split()
    if not words or words[0] not in _KINDS:
        yield f"begins with {words[:1]}, not with one of {_KINDS}"
    for pattern, mistake in _EMPTY:
        if pattern.search(diagram):
            yield mistake
    if len(_OPENED.findall(diagram)) != len(_CLOSED.findall(diagram)):
        yield "a part without its end"
    if not _ARROW.search(diagram):
        yield "no arrow"
    for line in diagram.splitlines():
        bare = _TEXT.sub("text", line)
        if '"' in bare:
            yield f"a quote that is not closed: {line.strip()}"
        if words and words[0] == "flowchart" and not _is_balanced(bare):
            yield f"brackets that do not match: {line.strip()}"


def _is_balanced(line: str) -> bool:
    opened: list[str] = []
    for character in line:
        if character in _PAIRS.values():
            opened.append(character)
        elif character in _PAIRS and (not opened or opened.pop() != _PAIRS[character]):
            return False
    return not opened


@pytest.mark.parametrize("block", DIAGRAMS, ids=lambda block: block.place)
def test_a_diagram_is_well_formed(block: Block) -> None:
    assert not list(find_mistakes(block.text))


def test_the_explanations_have_their_diagrams() -> None:
    assert len(DIAGRAMS) >= 5


@pytest.mark.parametrize(
    ("diagram", "mistake"),
    [
        ("flowchrt TB\n a --> b", "begins with"),
        ('flowchart TB\n a[""] --> b', "an empty label"),
        ("flowchart TB\n a[] --> b", "an empty label"),
        ("stateDiagram-v2\n [*] --> A:\n", "a colon without a label"),
        ('flowchart TB\n subgraph s["one"]\n a --> b', "a part without its end"),
        ("flowchart TB\n a b", "no arrow"),
        ('flowchart TB\n a["one --> b', "a quote that is not closed"),
        ('flowchart TB\n a["one") --> b', "brackets that do not match"),
    ],
)
def test_a_mistake_is_found(diagram: str, mistake: str) -> None:
    assert any(mistake in found for found in find_mistakes(diagram))
