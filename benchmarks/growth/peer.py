"""This is another interpreter of definitions, the smallest one that can be useful.

It mirrors the sample `dsl` of Temporal's samples for Python (https://github.com/temporalio/samples-python, MIT), with
which many have begun an interpreter of their own. It is written anew. As there, a definition is a tree of activities,
sequences and parallels. An activity names the variables that it takes, and the one that gets its result. It has one
timeout, and nothing else: no conditions, errors, compensations, messages or checks.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from temporalio import workflow
from temporalio.common import RetryPolicy


@dataclass
class Call:
    """A `Call` runs one activity."""

    activity: str
    takes: list[str]
    """The variables that are its arguments."""
    gives: str
    """The variable that gets its result."""


@dataclass
class Statement:
    """A `Statement` is one of these three."""

    call: Call | None = None
    sequence: list[Statement] = field(default_factory=list)
    parallel: list[Statement] = field(default_factory=list)


@dataclass
class PeerDefinition:
    """A `PeerDefinition` is what a run is started with."""

    root: Statement
    variables: dict[str, Any]


@workflow.defn
class Peer:
    """The workflow runs any definition, and returns its variables."""

    @workflow.run
    async def run(self, definition: PeerDefinition) -> dict[str, Any]:
        self.variables = dict(definition.variables)
        await self.execute(definition.root)
        return self.variables

    async def execute(self, statement: Statement) -> None:
        """Run a statement to its end."""
        if statement.call is not None:
            await self.call(statement.call)
        for each in statement.sequence:
            await self.execute(each)
        if statement.parallel:
            await asyncio.gather(*(self.execute(each) for each in statement.parallel))

    async def call(self, call: Call) -> None:
        """Run an activity."""
        self.variables[call.gives] = await workflow.execute_activity(
            call.activity,
            args=[self.variables[name] for name in call.takes],
            start_to_close_timeout=timedelta(minutes=1),
            retry_policy=RetryPolicy(maximum_attempts=3),
        )
