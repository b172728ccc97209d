"""From a path back to the step: also inside iterations, whose steps are in no program."""

from __future__ import annotations

from interpreter.program import Node, Program


def node_at(program: Program, path: str, key_frame: str) -> Node:
    """The step with this path.

    Args:
        program: The definition.
        path: `charge`, or in an iteration `charge_all[3]/charge`.
        key_frame: That of the iteration; "" outside of loops.

    Raises:
        KeyError: the definition has no such step.
    """
    frame, slash, name = path.rpartition("/")
    node = program.nodes[name]
    return node.in_frame(f"{frame}/", key_frame) if slash else node
