"""One transaction for state, offsets, dead letters and outgoing events: the only code of Candor that commits."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, NamedTuple

from candor.records.packing import Row, pack
from candor.store import dead_letter, layout, lease, outbox
from candor.store.db import Connection, Database, drop
from candor.store.errors import AmbiguousCommit, LimitReached, LinkBroken, TransactionAborted, definite, unavailable

if TYPE_CHECKING:
    from candor.contracts import Message
    from candor.records.origin import Signer
    from candor.store.dead_letter import DeadLetter
    from candor.store.errors import StoreUnavailable
    from candor.store.lease import Offsets


class Rejection(NamedTuple):
    """A message that a handler could not use; `reason` is a short stable code, `detail` contains no personal data."""

    message: Message
    reason: str
    detail: str


class UnitOfWork:
    """Collects the effects of one transaction; use `connection` for the service's own statements.

    Savepoints: `async with uow.savepoint():`. If a statement's error is swallowed, commit raises TransactionAborted
    because the server has already aborted the transaction.
    """

    def __init__(self, connection: Connection, partitions: int, signer: Signer | None = None) -> None:
        self.connection = connection
        self.partitions = partitions
        self._signer = signer
        self.rejected: list[Rejection] = []
        self._messages: list[Message] = []
        self._dead: list[DeadLetter] = []
        self._offsets: Offsets | None = None

    def emit(self, messages: Iterable[Message]) -> None:
        """Send `messages` if and only if this transaction commits; order is kept per key."""
        self._messages.extend(messages)

    def retract(self, unwanted: Callable[[Message], bool]) -> int:
        """Withdraw messages that this transaction was going to send; return the number."""
        kept = [message for message in self._messages if not unwanted(message)]
        taken, self._messages = len(self._messages) - len(kept), kept
        return taken

    def reject(self, message: Message, reason: str, detail: str) -> None:
        """Give up on `message` while the others continue; the consumer finds its record and buries it."""
        self.rejected.append(Rejection(message, reason, detail))

    def advance(self, offsets: Offsets) -> None:
        """Write the next offsets when this transaction commits, and with its events: a statement is a wait."""
        self._offsets = offsets

    def bury(self, letters: Iterable[DeadLetter]) -> None:
        """Keep `letters` as dead letters if and only if this transaction commits."""
        self._dead.extend(letters)

    @asynccontextmanager
    async def savepoint(self) -> AsyncIterator[None]:
        """Undo only the statements inside if an exception leaves the block."""
        await self.connection.execute("SAVEPOINT inner_step")
        try:
            yield
        except Exception:
            await self.connection.execute("ROLLBACK TO SAVEPOINT inner_step; RELEASE SAVEPOINT inner_step")
            raise
        await self.connection.execute("RELEASE SAVEPOINT inner_step")

    async def _save(self) -> bool:
        if self._dead:
            await dead_letter.write(self.connection, self._dead)
        if not self._messages:
            if self._offsets is not None:
                await lease.advance(self.connection, self._offsets)
            return False
        while not await outbox.write(self.connection, self._packed(), self.partitions, self._offsets):
            # The partitions were grown: this process is about to end, and what it still says goes to their new places.
            grown = await layout.read(self.connection)
            if grown is None:
                raise TransactionAborted("no outbox row was written")
            self.partitions = grown.partitions
        return True

    def _packed(self) -> list[Row]:
        return pack(self._messages, self.partitions, self._signer)


@asynccontextmanager
async def unit_of_work(database: Database, *, durable: bool = True) -> AsyncIterator[UnitOfWork]:
    """Commit the block's work, or nothing if it raises.

    Raises StoreUnavailable if the database is away, stuck or full (nothing saved), LimitReached if the work took longer
    than we allow, AmbiguousCommit if COMMIT was never answered. `durable=False` does not wait for the disk: only for
    work whose loss is repaired by repeating it.
    """
    connection = await database.acquire("BEGIN" if durable else "BEGIN; SET LOCAL synchronous_commit = off")
    begun = time.monotonic()
    try:
        uow = UnitOfWork(connection, database.partitions, database.signer)
        try:
            yield uow
            wrote = await uow._save()
        except BaseException as error:
            await _roll_back(connection)
            known = _named(error, overdue=database.overdue(begun))
            if known is None or known is error:
                raise
            raise known from error
        await _commit(connection, overdue=database.overdue(begun))
    finally:
        await database.release(connection)
    if wrote:
        database.written.set()


def _named(error: BaseException, *, overdue: bool) -> StoreUnavailable | None:
    known = unavailable(error)
    # The server ends a transaction that it does not hear from; how we learn of it depends on what we did meanwhile.
    if isinstance(error, TimeoutError) or (overdue and isinstance(known, LinkBroken)):
        return LimitReached(f"the transaction took too long: {type(error).__name__}")
    return known


async def _roll_back(connection: Connection) -> None:
    try:
        await connection.execute("ROLLBACK", timeout=5)
    except BaseException:
        # An open transaction must never return to the pool: the next user would commit it.
        drop(connection)


async def _commit(connection: Connection, *, overdue: bool) -> None:
    commit = asyncio.ensure_future(connection.execute("COMMIT"))
    try:
        status = await asyncio.shield(commit)
    except asyncio.CancelledError:
        # Cancelling a COMMIT leaves its outcome open; the answer is milliseconds away, so wait for it.
        await asyncio.wait({commit}, timeout=5)
        if not commit.done() or commit.exception() is not None:
            drop(connection)
        raise
    except Exception as error:
        if definite(error):
            raise
        drop(connection)
        raise AmbiguousCommit(f"no answer to COMMIT: {type(error).__name__}", overdue=overdue) from error
    if status != "COMMIT":
        raise TransactionAborted("a failed statement was ignored; nothing was saved")
