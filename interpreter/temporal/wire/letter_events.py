"""What becomes of dead letters, and how those who count and log it hear of that.

As with runs (`interpreter.temporal.wire.listening`), interceptors of the worker offer one function, and the entity of
a letter calls it if it is there.
"""

from __future__ import annotations

from collections.abc import Callable, MutableMapping
from dataclasses import dataclass
from typing import TypeAlias

from temporalio.worker import WorkflowInterceptorClassInput

from interpreter.letters.orders import Outcome
from interpreter.letters.summary import LetterSummary

LETTER_EXTERN = "stepfile_observe_letter"
"""The name of the function among the extern functions of a workflow."""


@dataclass(frozen=True, slots=True)
class LetterChanged:
    """A letter has another state than before, or an order was refused."""

    letter: LetterSummary
    order: Outcome | None
    """The order that has done it, or was refused; None: the effect has failed again."""


LetterListener: TypeAlias = Callable[[LetterChanged], None]


def set_letter_listener(input: WorkflowInterceptorClassInput, listener: LetterListener) -> None:
    """Let somebody hear what becomes of the letters of a worker.

    Args:
        input: What temporalio hands to interceptors when a worker is made.
        listener: Is told of each change.
    """
    # temporalio says `Callable` without the types of parameters and result.
    functions: MutableMapping[str, LetterListener] = input.unsafe_extern_functions  # pyright: ignore
    functions[LETTER_EXTERN] = listener
