"""Many requests in one transaction: they share an fsync, and each request gets its own answer."""

from __future__ import annotations

import asyncio
import itertools
import random
import time
from collections.abc import Awaitable, Callable, Sequence
from contextvars import Context
from typing import Final, Generic, TypeVar

from asyncpg import UniqueViolationError

from candor.store import metrics
from candor.store.db import Database
from candor.store.errors import RETRIABLE, LinkBroken, Overloaded, StoreUnavailable
from candor.store.fair_queue import FairQueue, Lane
from candor.store.outbox import Backlog
from candor.store.unit_of_work import UnitOfWork, unit_of_work

C = TypeVar("C")
R = TypeVar("R")

ATTEMPTS: Final = 4
NOBODYS: Final = Lane()
SHARE: Final = 0.75
"""Of the commands that may wait, what one caller's may be."""
# A key that another process has just inserted can be read when the command is retried.
AGAIN: Final = (*RETRIABLE, UniqueViolationError)

Apply = Callable[[UnitOfWork, Sequence[C]], Awaitable[Sequence[R | Exception]]]


class GroupCommit(Generic[C, R]):
    """Applies commands in shared transactions of at most `largest`, one transaction at a time.

    Commands are applied in order of arrival within their lane, and lanes have their turns. A command waits at most
    `linger` seconds for others to join, or for the transaction before it. More than `waiting` commands, of one caller
    SHARE of that, or a full outbox, are refused with Overloaded.
    """

    def __init__(
        self,
        database: Database,
        apply: Apply[C, R],
        *,
        linger: float = 0.002,
        largest: int = 256,
        waiting: int = 4096,
        backlog: Backlog | None = None,
    ) -> None:
        self._database = database
        self._apply = apply
        self._linger = linger
        self._largest = largest
        self._waiting = waiting
        self.backlog = backlog or Backlog(database)
        self._queue: FairQueue[tuple[C, asyncio.Future[R]]] = FairQueue()
        self._groups = itertools.count()
        self._full = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._closed = False

    async def submit(self, command: C, lane: Lane = NOBODYS) -> R:
        """Apply `command`; its effects are durable when this returns.

        Raises what `apply` returned or raised for it, or StoreUnavailable. Cancelling a caller that waits takes nothing
        back: the command is applied all the same.
        """
        self._admit(1, lane.caller)
        return await self._enqueue(lane, command)

    async def submit_all(self, commands: Sequence[C], caller: str = "") -> list[R | BaseException]:
        """Apply `commands` in this order; return a result or an error for each, durable when this returns.

        They are a lane of their own among those of their `caller`.

        Raises only what refuses all of them: Overloaded, or StoreUnavailable while shutting down.
        """
        lane = Lane(caller, next(self._groups))
        self._admit(len(commands), caller)
        return await asyncio.gather(*[self._enqueue(lane, command) for command in commands], return_exceptions=True)

    def _admit(self, number: int, caller: str) -> None:
        if self._closed:
            raise StoreUnavailable("the service is shutting down")
        if len(self._queue) + number > self._waiting:
            raise Overloaded(f"{len(self._queue)} requests wait for the database already")
        # Of what may wait some is left for everybody else.
        if caller and self._queue.held(caller) + number > self._waiting * SHARE:
            raise Overloaded(f"{self._queue.held(caller)} requests of this caller wait for the database already")
        self.backlog.check()

    def _enqueue(self, lane: Lane, command: C) -> asyncio.Future[R]:
        future: asyncio.Future[R] = asyncio.get_running_loop().create_future()
        self._queue.put(lane, (command, future))
        if self._task is None or self._task.done():
            # An empty context: a batch must not log under the trace of the request that happened to start it.
            self._task = asyncio.get_running_loop().create_task(self._drain(), context=Context())
        elif len(self._queue) >= self._largest:
            self._full.set()
        return future

    async def close(self) -> None:
        """Refuse new commands and return once those already accepted are answered."""
        self._closed = True
        self._full.set()
        if self._task is not None:
            await asyncio.wait({self._task})
        await self.backlog.close()

    async def _drain(self) -> None:
        if len(self._queue) < self._largest and not self._closed:
            self._full.clear()
            # wait_for costs a task; a timer on the loop does the same for a fifth of the cost.
            timer = asyncio.get_running_loop().call_later(self._linger, self._full.set)
            await self._full.wait()
            timer.cancel()
        while self._queue:
            await self._run(self._queue.take(self._largest))

    async def _run(self, batch: Sequence[tuple[C, asyncio.Future[R]]]) -> None:
        """Answer every command of `batch`: together if that works, else in halves until the failing one is isolated."""
        try:
            results = await self._transaction([command for command, _ in batch])
        except StoreUnavailable as error:
            for _, future in batch:
                _answer(future, error)
        except Exception as error:
            if len(batch) == 1:
                _answer(batch[0][1], error)
                return
            middle = len(batch) // 2
            await self._run(batch[:middle])
            await self._run(batch[middle:])
        else:
            for (_, future), result in zip(batch, results, strict=True):
                _answer(future, result)

    async def _transaction(self, commands: Sequence[C]) -> Sequence[R | Exception]:
        broken = False
        for attempt in range(1, ATTEMPTS + 1):
            try:
                began = time.perf_counter()
                async with unit_of_work(self._database) as uow:
                    results = await self._apply(uow, commands)
                    if len(results) != len(commands):
                        raise RuntimeError(f"{len(results)} results for {len(commands)} commands")
            except LinkBroken:
                # Nothing was saved because COMMIT was not sent; otherwise AmbiguousCommit would have been raised.
                if broken or attempt == ATTEMPTS:
                    raise
                broken = True
            except AGAIN as error:
                if len(commands) > 1:
                    raise
                if attempt == ATTEMPTS and isinstance(error, UniqueViolationError):
                    raise
                if attempt == ATTEMPTS:
                    raise StoreUnavailable(f"database: {type(error).__name__} {ATTEMPTS} times") from error
                await asyncio.sleep(random.uniform(0.005, 0.02) * attempt)  # noqa: S311 - jitter
            else:
                metrics.COMMIT_SECONDS.observe(time.perf_counter() - began)
                metrics.COMMIT_REQUESTS.observe(len(commands))
                return results
        raise AssertionError("unreachable")


def _answer(future: asyncio.Future[R], result: R | Exception) -> None:
    if future.done():  # its client went away
        return
    if isinstance(result, Exception):
        future.set_exception(result)
    else:
        future.set_result(result)
