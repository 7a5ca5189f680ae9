"""Retries dead letters, each in a transaction of its own, by the owner of their partition."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import structlog

from candor.contracts import ContractError, decode
from candor.messaging import metrics
from candor.messaging.failures import Failure, classify, describe
from candor.messaging.planning import OwnedPartition
from candor.messaging.slices import Verdict
from candor.messaging.transaction import TransactionRunner, Work
from candor.store import dead_letter, lease
from candor.store.dead_letter import BEHIND, HANDLER_ERROR, StoredDeadLetter
from candor.store.unit_of_work import UnitOfWork, unit_of_work

MOST: Final = 100
"""Letters a partition retries per tick: each is a commit, and new events wait meanwhile."""

log = structlog.get_logger("candor.consumer")


async def replay_due(turns: TransactionRunner, owned: Mapping[int, OwnedPartition]) -> None:
    """Retry the letters marked for replay and refresh what is known of dead letters.

    Both happen before any new event is read: an event may only be parked behind a letter that still exists.
    """
    if not owned:
        # Another process measures them now: what was counted here before would be added to that.
        metrics.DEAD_LETTERS.clear()
        return
    async with turns.database.pool.acquire() as connection:
        tallies = await dead_letter.count(connection, turns.group, list(owned))
    # Counted, and there are none: without any series a panel would say that nobody looked.
    waiting = {BEHIND: 0}
    for number, own in owned.items():
        reasons, moving = tallies.get(number, dead_letter.Tally({}, 0))
        for reason, amount in reasons.items():
            waiting[reason] = waiting.get(reason, 0) + amount
        if moving:
            await _replay(turns, own)
        if moving or sum(reasons.values()) != own.unresolved:
            async with turns.database.pool.acquire() as connection:
                own.remember(await dead_letter.unresolved(connection, turns.group, number), turns.limits)
    metrics.DEAD_LETTERS.clear()
    for reason, amount in waiting.items():
        metrics.DEAD_LETTERS.labels(reason).set(amount)


async def _replay(turns: TransactionRunner, own: OwnedPartition) -> None:
    async with turns.database.pool.acquire() as connection:
        items = await dead_letter.due(connection, turns.group, own.partition, MOST)
    for item in items:
        try:
            async with unit_of_work(turns.database) as uow:
                if own.partition not in await lease.fence(uow.connection, turns.group, {own.partition: own.epoch}):
                    return
                verdict = await _apply(turns, uow, item)
                await dead_letter.settle(uow.connection, {item.id: verdict})
        except Exception as error:
            if classify(error) is Failure.WAIT:
                raise
            verdict = (HANDLER_ERROR, describe(error))
            await turns.reload(own)
            async with unit_of_work(turns.database) as uow:
                await dead_letter.settle(uow.connection, {item.id: verdict})
        turns.alive()
        log.info("dead letter replayed", id=item.id, topic=item.topic, outcome=verdict[0] if verdict else "applied")


async def _apply(turns: TransactionRunner, uow: UnitOfWork, item: StoredDeadLetter) -> Verdict | None:
    if await dead_letter.waits(uow.connection, item):
        return BEHIND, "an earlier event of this subject is a dead letter"
    try:
        message = decode(item.topic, item.record.headers, item.record.value)
        if turns.origins is not None and message.data.SIGNED:
            turns.origins.check(item.topic, item.record.key, item.record.headers, item.record.value)
    except ContractError as error:
        return error.reason, error.detail
    await turns.handler.apply(uow, [Work(item.partition, [message])], tick=False)
    return next(((each.reason, each.detail) for each in uow.rejected), None)
