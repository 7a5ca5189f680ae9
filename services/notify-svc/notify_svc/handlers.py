"""Applies events of five topics and ticks of the clock to the read model, and decides on affected promises."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from typing import Any, Final

from candor.contracts import BriefMade, ClarificationChanged, Message, OfferChanged, WishChanged
from candor.messaging.consumer import Work
from candor.messaging.transaction import NothingLeft
from candor.ops.clock import Clock
from candor.store import erasing
from candor.store.unit_of_work import UnitOfWork
from notify_svc import metrics
from notify_svc.briefs import kept as briefs
from notify_svc.delivery.reopen import forgive, withdraw
from notify_svc.service.batch import Batch, load, load_more, take
from notify_svc.service.speaker import Speaker
from notify_svc.store import clarifications, new_contacts, offers, read_model, wishes

DUE_AT_ONCE: Final = 500


class NotifyHandler(NothingLeft):
    """Keeps no state between transactions: each batch reads and locks the rows it needs in its own transaction.

    `age` returns how many seconds old the facts of a partition are. Where it is more than `freshest`, or with
    `deciding` off, events are applied and nothing is decided, so that old facts do not become news.
    """

    topics: tuple[str, ...] = ("promises", "contacts", "gaps", "briefs", "statements")
    broadcast: tuple[str, ...] = ()

    def __init__(
        self,
        speaker: Speaker,
        clock: Clock,
        age: Callable[[int], float],
        *,
        freshest: float = 60,
        deciding: bool = True,
    ) -> None:
        self._speaker = speaker
        self._clock = clock
        self._age = age
        self._freshest = freshest
        self._deciding = deciding

    async def load(self, connection: Any, partition: int, *, first: bool) -> bool:  # noqa: ARG002
        """Nothing is kept in memory."""
        return False

    def drop(self, partition: int) -> None:
        """Nothing is kept in memory."""

    async def apply(self, uow: UnitOfWork, work: Sequence[Work], *, tick: bool) -> None:
        """Apply the events of one transaction, then decide on the promises they touched and, on a tick, those due."""
        now = self._clock.now()
        partitions = [item.partition for item in work]
        messages = [(item.partition, message) for item in work for message in item.messages]
        # The same mails wait whenever they are read, so that reading again sends nothing again.
        await briefs.take(uow.connection, [one.data for _, one in messages if isinstance(one.data, BriefMade)])
        messages = [(number, one) for number, one in messages if not isinstance(one.data, BriefMade)]
        heard = [one for _, one in messages if one.data.TOPIC == "statements"]
        messages = [(number, one) for number, one in messages if one.data.TOPIC != "statements"]
        await self._apply(uow, partitions, messages, now, tick=tick)
        # After erasures of this batch: what was said before one of them is not kept.
        await offers.take(uow, [one for one in heard if isinstance(one.data, OfferChanged)])
        await clarifications.take(uow, [one for one in heard if isinstance(one.data, ClarificationChanged)])
        await wishes.take(uow, [one for one in heard if isinstance(one.data, WishChanged)])

    async def _apply(
        self,
        uow: UnitOfWork,
        partitions: Collection[int],
        messages: Sequence[tuple[int, Message]],
        now: datetime,
        *,
        tick: bool,
    ) -> None:
        ages = {number: self._age(number) for number in partitions}
        fresh = {number for number, age in ages.items() if self._deciding and age <= self._freshest}
        due = await self._due(uow, fresh, now) if tick and fresh else []
        if tick:
            await read_model.freshen(uow, ages)
            metrics.FACTS_AGE_SECONDS.set(max(ages.values(), default=0.0))
        if not messages and not due and not tick:
            return
        batch = await load(uow, [message for _, message in messages], due)
        places: dict[str, int] = {}
        for partition, message in messages:
            take(batch, partition, message, self._speaker.rules_of)
            places.setdefault(message.envelope.subject, partition)
        self.reviews.again(batch.changed)
        await self._forget(uow, batch)
        await new_contacts.note(uow, {name: places[name] for name in batch.contacts - batch.erased})
        reached = await new_contacts.following(uow, partitions) if tick or batch.contacts else {}
        await load_more(uow, batch, [name for ids in reached.values() for name in ids])
        await self._settle(uow, batch, set(due), now, fresh=fresh, reached=reached.keys() | batch.contacts)

    async def _due(self, uow: UnitOfWork, partitions: Collection[int], now: datetime) -> list[str]:
        aside = self.reviews.aside.keys()
        if aside:
            # Of erased ones no event comes again.
            self.reviews.again(aside - await read_model.existing(uow, aside))
        return self.reviews.choose(await read_model.due(uow, partitions, now, DUE_AT_ONCE, aside))

    async def _forget(self, uow: UnitOfWork, batch: Batch) -> None:
        for name in sorted(batch.erased):
            customer = batch.customers[name]
            await erasing.begin(uow, name, customer.erased_version, customer.erased_at or self._clock.now())
        await new_contacts.drop(uow, batch.erased)
        await read_model.end_doomed(uow, batch.doomed)

    async def _settle(
        self,
        uow: UnitOfWork,
        batch: Batch,
        due: set[str],
        now: datetime,
        *,
        fresh: Collection[int],
        reached: Collection[str],
    ) -> None:
        of_contacts = [known for known in batch.promises.values() if known.customer_id in reached]
        if of_contacts:
            await forgive(uow, of_contacts, now)
        withdrawn = [batch.promises[name] for name in batch.withdrawn if name in batch.promises]
        if withdrawn:
            await withdraw(uow, withdrawn, now)
        touched = batch.changed | due | {known.promise_id for known in of_contacts}
        rows = [batch.promises[name] for name in sorted(touched) if name in batch.promises]
        # A gap older than the last decided one appears after the read model was emptied; it is no news.
        current = [known for known in rows if known.gap_version >= known.decided_gap]
        decided = [known for known in current if known.partition in fresh]
        if decided:
            await self._speaker.consider(uow, decided, batch.customers, now)
        for known in current:
            if known.partition not in fresh:
                known.check_at = now
        metrics.DECISIONS_WAITED.inc(len(current) - len(decided))
        await read_model.save_promises(uow, rows)
        changed = batch.contacts | batch.erased
        await read_model.save_customers(uow, [batch.customers[name] for name in changed])
