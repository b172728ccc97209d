"""Which Temporal a command talks to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from interpreter.temporal.client.connection import Client


@dataclass(frozen=True, slots=True)
class Connection:
    """What the options say; the environment and its profile say the rest."""

    address: str | None = None
    namespace: str | None = None
    profile: str | None = None

    def is_configured(self) -> bool:
        """Whether anybody has named a Temporal.

        Raises:
            TemporalProblem: the configuration can't be read.
        """
        from interpreter.temporal.client.connection import is_configured

        return is_configured(address=self.address, profile=self.profile)

    async def connect(self) -> Client:
        """A client whose server has answered.

        Raises:
            TemporalProblem: it can't be reached.
        """
        from interpreter.temporal.client.connection import connect

        return await connect(address=self.address, namespace=self.namespace, profile=self.profile)
