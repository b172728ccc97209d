"""The model is the shape of a definition: frozen data without behaviour. Each file is one concept of the language."""

from dsl.model.alerts import Alert
from dsl.model.blocks import BlockStep, Case, DefaultCase, ParallelStep, RaceStep, SwitchStep
from dsl.model.breakers import BreakerReference, CircuitBreaker, CircuitBreakerRef, OnOpen, SlidingWindow
from dsl.model.calls import ActivityAction, Call, HttpAction
from dsl.model.children import ChildWorkflow, ChildWorkflowAction, get_child_workflow
from dsl.model.common import CatchClause, Common, DeadlineStep
from dsl.model.compensations import (
    COMPENSATION_KINDS,
    ActivityCompensation,
    After,
    BlockCompensation,
    ChildWorkflowCompensation,
    Compensation,
    CompensationCommon,
    HttpCompensation,
    Undoable,
)
from dsl.model.dead_letters import DeadLetter, DeadLetterQueue, DeadLetterRef
from dsl.model.definition import BundledDefinition, Defaults, Definition, OnFailure, Saga
from dsl.model.http import HttpRequest
from dsl.model.loops import ForEachStep, Pages, PagingCall, RepeatStep, Repetition
from dsl.model.messages import (
    Awaited,
    SignalDeclaration,
    SignalStep,
    SignalToSend,
    UpdateDeclaration,
    WaitForStep,
)
from dsl.model.plain import RaiseStep, ReturnStep, SetStep, WaitStep, WaitUntilStep
from dsl.model.policies import (
    ActivityTimeouts,
    DeadlineTimeouts,
    RetryClause,
    RetryPolicy,
    RetryRef,
    WorkflowTimeouts,
)
from dsl.model.services import ActivityStep, CancellationType, ChildWorkflowStep, HttpStep, ServiceStep
from dsl.model.steps import BLOCKS, LEAVES, STEP_KINDS, Block, Step
from dsl.model.values import Percent

__all__ = [
    "BLOCKS",
    "COMPENSATION_KINDS",
    "LEAVES",
    "STEP_KINDS",
    "ActivityAction",
    "ActivityCompensation",
    "ActivityStep",
    "ActivityTimeouts",
    "After",
    "Alert",
    "Awaited",
    "Block",
    "BlockCompensation",
    "BlockStep",
    "BreakerReference",
    "BundledDefinition",
    "Call",
    "CancellationType",
    "Case",
    "CatchClause",
    "ChildWorkflow",
    "ChildWorkflowAction",
    "ChildWorkflowCompensation",
    "ChildWorkflowStep",
    "CircuitBreaker",
    "CircuitBreakerRef",
    "Common",
    "Compensation",
    "CompensationCommon",
    "DeadLetter",
    "DeadLetterQueue",
    "DeadLetterRef",
    "DeadlineStep",
    "DeadlineTimeouts",
    "DefaultCase",
    "Defaults",
    "Definition",
    "ForEachStep",
    "HttpAction",
    "HttpCompensation",
    "HttpRequest",
    "HttpStep",
    "OnFailure",
    "OnOpen",
    "Pages",
    "PagingCall",
    "ParallelStep",
    "Percent",
    "RaceStep",
    "RaiseStep",
    "RepeatStep",
    "Repetition",
    "RetryClause",
    "RetryPolicy",
    "RetryRef",
    "ReturnStep",
    "Saga",
    "ServiceStep",
    "SetStep",
    "SignalDeclaration",
    "SignalStep",
    "SignalToSend",
    "SlidingWindow",
    "Step",
    "SwitchStep",
    "Undoable",
    "UpdateDeclaration",
    "WaitForStep",
    "WaitStep",
    "WaitUntilStep",
    "WorkflowTimeouts",
    "get_child_workflow",
]
