"""What a provider says later of a message that it took, or of one of which nobody knew whether it did."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from candor.store.unit_of_work import UnitOfWork
from notify_svc.compose.reach import Reach
from notify_svc.delivery.reopen import Lost, fall_back, rethink
from notify_svc.store import read_model
from notify_svc.store.notices import CHANGED, announce


async def arrived(uow: UnitOfWork, delivery_id: str, provider_id: str, now: datetime) -> bool:
    """Note that the provider has the message: one that was unknown is sent; False if it was not unknown."""
    row = await _of(uow, delivery_id, "unknown")
    if row is None:
        return False
    rows = await read_model.promises(uow, [row["promise_id"]])
    changed = await uow.connection.fetch(_ARRIVED, delivery_id, now, provider_id)
    announce(uow, changed)
    await rethink(uow, rows.values(), now)
    await read_model.save_promises(uow, list(rows.values()))
    return bool(changed)


async def came_back(uow: UnitOfWork, reach: Reach, delivery_id: str, code: str, now: datetime, *, gone: bool) -> bool:
    """Note that a message did not reach its addressee; False if that is known, or it was not sent.

    It counts as never told, and the promise is decided again, for the contact's next channel if it has one; the address
    is not tried again if it is `gone`.
    """
    row = await _of(uow, delivery_id, "sent", "unknown")
    if row is None:
        return False
    lost = Lost(**row)
    # Locks are taken in the consumer's order: promises, customers, notices.
    rows = await read_model.promises(uow, [lost.promise_id])
    await read_model.customers(uow, [lost.addressee])
    changed = await uow.connection.fetch(_CAME_BACK, delivery_id, now, code)
    if not changed:
        return False
    announce(uow, changed)
    if gone:
        await read_model.refuse(uow, lost.addressee, lost.channel)
    await fall_back(uow, reach, lost, rows.values(), now)
    return True


async def _of(uow: UnitOfWork, delivery_id: str, *states: str) -> Any:
    return await uow.connection.fetchrow(_FIND, delivery_id, list(states))


_FIND: Final = """
SELECT notice_id, notice.promise_id, notice.addressee, delivery.channel, notice.ahead_of
FROM delivery JOIN notice USING (notice_id)
WHERE delivery_id = $1 AND delivery.state = ANY($2::text[])"""

_ARRIVED: Final = f"""
WITH settled AS (
  UPDATE delivery SET state = 'sent', outcome = 'delivered', changed_at = $2, unknown_since = NULL, provider_id = $3
  WHERE delivery_id = $1 AND state = 'unknown' RETURNING notice_id)
UPDATE notice SET state = 'sent', reason = 'delivered', changed_at = $2, version = version + 1
FROM settled WHERE notice.notice_id = settled.notice_id RETURNING {CHANGED}"""  # noqa: S608 - constants only

_CAME_BACK: Final = f"""
WITH settled AS (
  UPDATE delivery SET state = 'failed', outcome = 'returned', changed_at = $2, unknown_since = NULL, phase = '',
    provider_code = $3
  WHERE delivery_id = $1 AND state IN ('sent', 'unknown') RETURNING notice_id)
UPDATE notice SET state = 'failed', reason = 'returned', changed_at = $2, version = version + 1
FROM settled WHERE notice.notice_id = settled.notice_id RETURNING {CHANGED}"""  # noqa: S608 - constants only
