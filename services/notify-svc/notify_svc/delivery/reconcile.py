"""Turns pending deliveries into sent, unknown or failed: claims them, sends a few at a time, ends old claims."""

from __future__ import annotations

import asyncio
import os
import socket
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Final
from uuid import uuid4

import structlog

from candor.contracts import NoticeState, Statement
from candor.ops.liveness import Liveness
from candor.store.errors import StoreUnavailable
from candor.store.unit_of_work import unit_of_work
from notify_svc import metrics
from notify_svc.delivery import claims, resolve
from notify_svc.delivery.claims import Claim
from notify_svc.delivery.mass import Guard
from notify_svc.delivery.postman import Postman

POLL_SECONDS: Final = 0.2
EXPIRE_SECONDS: Final = 1.0
FORGET_SECONDS: Final = 1.0
STOP_SECONDS: Final = 15.0
NOT_SENT: Final = (NoticeState.UNKNOWN, NoticeState.FAILED, NoticeState.HELD)
"""How a message that was to go out may end without a yes."""
log = structlog.get_logger("notify.reconcile")


class Reconciler:
    """The background sender; several processes may run one each, and only one holds a delivery at a time."""

    name = "sender"

    def __init__(self, postman: Postman, *, concurrency: int = 8, guard: Guard | None = None) -> None:
        self._postman = postman
        self._guard = guard or Guard(postman.database)
        self._concurrency = concurrency
        self._owner = f"{socket.gethostname()}-{os.getpid()}-{uuid4().hex[:6]}"
        self._running: set[asyncio.Task[None]] = set()
        self._round = claims.Round(joint=postman.joint)
        self._stopping = asyncio.Event()
        self._stopped = asyncio.Event()
        self._next_expire = 0.0
        self._next_forget = 0.0
        self._liveness = Liveness()
        # There from the start: of a series that begins with its first count, that count is not seen.
        for state in NOT_SENT:
            for statement in Statement:
                metrics.NOTICES_TOTAL.labels(state.value, statement.value).inc(0)

    @property
    def standing_still(self) -> bool:
        """Whether turns fail or never end."""
        return self._liveness.stuck

    def held(self) -> int:
        """Customers to whom letters were due when a mass of them was held; 0 while none is."""
        hold = self._guard.held
        return hold.customers if hold else 0

    async def run(self) -> None:
        """Send until `stop`; survives outages of the database and of the mail server."""
        try:
            while not self._stopping.is_set():
                try:
                    await self._turn()
                    self._liveness.beat()
                except StoreUnavailable as error:
                    log.warning(
                        "database unavailable, trying again",
                        reason=error.detail,
                        consequence="nothing is sent meanwhile",
                    )
                    await self._pause(1.0)
                await self._room()
        finally:
            await self._end()
            self._stopped.set()

    async def stop(self) -> None:
        """Stop claiming, and let attempts under way finish."""
        self._stopping.set()
        await self._stopped.wait()

    async def once(self) -> int:
        """Run one turn, wait for its attempts, and return how many there were. For tests and tools."""
        await self._turn()
        running = list(self._running)
        await asyncio.gather(*running)
        return len(running)

    async def _turn(self) -> None:
        now = time.monotonic()
        postman = self._postman
        if now >= self._next_expire:
            self._next_expire = now + EXPIRE_SECONDS
            async with unit_of_work(postman.database) as uow:
                if expired := await claims.expire(uow, postman.clock.now(), postman.patience.lease):
                    log.warning("claims expired", count=expired, consequence="unsent ones wait again, others are held")
        if now >= self._next_forget:
            more = await resolve.forget_previews(postman.database, postman.clock.now())
            self._next_forget = 0.0 if more else now + FORGET_SECONDS
        room = self._concurrency - len(self._running)
        if room <= 0:
            return
        await self._guard.look(postman.clock.now())
        if not await claims.due(postman.database):
            self._round.again()
            return
        async with unit_of_work(postman.database) as uow:
            taken = await claims.claim(
                uow,
                self._owner,
                list(postman.reach.channels),
                room,
                postman.patience.lease,
                postman.patience.freshest,
                postman.clock.now(),
                self._round,
            )
        for letter in claims.letters(taken, self._round.joint):
            task = asyncio.create_task(self._deliver(letter))
            self._running.add(task)
            task.add_done_callback(self._running.discard)

    async def _deliver(self, letter: Sequence[Claim]) -> None:
        first = letter[0].notice_id
        try:
            await self._postman.deliver(letter)
        except StoreUnavailable as error:
            log.warning("database unavailable during an attempt, left to its lease", notice=first, reason=error.detail)
        except Exception as error:
            # The lease ends the claim based on what was committed; one bad notice must not stop the others.
            log.exception("attempt failed", notice=first, error=type(error).__name__)

    async def _room(self) -> None:
        # At full concurrency, the next claim waits for a free slot and not for the clock.
        if len(self._running) < self._concurrency:
            await self._pause(POLL_SECONDS)
        elif self._running:
            await asyncio.wait(self._running, timeout=POLL_SECONDS, return_when=asyncio.FIRST_COMPLETED)

    async def _pause(self, seconds: float) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), seconds)

    async def _end(self) -> None:
        if self._running:
            await asyncio.wait(self._running, timeout=STOP_SECONDS)
        for task in self._running:
            task.cancel()
