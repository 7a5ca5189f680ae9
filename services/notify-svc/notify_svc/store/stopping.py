"""Customers who want no messages: their own word, which no contact that others give takes back."""

from __future__ import annotations

from datetime import datetime

from candor.contracts import Purpose
from candor.store.unit_of_work import UnitOfWork
from notify_svc import metrics
from notify_svc.store import new_contacts


async def stopped(uow: UnitOfWork, customer_id: str) -> bool:
    """Whether the customer wants no messages."""
    return bool(await uow.connection.fetchval(_STOPPED, customer_id))


async def stop(uow: UnitOfWork, customer_id: str, at: datetime) -> None:
    """Note at business time `at` that the customer wants no messages."""
    if await uow.connection.fetchval(_STOP, customer_id, at):
        metrics.UNSUBSCRIBED.labels("stopped").inc()


async def resume(uow: UnitOfWork, customer_id: str, partition: int) -> None:
    """Note that the customer wants messages again; their promises are decided anew, some at a time."""
    if await uow.connection.fetchval(_RESUME, customer_id):
        metrics.UNSUBSCRIBED.labels("resumed").inc()
        await new_contacts.note(uow, {customer_id: partition})


async def leave(uow: UnitOfWork, customer_id: str, purpose: Purpose) -> None:
    """Note that the customer wants no messages for this purpose."""
    if await uow.connection.fetchval(_LEAVE, customer_id, purpose.value):
        metrics.UNSUBSCRIBED.labels("narrowed").inc()


async def rejoin(uow: UnitOfWork, customer_id: str, partition: int, purpose: Purpose) -> None:
    """Note that the customer wants messages for this purpose again; their promises are decided anew."""
    if await uow.connection.fetchval(_REJOIN, customer_id, purpose.value):
        metrics.UNSUBSCRIBED.labels("widened").inc()
        await new_contacts.note(uow, {customer_id: partition})


_STOPPED = "SELECT stopped_at IS NOT NULL FROM customer WHERE customer_id = $1"
_STOP = "UPDATE customer SET stopped_at = $2 WHERE customer_id = $1 AND stopped_at IS NULL RETURNING customer_id"
_RESUME = (
    "UPDATE customer SET stopped_at = NULL WHERE customer_id = $1 AND stopped_at IS NOT NULL RETURNING customer_id"
)
_LEAVE = """
UPDATE customer SET left_purposes = array_append(left_purposes, $2)
WHERE customer_id = $1 AND $2 <> ALL(left_purposes) RETURNING customer_id"""
_REJOIN = """
UPDATE customer SET left_purposes = array_remove(left_purposes, $2)
WHERE customer_id = $1 AND $2 = ANY(left_purposes) RETURNING customer_id"""
