"""The background that completes and processes requests after their answer."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any, Final

import structlog

from candor.intake import metrics
from candor.intake.intake import KEPT, Intake, reason
from candor.intake.requests import queue
from candor.intake.requests.content import Content
from candor.intake.requests.opening import CODE, Opening
from candor.intake.requests.queue import Waiting
from candor.intake.requests.table import FAILED, WAITING
from candor.intake.requests.writing import Request
from candor.intake.source import completion_of
from candor.ops.rounds import Rounds
from candor.store.errors import RETRIABLE, StoreUnavailable
from candor.web.http.problems import Problem

AT_ONCE: Final = 8
"""Requests of one sender that are completed at once: its system is asked by no more calls."""
CALL_SECONDS: Final = 10.0
IDLE_SECONDS: Final = 0.25
AGAIN_SECONDS: Final = 5.0
MEASURED_SECONDS: Final = 15.0
log: Final = structlog.get_logger("candor.requests")


class WaitingRequests(Rounds):
    """Claims what is due, sender by sender; one whose system is slow or away delays nobody else's.

    A process that dies leaves its claims, which end by themselves; what was taken before is not taken again.
    """

    name = "requests"

    def __init__(
        self, intake: Intake[Any, Any], opening: Opening, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        super().__init__()
        self._intake = intake
        self._opening = opening
        self._monotonic = monotonic
        self._measured = float("-inf")
        self._running: dict[str, asyncio.Task[None]] = {}

    async def round(self) -> float:
        """Begin what is due; if the database is away, try again in some seconds."""
        try:
            await self.begin()
            if self._monotonic() - self._measured >= MEASURED_SECONDS:
                await self.measure()
                self._measured = self._monotonic()
        except (StoreUnavailable, *RETRIABLE) as error:
            log.warning("stored requests not looked at", reason=str(error)[:300], again_in_seconds=AGAIN_SECONDS)
            return AGAIN_SECONDS
        return IDLE_SECONDS

    async def stop(self) -> None:
        """End after what was begun; what was claimed and not begun is given back."""
        await super().stop()
        if self._running:
            await asyncio.wait([*self._running.values()])

    async def clear(self) -> int:
        """Work off all that is due now; returns how many requests. For tests and tools."""
        number = 0
        while claimed := await self.begin():
            number += claimed
            await asyncio.gather(*self._running.values())
        return number

    async def begin(self) -> int:
        """Claim what is due of senders of whom nothing is under way, and begin it; returns how many."""
        claimed = await queue.claim(self._intake.database, list(self._running))
        by_sender: dict[str, list[Waiting]] = defaultdict(list)
        for row in claimed:
            by_sender[row.source].append(row)
        for sender, rows in by_sender.items():
            self._running[sender] = asyncio.create_task(self._of_sender(sender, rows))
        return len(claimed)

    async def measure(self) -> None:
        """Show how many wait or were given up, and how old the oldest is."""
        found = await queue.left(self._intake.database)
        metrics.REQUESTS_LEFT.clear()
        metrics.REQUESTS_OLDEST.clear()
        for one in found:
            metrics.REQUESTS_LEFT.labels(one.source, one.state).set(one.number)
            if one.state == WAITING:
                metrics.REQUESTS_OLDEST.labels(one.source).set(one.age)

    async def _of_sender(self, sender: str, rows: Sequence[Waiting]) -> None:
        together = asyncio.Semaphore(AT_ONCE)
        unbegun: list[str] = []

        async def one(row: Waiting) -> None:
            async with together:
                if self._stopping.is_set():
                    unbegun.append(row.request_id)
                else:
                    await self._one(row)

        try:
            await asyncio.gather(*(one(row) for row in rows))
            if unbegun:
                await queue.release(self._intake.database, unbegun)
        except (StoreUnavailable, *RETRIABLE) as error:
            # Its claim ends by itself.
            log.warning("stored requests not worked off", sender=sender, reason=str(error)[:300])
        except Exception:
            log.exception("stored requests of a sender failed", sender=sender)
        finally:
            del self._running[sender]

    async def _one(self, row: Waiting) -> None:
        try:
            await self._process(row)
        except (StoreUnavailable, *RETRIABLE):
            raise
        except Problem as problem:
            if problem.code == CODE:
                self._given_up(row, reason(problem))
                await queue.give_up(self._intake.database, row.request_id, reason(problem))
            elif problem.status in KEPT:
                await self._intake.refuse(stored(row), problem)
            else:
                await self._later(row, reason(problem) or problem.title, asked(problem))
        except TimeoutError:
            await self._later(row, f"its system did not answer within {CALL_SECONDS:g} s")
        except Exception as error:
            log.exception("stored request not completed", sender=row.source, request=row.request_id)
            await self._later(row, type(error).__name__)

    async def _process(self, row: Waiting) -> None:
        content = self._opening.content(row.completed or row.sealed)
        webhook = self._opening.webhook(row.source, content)
        complete = completion_of(self._intake.sources[webhook.read_as])
        if row.completed is None and complete is not None:
            async with asyncio.timeout(CALL_SECONDS):
                webhook = await complete(webhook)
            whole = Content(webhook.id, webhook.media_type, dict(webhook.headers), webhook.raw)
            if not await queue.completed(self._intake.database, row.request_id, self._opening.vault.seal(whole)):
                return
        await self._intake.process(webhook, stored(row), heard=False)

    async def _later(self, row: Waiting, why: str, seconds: float = 0.0) -> None:
        if await queue.later(self._intake.database, row, why, seconds):
            self._given_up(row, why)

    def _given_up(self, row: Waiting, why: str) -> None:
        metrics.REQUESTS.labels(row.source, FAILED).inc()
        log.error("stored request given up", sender=row.source, request=row.request_id, reason=why)


def asked(problem: Problem) -> float:
    """The seconds of a problem's Retry-After; 0 without one."""
    said = problem.headers.get("Retry-After", "")
    return float(said) if said.isdecimal() else 0.0


def stored(row: Waiting) -> Request:
    """The request of a claimed row, to say what became of it."""
    return Request(
        request_id=row.request_id,
        source=row.source,
        read_as=row.read_as,
        sealed=row.sealed,
        size=row.size,
        received_at=row.received_at,
        known=True,
    )
