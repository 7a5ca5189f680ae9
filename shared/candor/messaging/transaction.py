"""One turn: fence, apply, bury, advance, commit for all owned partitions at once; and the search for a bad message."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import nullcontext
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple, Protocol

import structlog

from candor.contracts import CustomerErased, Message
from candor.messaging import metrics
from candor.messaging.failures import Failure, classify, describe, trail
from candor.messaging.limits import Limits
from candor.messaging.loading import Loading, Memory
from candor.messaging.planning import OwnedPartition, Place, Plan, plan
from candor.messaging.reviews import Reviews
from candor.messaging.slices import Slice, Verdict
from candor.messaging.suspicion import halves
from candor.ops import tracing
from candor.records.origin import FOREIGN, Origins
from candor.store import dead_letter, lease
from candor.store.dead_letter import HANDLER_ERROR
from candor.store.unit_of_work import Rejection, UnitOfWork, unit_of_work

if TYPE_CHECKING:
    from candor.store.db import Database

log = structlog.get_logger("candor.consumer")

Batch = dict[int, list[Slice]]
Plans = list[tuple[Slice, Plan]]
Holes = Mapping[tuple[int, str], int]


class Work(NamedTuple):
    """The work of one partition for its handler in one transaction; on a tick it may contain nothing but the time."""

    partition: int
    messages: list[Message]


class Handler(Memory, Protocol):
    """How a service handles its topics. Everything it writes goes through the given unit of work.

    Its memory is loaded after a partition was taken over, or when it is not trusted after a failed commit. `apply` gets
    all partitions of one transaction in fixed order; it rejects unusable messages with `uow.reject`, leaving its memory
    as if the message had not come. An exception that the content of a message can cause is attributed to one message,
    which is then found and buried; any other halts its partition at the message where it happens.

    On a `tick` there are no messages, only the time: what is due is chosen by `reviews`, which finds out what fails.

    What a message sets off may be too much for its transaction. A partition in `busy` has such work left: `go_on` does
    a bounded part of it in a transaction without messages, turn after turn, until the partition is no longer busy.
    `unfinished` says of which partitions such work keeps events from having their whole effect, and since when (epoch
    seconds of system time).
    """

    topics: tuple[str, ...]
    broadcast: tuple[str, ...]

    @property
    def reviews(self) -> Reviews: ...
    @property
    def busy(self) -> Collection[int]: ...
    @property
    def unfinished(self) -> Mapping[int, float]: ...
    async def apply(self, uow: UnitOfWork, work: Sequence[Work], *, tick: bool) -> None: ...
    async def go_on(self, uow: UnitOfWork, partitions: Sequence[int]) -> None: ...


class NothingLeft:
    """The part of a handler whose batches never leave work behind."""

    @cached_property
    def reviews(self) -> Reviews:
        """What is reviewed by the clock."""
        return Reviews()

    @property
    def busy(self) -> Collection[int]:
        """No partition ever has work left."""
        return ()

    @property
    def unfinished(self) -> Mapping[int, float]:
        """No event is without its whole effect."""
        return {}

    async def go_on(self, uow: UnitOfWork, partitions: Sequence[int]) -> None:
        """Nothing to do."""


class Result(NamedTuple):
    """The findings of a turn: partitions that have another owner by now, and (partition, card) pairs to fetch again."""

    lost: set[int]
    gaps: set[tuple[int, str]]


class _RepeatBatch(Exception):  # noqa: N818 - no error: the same batch, with more known about it
    pass


class TransactionRunner:
    """Runs turns for one group; `alive` is called after every step, so a long search does not trip the watchdog."""

    def __init__(
        self,
        database: Database,
        group: str,
        handler: Handler,
        limits: Limits,
        alive: Callable[[], None],
        origins: Origins | None = None,
    ) -> None:
        self.database = database
        self.group = group
        self.handler = handler
        self.limits = limits
        self.alive = alive
        self.origins = origins

    async def run(
        self,
        owned: Mapping[int, OwnedPartition],
        batch: Batch,
        *,
        tick: bool,
        holes: Holes,
        meanwhile: Callable[[], None] | None = None,
        known: Mapping[Place, Verdict] | None = None,
    ) -> Result:
        """Handle `batch`, on a tick one without messages; return when it is committed, with its bad messages buried.

        `meanwhile` is called right before the handler, maybe more than once: what it starts runs while the database
        works.

        `holes`: (partition, card) pairs whose records before that offset are lost. `known` are records to bury. Raises
        errors that `classify` does not attribute to a message; then the state of the database is unknown, and so is the
        handler's memory.
        """
        turn = _Transaction(self, owned, holes, meanwhile)
        turn.known |= known or {}
        # A tick without events gets no batch span: one span a second and worker would hide the others.
        span = tracing.batch_span("consume", _traceparents(batch)) if any(batch.values()) else nullcontext()
        with span:
            await self._handle(turn, batch, tick)
        return turn.result

    async def _handle(self, turn: _Transaction, batch: Batch, tick: bool) -> None:
        error = await turn.attempt(batch, tick)
        if error is not None:
            metrics.BATCH_FAILURES.labels(type(error).__name__).inc()
            log.error(
                "events not applied, searching for the one that fails",
                error=describe(error),
                trail=trail(error),
                partitions=sorted(batch),
            )
            for number, pieces in batch.items():
                if pieces:
                    await turn.search(number, pieces)

    def loading(self, own: OwnedPartition) -> Loading:
        """Begin to load a partition."""
        return Loading(self.database, self.group, self.handler, self.limits, own)

    async def reload(self, own: OwnedPartition) -> bool:
        """Forget a partition and reload all its pages; return False if it has another owner."""
        loading = self.loading(own)
        while not loading.over:
            await loading.page()
            self.alive()
        return loading.ours

    async def go_on(self, owned: Mapping[int, OwnedPartition], busy: Sequence[int]) -> set[int]:
        """Let the handler go on with what earlier messages left to do; return partitions that have another owner."""
        epochs = {number: owned[number].epoch for number in sorted(busy)}
        async with unit_of_work(self.database) as uow:
            rows = await lease.fence(uow.connection, self.group, epochs)
            if rows:
                await self.handler.go_on(uow, list(rows))
        self.alive()
        return epochs.keys() - rows.keys()


class _Transaction:
    """One batch being processed, with what was found out about it."""

    def __init__(
        self,
        turns: TransactionRunner,
        owned: Mapping[int, OwnedPartition],
        holes: Holes,
        meanwhile: Callable[[], None] | None,
    ) -> None:
        self.turns = turns
        self.owned = owned
        self.holes = holes
        self.meanwhile = meanwhile
        self.known: dict[Place, Verdict] = {}
        self.result = Result(set(), set())

    async def attempt(self, batch: Batch, tick: bool) -> Exception | None:
        """Commit `batch`, starting over while its rejections change what else may pass.

        Returns the error that some message of it causes; memory then matches the database.
        """
        while True:
            try:
                await self._transaction(batch, tick)
            except _RepeatBatch:
                await self._reload(batch)
                continue
            except Exception as error:
                if classify(error) not in (Failure.ISOLATE, Failure.PARK) or not any(batch.values()):
                    raise
                await self._reload(batch)
                return error
            self.turns.alive()
            return None

    async def search(self, number: int, pieces: list[Slice]) -> None:
        """Apply one partition's share in halves until the failing message is isolated, and bury it."""
        if self.owned[number].halted or number in self.result.lost:
            return
        error = await self.attempt({number: pieces}, tick=False)
        if error is None:
            return
        total = sum(len(piece.records) for piece in pieces)
        if total > 1:
            for half in halves(pieces, total):
                await self.search(number, half)
            return
        self.known[number, pieces[0].card, pieces[0].records[0].offset] = (HANDLER_ERROR, describe(error))
        await self.search(number, pieces)

    async def _reload(self, batch: Batch) -> None:
        for number in sorted(batch.keys() - self.result.lost):
            if not await self.turns.reload(self.owned[number]):
                self.result.lost.add(number)

    async def _transaction(self, batch: Batch, tick: bool) -> None:
        turns = self.turns
        async with unit_of_work(turns.database) as uow:
            epochs = {number: self.owned[number].epoch for number in sorted(batch) if number not in self.result.lost}
            rows = await lease.fence(uow.connection, turns.group, epochs)
            self.result.lost.update(epochs.keys() - rows.keys())
            plans = {number: self._plans(number, batch[number], offsets) for number, offsets in rows.items()}
            work = [Work(number, _messages(pieces)) for number, pieces in plans.items()]
            work = [item for item in work if tick or item.messages]
            if self.meanwhile is not None:
                self.meanwhile()
            if work:
                await turns.handler.apply(uow, work, tick=tick)
            if uow.rejected:
                plans = self._replan(plans, uow.rejected)
            erased = _erased(work)
            if erased:
                await dead_letter.erase(uow.connection, turns.group, erased)
            for pieces in plans.values():
                for _, decided in pieces:
                    uow.bury(letter for letter in decided.letters if letter.key not in erased)
            moved = {
                number: {piece.card: decided.following for piece, decided in pieces}
                for number, pieces in plans.items()
                if pieces
            }
            if moved:
                uow.advance(lease.Offsets(turns.group, moved))
        for number, offsets in rows.items():
            _committed(self.owned[number], offsets, plans[number])

    def _plans(self, number: int, pieces: list[Slice], offsets: Mapping[str, int]) -> Plans:
        plans: Plans = []
        for piece in pieces:
            following = max(offsets.get(piece.card, 0), self.holes.get((number, piece.card), 0))
            if piece.records[0].offset > following:
                self.result.gaps.add((number, piece.card))
                continue
            rest = piece.since(following)
            if rest.records:
                plans.append((rest, self._plan(number, rest)))
        return plans

    def _plan(self, number: int, piece: Slice) -> Plan:
        return plan(self.turns.group, self.owned[number], piece, self.known, self.turns.limits)

    def _replan(self, plans: dict[int, Plans], rejected: Sequence[Rejection]) -> dict[int, Plans]:
        """Return the plans with rejections as dead letters; raises _RepeatBatch if these hold back other messages."""
        verdicts = {id(item.message): (item.reason, item.detail) for item in rejected}
        for number, pieces in plans.items():
            for piece, _ in pieces:
                for record, message in zip(piece.records, piece.messages, strict=True):
                    if id(message) in verdicts:
                        self.known[number, piece.card, record.offset] = verdicts[id(message)]
        new = {number: [(piece, self._plan(number, piece)) for piece, _ in pieces] for number, pieces in plans.items()}
        for number, pieces in plans.items():
            for (_, before), (_, after) in zip(pieces, new[number], strict=True):
                stays = [id(message) for message in before.deliver if id(message) not in verdicts]
                if stays != [id(message) for message in after.deliver]:
                    raise _RepeatBatch
        return new


def _committed(own: OwnedPartition, offsets: dict[str, int], plans: Plans) -> None:
    own.offsets = offsets
    for piece, decided in plans:
        own.offsets[piece.card] = decided.following
        own.guards[piece.card] = decided.guard
        metrics.CONSUMED.labels(piece.card).inc(len(decided.deliver))
        if decided.unknown is not None:
            own.suspicion = own.suspicion if own.halted else decided.unknown
            own.halted = own.halted or decided.halted
        if not decided.letters:
            decided.guard.passed(decided.following - 1)
            continue
        own.held |= decided.held
        own.unresolved += len(decided.letters)
        for item in decided.letters:
            metrics.DEAD_LETTERED.labels(item.reason).inc()
            if item.reason in FOREIGN:
                own.foreign += 1
                metrics.FOREIGN_RECORDS.labels(piece.card, item.reason).inc()
        first = decided.letters[0]
        log.warning(
            "events became dead letters",
            topic=piece.card,
            partition=own.partition,
            count=len(decided.letters),
            first_offset=first.offset,
            first_reason=first.reason,
            do="candor dlq list",
        )
        own.halted = own.halted or decided.halted


def _erased(work: Sequence[Work]) -> set[str]:
    """Return customers to be forgotten: every service deletes the dead letters of their events as well."""
    messages = (message for item in work for message in item.messages)
    return {message.envelope.subject for message in messages if type(message.data) is CustomerErased}


def _traceparents(batch: Batch) -> Iterator[str]:
    """Yield the traceparents of the batch's events; read only where spans are recorded."""
    messages = (item for pieces in batch.values() for piece in pieces for item in piece.messages)
    return (item.envelope.traceparent for item in messages if item is not None and item.envelope.traceparent)


def _messages(pieces: Plans) -> list[Message]:
    if len(pieces) == 1:
        return pieces[0][1].deliver
    return [message for _, decided in pieces for message in decided.deliver]
