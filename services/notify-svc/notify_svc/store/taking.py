"""Letters that an owner may say themselves, in the database: as the owner's link finds them, and taken over."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final, NamedTuple

from candor.store.erasing import doomed
from candor.store.unit_of_work import UnitOfWork
from notify_svc.store.approvals import WAITS


class Open(NamedTuple):
    """A customer's letter, as its owner reads it; `waits`: it has not been decided on."""

    notice_id: str
    promise_id: str
    version: int
    subject: str
    body: str
    state: str
    reason: str
    waits: bool
    taken_by: str
    taken_until: datetime | None


async def opened(uow: UnitOfWork, notice_id: str, owner: str) -> Open | None:
    """The letter, if the promise is this owner's still; None for any other, at the same cost."""
    row = await uow.connection.fetchrow(_OPENED, notice_id, owner)
    return None if row is None else Open(**row)


async def take(uow: UnitOfWork, notice_id: str, who: str, until: datetime) -> bool:
    """Let the owner tell the customer until business time `until`; False if it is decided, or somebody's already."""
    return (await uow.connection.execute(_TAKE, notice_id, who, until)) == "UPDATE 1"


async def lapsed(uow: UnitOfWork, now: datetime, takes: timedelta, most: int) -> list[str]:
    """Letters on which the owner has not acted in time, or that they took over and did not say.

    One that waits for a person besides is nobody's again, and waits on.
    """
    await uow.connection.execute(_GIVE_BACK, now, most)
    return [row["notice_id"] for row in await uow.connection.fetch(_LAPSED, now, takes, most)]


_OPENED: Final = f"""
SELECT notice_id, promise_id, version, subject, body, n.state, n.reason, ({WAITS}) AS waits, taken_by, taken_until
FROM notice n JOIN promise p USING (promise_id)
WHERE notice_id = $1 AND audience = 'customer' AND p.promise->>'owner' = $2 AND NOT {doomed("n")}"""  # noqa: S608

_TAKE: Final = f"""
UPDATE notice SET taken_by = $2, taken_until = $3 WHERE notice_id = $1 AND {WAITS} AND taken_by = ''"""  # noqa: S608

_LAPSED: Final = f"""
SELECT notice_id FROM notice
WHERE {WAITS} AND awaits = 'owner_first' AND (taken_until <= $1 OR (taken_by = '' AND waits_since + $2 <= $1))
ORDER BY seq LIMIT $3 FOR UPDATE SKIP LOCKED"""  # noqa: S608 - constants only

_GIVE_BACK: Final = f"""
UPDATE notice SET taken_by = '', taken_until = NULL WHERE notice_id IN (
  SELECT notice_id FROM notice WHERE {WAITS} AND awaits <> 'owner_first' AND taken_until <= $1
  ORDER BY seq LIMIT $2 FOR UPDATE SKIP LOCKED)"""  # noqa: S608 - constants only
