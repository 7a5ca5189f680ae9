"""What promise-svc learns from `answers`: what customers said on their pages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from candor.messaging.consumer import Work
from candor.messaging.transaction import NothingLeft
from candor.store.unit_of_work import UnitOfWork
from promise_svc.service import answers


class AnswersHandler(NothingLeft):
    """Keeps no state in memory: every decision reads the tables."""

    topics: tuple[str, ...] = ("answers",)
    broadcast: tuple[str, ...] = ()

    async def load(self, connection: Any, partition: int, *, first: bool) -> bool:  # noqa: ARG002
        """Nothing to read."""
        return False

    def drop(self, partition: int) -> None:
        """Nothing to release."""

    async def apply(self, uow: UnitOfWork, work: Sequence[Work], *, tick: bool) -> None:  # noqa: ARG002
        """Apply answers in event order."""
        await answers.take(uow, [message for piece in work for message in piece.messages])
