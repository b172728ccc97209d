"""What a worker may lack on purpose, so that the soak is seen to find it."""

from __future__ import annotations

from typing import Final

UNGUARDED: Final = "SOAK_UNGUARDED"
"""The environment variable that says what a worker lacks."""

GUARDS: Final = {
    "never asks": "a run does not hear that it was reset",
    "goes on": "a run counts what was undone, and goes on with steps that are no more",
    "tells no child": "a run does not tell its children what was undone of their work before",
}
"""What can be lacking, and what it means."""
