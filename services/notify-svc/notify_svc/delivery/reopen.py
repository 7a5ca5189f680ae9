"""Withdraws notices that have not been sent, and rebuilds an episode from its notices."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

from candor.contracts import NoticeState
from candor.store.unit_of_work import UnitOfWork
from notify_svc.compose.reach import Reach
from notify_svc.domain.facts import Reason
from notify_svc.domain.history import NEEDS_A_PERSON, NoticeEntry, episode_of
from notify_svc.store import notices, read_model
from notify_svc.store.read_model import PromiseRecord


class Lost(NamedTuple):
    """A notice that its channel did not bring to its addressee for certain; `ahead_of` as in Notice."""

    notice_id: str
    promise_id: str
    addressee: str
    channel: str
    ahead_of: str | None


async def withdraw(uow: UnitOfWork, withdrawn: Collection[PromiseRecord], now: datetime) -> None:
    """Suppress unsent notices about promises that were withdrawn; what was held then stands in no other's way."""
    found = await notices.entries(uow, [known.promise_id for known in withdrawn])
    waiting = [entry.notice_id for entries in found.values() for entry in entries if _not_out(entry)]
    await notices.suppress(uow, waiting, Reason.WITHDRAWN, now)
    for known in withdrawn:
        rest = (entry.state for entry in found.get(known.promise_id, []) if not _not_out(entry))
        known.episode = replace(known.episode, blocked=not NEEDS_A_PERSON.isdisjoint(rest))


async def withdraw_next(uow: UnitOfWork, promise_id: str, now: datetime) -> None:
    """Suppress what waits to follow a notice that is not sent: an all-clear of a warning that nobody read is none."""
    found = await notices.entries(uow, [promise_id])
    waiting = [entry.notice_id for entry in found.get(promise_id, []) if entry.state is NoticeState.PENDING]
    await notices.suppress(uow, waiting, Reason.SUPERSEDED, now)


async def rethink(uow: UnitOfWork, rethought: Collection[PromiseRecord], now: datetime) -> None:
    """Rebuild the episodes of these promises from their notices, and have the promises decided at once."""
    found = await notices.entries(uow, [known.promise_id for known in rethought])
    for known in rethought:
        known.episode = episode_of(found.get(known.promise_id, []), known.episode.slip_since)
        known.check_at = now


async def fall_back(
    uow: UnitOfWork, reach: Reach, lost: Lost, promises: Collection[PromiseRecord], now: datetime
) -> None:
    """Have the promise of a failed notice decided again, for its addressee's next channel if there is one.

    With an owner's notice the customer's, which waits for it: both are decided again.
    """
    contact = (await read_model.customers(uow, [lost.addressee])).get(lost.addressee)
    failed = await notices.failed_on(uow, [lost.promise_id])
    tried = {*failed.get((lost.promise_id, lost.addressee), ()), lost.channel}
    if contact is not None and reach.beside(contact.sealed, {*contact.refused_on, *tried}):
        again = [lost.notice_id, *([lost.ahead_of] if lost.ahead_of else [])]
        await notices.suppress(uow, again, Reason.NEXT_CHANNEL, now)
    await rethink(uow, promises, now)
    await read_model.save_promises(uow, [*promises])


async def forgive(uow: UnitOfWork, known: Collection[PromiseRecord], now: datetime) -> None:
    """Settle the notices that failed for an old contact, so that the customer can be told at the new one."""
    found = await notices.entries(uow, [item.promise_id for item in known])
    failed = [entry.notice_id for entries in found.values() for entry in entries if entry.state is NoticeState.FAILED]
    if failed:
        await notices.suppress(uow, failed, Reason.SUPERSEDED, now)
        await rethink(uow, known, now)


def _not_out(entry: NoticeEntry) -> bool:
    return entry.state in (NoticeState.PENDING, NoticeState.PREVIEW, NoticeState.HELD)
