"""Withdraws notices that have not been sent, and rebuilds an episode from its notices."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime

from candor.contracts import NoticeState
from candor.store.unit_of_work import UnitOfWork
from notify_svc.domain.facts import Reason
from notify_svc.domain.history import NEEDS_A_PERSON, NoticeEntry, episode_of
from notify_svc.store import notices
from notify_svc.store.read_model import PromiseRecord


async def withdraw(uow: UnitOfWork, withdrawn: Collection[PromiseRecord], now: datetime) -> None:
    """Suppress unsent notices about promises that were withdrawn; what was held then stands in no other's way."""
    found = await notices.entries(uow, [known.promise_id for known in withdrawn])
    waiting = [entry.notice_id for entries in found.values() for entry in entries if _not_out(entry)]
    await notices.suppress(uow, waiting, Reason.WITHDRAWN, now)
    for known in withdrawn:
        rest = (entry.state for entry in found.get(known.promise_id, []) if not _not_out(entry))
        known.episode = replace(known.episode, blocked=not NEEDS_A_PERSON.isdisjoint(rest))


async def rethink(uow: UnitOfWork, rethought: Collection[PromiseRecord], now: datetime) -> None:
    """Rebuild the episodes of these promises from their notices, and have the promises decided at once."""
    found = await notices.entries(uow, [known.promise_id for known in rethought])
    for known in rethought:
        known.episode = episode_of(found.get(known.promise_id, []), known.episode.slip_since)
        known.check_at = now


async def forgive(uow: UnitOfWork, known: Collection[PromiseRecord], now: datetime) -> None:
    """Settle the notices that failed for an old contact, so that the customer can be told at the new one."""
    found = await notices.entries(uow, [item.promise_id for item in known])
    failed = [entry.notice_id for entries in found.values() for entry in entries if entry.state is NoticeState.FAILED]
    if failed:
        await notices.suppress(uow, failed, Reason.SUPERSEDED, now)
        await rethink(uow, known, now)


def _not_out(entry: NoticeEntry) -> bool:
    return entry.state in (NoticeState.PENDING, NoticeState.PREVIEW, NoticeState.HELD)
