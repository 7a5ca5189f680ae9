"""Letters that wait for a person, in the database: each act takes a letter as it was read, so that one person wins.

Whoever locks more than notices locks promises first, as the consumer does.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from candor.store.unit_of_work import UnitOfWork
from notify_svc.domain.facts import Decision, Reason
from notify_svc.domain.identity import delivery_id
from notify_svc.store.notices import CHANGED, announce

Withheld = tuple[str, str, str]
"""Statement, reason and event of what a person held."""


class Reading(NamedTuple):
    """Wordings that were approved, and what was held, by promise and number of the episode."""

    wordings: frozenset[str]
    withheld: Mapping[tuple[str, int], set[Withheld]]


class Edited(NamedTuple):
    """The words of a letter as staff changed it."""

    subject: str
    body: str
    html: str


def withheld_of(decision: Decision) -> Withheld:
    """What a decision says, to be compared with what was held."""
    return (str(decision.statement), decision.reason.value, decision.about)


async def reading(uow: UnitOfWork, promise_ids: Collection[str], *, first: bool) -> Reading:
    """What people decided that concerns these promises; wordings only if the `first` letter of each is read."""
    wordings = [row["wording"] for row in await uow.connection.fetch("SELECT wording FROM wording")] if first else []
    withheld: dict[tuple[str, int], set[Withheld]] = {}
    for row in await uow.connection.fetch(_WITHHELD, list(promise_ids)) if promise_ids else []:
        found = withheld.setdefault((row["promise_id"], row["episode"]), set())
        found.add((row["statement"], row["spoken_for"], row["about"]))
    return Reading(frozenset(wordings), withheld)


async def approve(uow: UnitOfWork, notice_id: str, version: int, who: str, now: datetime) -> bool:
    """Let a letter that waits go out, in the words of `version`; False if it does not wait, or has others by now."""
    rows = await _release(uow, [notice_id], version, who, now)
    if rows:
        await uow.connection.execute(_KNOWN, notice_id, who)
    return bool(rows)


async def release_known(uow: UnitOfWork, now: datetime, most: int) -> int:
    """Let letters go that waited for nothing but their wording, which somebody has approved meanwhile."""
    rows = await uow.connection.fetch(_OF_KNOWN, most)
    for who in sorted({row["approved_by"] for row in rows}):
        ids = [row["notice_id"] for row in rows if row["approved_by"] == who]
        await _release(uow, ids, None, who, now)
    return len(rows)


async def release(uow: UnitOfWork, notice_ids: Collection[str], now: datetime) -> None:
    """Let letters go out of which nobody has said who tells the customer."""
    if notice_ids:
        await _release(uow, notice_ids, None, "", now)


async def _release(
    uow: UnitOfWork, notice_ids: Collection[str], version: int | None, who: str, now: datetime
) -> list[Any]:
    rows: list[Any] = await uow.connection.fetch(_APPROVE, list(notice_ids), version, who, now)
    announce(uow, rows)
    return rows


async def edit(uow: UnitOfWork, notice_id: str, version: int, words: Edited, who: str, now: datetime) -> bool:
    """Change the words of a letter that waits; False as of `approve`."""
    # By version: the same edit of another version may be on its way already.
    named = delivery_id(notice_id, "edited", (str(version), *words))
    rows = await uow.connection.fetch(_EDIT, notice_id, version, *words, who, now, named)
    announce(uow, rows)
    return bool(rows)


async def hold(uow: UnitOfWork, notice_id: str, version: int, why: str, now: datetime) -> bool:
    """Suppress a letter that waits, with the owner's before it if that has not gone; False as of `approve`."""
    rows = await uow.connection.fetch(_HOLD, notice_id, version, why, now, Reason.WITHHELD.value)
    announce(uow, rows)
    return bool(rows)


async def snooze(uow: UnitOfWork, notice_id: str, until: datetime) -> bool:
    """Leave a letter out of the inbox until business time `until`; False if it does not wait."""
    return (await uow.connection.execute(_SNOOZE, notice_id, until)) == "UPDATE 1"


async def said(uow: UnitOfWork, notice_id: str, words: str, who: str, now: datetime) -> bool:
    """Note that a person has told the customer, and that no message goes out; False if one went out, or may have."""
    rows = await uow.connection.fetch(_SAID, notice_id, words, who, now, Reason.SAID_BY_PHONE.value)
    announce(uow, rows)
    return bool(rows)


async def note_call(uow: UnitOfWork, call: Sequence[Any]) -> None:
    """Keep a call: its id, promise, customer, notice ("" for none), who called, what was said and answered, when."""
    await uow.connection.execute(_CALL, *call)


WAITS: Final = "state = 'pending' AND reason = 'awaits_approval'"

_WITHHELD: Final = """
SELECT promise_id, episode, statement, spoken_for, about FROM notice
WHERE promise_id = ANY($1::text[]) AND reason = 'withheld' AND audience = 'customer'"""

# The seconds that a message takes are counted from here: until now it waited for a person.
_GO: Final = """
go AS (
  UPDATE delivery SET state = 'pending', outcome = 'approved', next_at = now(), created_at = now(), changed_at = $4
  FROM taken WHERE delivery.notice_id = taken.notice_id AND delivery.state = 'held')
SELECT * FROM taken"""

_APPROVE: Final = f"""
WITH taken AS (
  UPDATE notice SET reason = 'approved', approved_by = $3, approved_at = $4, snoozed_until = NULL, changed_at = $4,
    version = version + 1
  WHERE notice_id = ANY($1::text[]) AND {WAITS} AND ($2::int IS NULL OR version = $2) RETURNING {CHANGED}), {_GO}"""  # noqa: S608 - constants only

# What staff changed is not our wording any more.
_KNOWN: Final = """
INSERT INTO wording (wording, approved_by) SELECT wording, $2 FROM notice
WHERE notice_id = $1 AND edited_by = '' AND wording <> '' ON CONFLICT DO NOTHING"""

_OF_KNOWN: Final = f"""
SELECT notice_id, wording.approved_by FROM notice JOIN wording USING (wording)
WHERE {WAITS} AND awaits = 'new_wording' AND edited_by = '' ORDER BY seq LIMIT $1
FOR UPDATE OF notice SKIP LOCKED"""  # noqa: S608 - constants only

_EDIT: Final = f"""
WITH taken AS (
  UPDATE notice SET subject = $3, body = $4, html = $5, edited_by = $6, changed_at = $7, version = version + 1
  WHERE notice_id = $1 AND {WAITS} AND version = $2 RETURNING {CHANGED}), named AS (
  UPDATE delivery SET delivery_id = $8, said_at = $7 FROM taken
  WHERE delivery.notice_id = taken.notice_id AND delivery.state = 'held')
SELECT * FROM taken"""  # noqa: S608 - constants only

_HOLD: Final = f"""
WITH held AS (
  UPDATE notice SET state = 'suppressed', reason = $5, withheld_for = $3, changed_at = $4, version = version + 1
  WHERE notice_id = $1 AND {WAITS} AND version = $2 RETURNING {CHANGED}), owners AS (
  UPDATE notice SET state = 'suppressed', reason = $5, changed_at = $4, version = notice.version + 1
  FROM held WHERE notice.ahead_of = held.notice_id AND notice.state = 'pending' RETURNING {CHANGED}), taken AS (
  SELECT * FROM held UNION ALL SELECT * FROM owners), stopped AS (
  UPDATE delivery SET state = 'suppressed', outcome = $5, changed_at = $4 FROM taken
  WHERE delivery.notice_id = taken.notice_id AND delivery.state IN ('pending', 'held'))
SELECT * FROM taken"""  # noqa: S608 - constants only

_SNOOZE: Final = f"UPDATE notice SET snoozed_until = $2 WHERE notice_id = $1 AND {WAITS}"  # noqa: S608

# The letter gives way to what was really said: the customer's page and the record show that.
_SAID: Final = f"""
WITH taken AS (
  UPDATE notice SET state = 'sent', reason = $5, subject = 'By phone', body = $2, html = '', approved_by = $3,
    approved_at = $4, snoozed_until = NULL, changed_at = $4, version = version + 1
  WHERE notice_id = $1 AND audience = 'customer' AND state IN ('pending', 'held', 'failed') RETURNING {CHANGED}),
stopped AS (
  UPDATE delivery SET state = 'suppressed', outcome = $5, changed_at = $4 FROM taken
  WHERE delivery.notice_id = taken.notice_id AND delivery.state IN ('pending', 'held', 'failed'))
SELECT * FROM taken"""  # noqa: S608 - constants only

_CALL: Final = """
INSERT INTO phone_call (call_id, promise_id, customer_id, notice_id, staff, said, answered, at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"""
