"""The shape of a definition: frozen data, no behaviour. Each file is one concept of the language."""

from dsl.model.definition import Defaults, Definition, OnFailure, Saga
from dsl.model.policies import (
    ActivityTimeouts,
    DeadlineTimeouts,
    RetryPolicy,
    RetryRef,
    WorkflowTimeouts,
)
from dsl.model.steps import (
    COMPENSATION_KINDS,
    STEP_KINDS,
    ActivityAction,
    ActivityCompensation,
    ActivityStep,
    After,
    BlockCompensation,
    BlockStep,
    Compensation,
    RaiseStep,
    ReturnStep,
    SetStep,
    Step,
    WaitStep,
)

__all__ = [
    "COMPENSATION_KINDS",
    "STEP_KINDS",
    "ActivityAction",
    "ActivityCompensation",
    "ActivityStep",
    "ActivityTimeouts",
    "After",
    "BlockCompensation",
    "BlockStep",
    "Compensation",
    "DeadlineTimeouts",
    "Defaults",
    "Definition",
    "OnFailure",
    "RaiseStep",
    "RetryPolicy",
    "RetryRef",
    "ReturnStep",
    "Saga",
    "SetStep",
    "Step",
    "WaitStep",
    "WorkflowTimeouts",
]
