"""What people decide about notices: the outcome of an unknown one, and that previews were never sent."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Final

from candor.store.unit_of_work import UnitOfWork, unit_of_work
from notify_svc.delivery import switches
from notify_svc.delivery.reopen import rethink
from notify_svc.domain.facts import Reason
from notify_svc.store import read_model
from notify_svc.store.notices import CHANGED, announce

if TYPE_CHECKING:
    from candor.store.db import Database

PREVIEWS: Final = 500
"""Promises whose previews one transaction discards."""


async def resolve(uow: UnitOfWork, notice_id: str, promise_id: str, now: datetime, *, sent: bool) -> bool:
    """Settle a notice that is unknown, failed, held or withheld by a person; False if it is none of these (any more).

    Sent: it counts as told. Not sent: it counts as never told, and the promise is decided again.
    """
    rows = await read_model.promises(uow, [promise_id])
    state, reason = ("sent", Reason.OPERATOR_SENT) if sent else ("suppressed", Reason.OPERATOR_NOT_SENT)
    changed = await uow.connection.fetch(_RESOLVE, notice_id, state, reason.value, now)
    if not changed:
        return False
    announce(uow, changed)
    await rethink(uow, rows.values(), now)
    await read_model.save_promises(uow, list(rows.values()))
    return True


async def forget_previews(database: Database, now: datetime) -> bool:
    """While sending is on, discard previews of at most PREVIEWS promises, which are decided again.

    Returns whether there may be more.
    """
    async with unit_of_work(database) as uow:
        if not (await switches.read(uow)).sending:
            return False
        found = await uow.connection.fetch(_PREVIEWED, PREVIEWS)
        ids = [row["promise_id"] for row in found]
        if ids:
            await _forget(uow, ids, now)
    return len(ids) > 0


async def _forget(uow: UnitOfWork, ids: Sequence[str], now: datetime) -> None:
    rows = await read_model.promises(uow, ids)
    announce(uow, await uow.connection.fetch(_FORGET, ids, Reason.SENDING_OFF.value, now))
    await rethink(uow, rows.values(), now)
    await read_model.save_promises(uow, list(rows.values()))


_PREVIEWED: Final = """
SELECT DISTINCT promise_id FROM (SELECT promise_id FROM notice WHERE state = 'preview' LIMIT $1) AS some_previews"""

_RESOLVE: Final = f"""
WITH settled AS (
  UPDATE notice SET state = $2, reason = $3, changed_at = $4, version = version + 1
  WHERE notice_id = $1 AND (state IN ('unknown', 'failed', 'held') OR reason = 'withheld')
  RETURNING {CHANGED}), known AS (
  UPDATE delivery SET state = $2, outcome = $3, changed_at = $4, unknown_since = NULL FROM settled
  WHERE delivery.notice_id = settled.notice_id AND delivery.state IN ('unknown', 'failed'))
SELECT * FROM settled"""  # noqa: S608 - constants only

_FORGET: Final = f"""
UPDATE notice SET state = 'suppressed', reason = $2, changed_at = $3, version = version + 1
WHERE promise_id = ANY($1::text[]) AND state = 'preview' RETURNING {CHANGED}"""  # noqa: S608 - constants only
