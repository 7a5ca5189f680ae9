"""What people decide about notices: the outcome of an unknown one, and that previews were never sent."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from candor.store.unit_of_work import UnitOfWork
from notify_svc.delivery.reopen import rethink
from notify_svc.domain.facts import Reason
from notify_svc.store import read_model
from notify_svc.store.notices import CHANGED, announce


async def resolve(uow: UnitOfWork, notice_id: str, promise_id: str, now: datetime, *, sent: bool) -> bool:
    """Settle a notice that is unknown, failed or held; False if it is none of these (any more).

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


async def forget_previews(uow: UnitOfWork, now: datetime) -> None:
    """Discard previews, which nobody received, and have their promises decided again."""
    found = await uow.connection.fetch("SELECT DISTINCT promise_id FROM notice WHERE state = 'preview'")
    ids = [row["promise_id"] for row in found]
    rows = await read_model.promises(uow, ids)
    announce(uow, await uow.connection.fetch(_FORGET, ids, Reason.SENDING_OFF.value, now))
    await rethink(uow, rows.values(), now)
    await read_model.save_promises(uow, list(rows.values()))


_RESOLVE: Final = f"""
WITH settled AS (
  UPDATE notice SET state = $2, reason = $3, changed_at = $4, version = version + 1
  WHERE notice_id = $1 AND state IN ('unknown', 'failed', 'held') RETURNING {CHANGED}), known AS (
  UPDATE delivery SET state = $2, outcome = $3, changed_at = $4, unknown_since = NULL FROM settled
  WHERE delivery.notice_id = settled.notice_id AND delivery.state IN ('unknown', 'failed'))
SELECT * FROM settled"""  # noqa: S608 - constants only

_FORGET: Final = f"""
UPDATE notice SET state = 'suppressed', reason = $2, changed_at = $3, version = version + 1
WHERE promise_id = ANY($1::text[]) AND state = 'preview' RETURNING {CHANGED}"""  # noqa: S608 - constants only
