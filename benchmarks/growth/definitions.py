"""The same shapes of work, for Stepfile and for its peer: so many activities in a row, and some branches of them."""

from __future__ import annotations

from itertools import pairwise

from benchmarks.growth.peer import Call, PeerDefinition, Statement

BRANCHES, STEPS_OF_A_BRANCH = 5, 4

_HEAD = """\
dsl: "1"
name: {name}
input: {{type: integer}}
defaults: {{timeouts: {{start_to_close: 1m}}, retry: {{maximum_attempts: 3}}}}
steps:
"""


def write_sequence(steps: int, *, size: int = 0) -> str:
    """Write a definition with so many activities, each of which takes what the one before gave.

    Args:
        steps: How many.
        size: How many bytes the text has at least; steps that never run fill it up.
    """
    text = _HEAD.format(name="sequence") + "".join(_write_step("s", number, "  ") for number in range(steps))
    text += f"output: ${{ steps.s{steps - 1}.result }}\n"
    if size > len(text):
        text += "on_failure:\n  steps:\n"
    number = 0
    while size > len(text):
        text += _write_step(f"after_{number}_", 0, "    ")
        number += 1
    return text


def write_branches() -> str:
    """Write a definition with parallel branches of activities."""
    lines = [_HEAD.format(name="branches"), "  - parallel:\n"]
    for branch in range(BRANCHES):
        lines.append(f"      b{branch}:\n")
        lines += (_write_step(f"b{branch}_s", number, "        ") for number in range(STEPS_OF_A_BRANCH))
    return "".join(lines)


def _write_step(prefix: str, number: int, indent: str) -> str:
    before = f"steps.{prefix}{number - 1}.result" if number else "input"
    return f'{indent}- {{id: {prefix}{number}, activity: add_one, args: ["${{ {before} }}"]}}\n'


def build_peer_sequence(steps: int, prefix: str = "s") -> Statement:
    """Build the same as `write_sequence` for the peer."""
    names = ["input", *(f"{prefix}{number}" for number in range(steps))]
    return Statement(
        sequence=[Statement(Call("add_one", [taken], given)) for taken, given in pairwise(names)]
    )


def build_peer_branches() -> Statement:
    """Build the same as `write_branches` for the peer."""
    return Statement(
        parallel=[build_peer_sequence(STEPS_OF_A_BRANCH, f"b{branch}_s") for branch in range(BRANCHES)]
    )


def build_peer_definition(root: Statement) -> PeerDefinition:
    """Build what a run of the peer is started with."""
    return PeerDefinition(root, {"input": 0})
