"""Briefs and their mails in the database: taken once, claimed by epoch and lease, each step saved in the row.

The claim is that of deliveries (`delivery/claims.py`): before `final` a mail is provably unsent, after it its fate may
be unknown, and it is never sent again by itself.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import msgspec

from candor.contracts import BriefMade, BriefSection
from candor.store.unit_of_work import UnitOfWork

if TYPE_CHECKING:
    from candor.store.lease import Connection

SOME: Final = 50
"""Briefs, or mails, of one transaction."""
_sections: Final = msgspec.json.Decoder(list[BriefSection])


class Brief(NamedTuple):
    """A brief that is still to be sent to somebody."""

    brief_id: str
    department: str | None
    at: datetime
    sections: list[BriefSection]


class Mail(NamedTuple):
    """A mail that this process may attempt while its epoch and lease are valid; `recipient` is a keyed hash."""

    brief: Brief
    recipient: str
    epoch: int
    attempts: int


async def take(connection: Connection, briefs: Iterable[BriefMade | Brief]) -> None:
    """Keep briefs; one that is known changes nothing, whatever it says."""
    for one in briefs:
        sections = msgspec.json.encode(one.sections).decode()
        await connection.execute(_TAKE, one.brief_id, one.department, one.at, sections)


async def waiting(uow: UnitOfWork) -> list[Brief]:
    """The oldest briefs whose time is not over."""
    return [_brief(row) for row in await uow.connection.fetch(_WAITING, SOME)]


async def address(uow: UnitOfWork, brief_id: str, recipients: Collection[str]) -> None:
    """Let a brief be mailed to these recipients, to each once."""
    await uow.connection.execute(_ADDRESS, brief_id, sorted(set(recipients)))


async def close(uow: UnitOfWork, brief_id: str) -> int:
    """End a brief whose time is over; returns how many mails had not been sent by then."""
    await uow.connection.execute(_CLOSE, brief_id)
    return len(await uow.connection.fetch(_TOO_LATE, brief_id))


async def claim(uow: UnitOfWork, lease_seconds: float) -> Mail | None:
    """Claim one due mail while sending is allowed; None if there is none."""
    row = await uow.connection.fetchrow(_CLAIM, secrets.randbits(62), lease_seconds)
    return None if row is None else Mail(_brief(row), row["recipient"], row["epoch"], row["attempts"])


async def finalise(uow: UnitOfWork, held: Mail, lease_seconds: float) -> bool:
    """Commit that sending begins; False if nothing may be sent: claim lost, or sending stopped."""
    row = await uow.connection.fetchrow(_FINAL, held.brief.brief_id, held.recipient, held.epoch, lease_seconds)
    return row is not None


async def finish(uow: UnitOfWork, held: Mail, state: str, outcome: str, retry: timedelta = timedelta(0)) -> bool:
    """Save the outcome of a claim; False if another process has decided meanwhile.

    A late success still turns `unknown` into `sent`, because nothing was sent again since.
    """
    row = await uow.connection.fetchrow(_FINISH, held.brief.brief_id, held.recipient, held.epoch, state, outcome, retry)
    return row is not None


async def expire(uow: UnitOfWork, lease_seconds: float) -> list[str]:
    """End expired claims, and return the states that they have now: `pending`, or `unknown` once sending had begun."""
    return [row["state"] for row in await uow.connection.fetch(_EXPIRE, lease_seconds, SOME)]


def _brief(row: Any) -> Brief:
    return Brief(row["brief_id"], row["department"], row["at"], _sections.decode(row["sections"]))


_TAKE: Final = """
INSERT INTO brief (brief_id, department, at, sections) VALUES ($1, $2, $3, $4::text::jsonb) ON CONFLICT DO NOTHING"""
_WAITING: Final = """
SELECT brief_id, department, at, sections::text AS sections FROM brief WHERE sections IS NOT NULL
ORDER BY at, brief_id LIMIT $1"""
_ADDRESS: Final = """
INSERT INTO brief_mail (brief_id, recipient)
SELECT brief_id, unnest($2::text[]) FROM brief WHERE brief_id = $1 AND sections IS NOT NULL ON CONFLICT DO NOTHING"""
_CLOSE: Final = "UPDATE brief SET sections = NULL WHERE brief_id = $1"
_TOO_LATE: Final = """
UPDATE brief_mail SET state = 'suppressed', outcome = 'too_late', changed_at = now()
WHERE brief_id = $1 AND state = 'pending' RETURNING recipient"""
_ALLOWED: Final = "EXISTS (SELECT FROM switch WHERE sending AND NOT killed)"
_CLAIM: Final = f"""
WITH due AS (
  SELECT mail.brief_id, mail.recipient FROM brief_mail AS mail JOIN brief USING (brief_id)
  WHERE mail.state = 'pending' AND mail.next_at <= statement_timestamp() AND brief.sections IS NOT NULL AND {_ALLOWED}
  ORDER BY mail.next_at LIMIT 1 FOR UPDATE OF mail SKIP LOCKED), claimed AS (
  UPDATE brief_mail AS mail SET state = 'sending', final = false, outcome = 'claimed', epoch = $1,
    attempts = attempts + 1, lease_until = clock_timestamp() + make_interval(secs => $2), changed_at = now()
  FROM due WHERE mail.brief_id = due.brief_id AND mail.recipient = due.recipient
  RETURNING mail.brief_id, mail.recipient, mail.epoch, mail.attempts)
SELECT claimed.*, brief.department, brief.at, brief.sections::text AS sections
FROM claimed JOIN brief USING (brief_id)"""  # noqa: S608 - constants only
_FINAL: Final = f"""
UPDATE brief_mail SET final = true, lease_until = clock_timestamp() + make_interval(secs => $4)
WHERE brief_id = $1 AND recipient = $2 AND epoch = $3 AND state = 'sending' AND NOT final
  AND lease_until > clock_timestamp() AND {_ALLOWED} RETURNING brief_id"""  # noqa: S608 - constants only
_FINISH: Final = """
UPDATE brief_mail SET state = $4, outcome = $5, lease_until = NULL, next_at = clock_timestamp() + $6,
  changed_at = now()
WHERE brief_id = $1 AND recipient = $2 AND epoch = $3 AND (state = 'sending' OR (state = 'unknown' AND $4 = 'sent'))
RETURNING brief_id"""
# A lease that ends later than any that begins now is of before the database's clock was set back.
_EXPIRE: Final = """
UPDATE brief_mail AS mail SET state = CASE WHEN final THEN 'unknown' ELSE 'pending' END,
  outcome = CASE WHEN final THEN 'outcome_unknown' ELSE 'claim_expired' END, lease_until = NULL, changed_at = now()
FROM (
  SELECT brief_id, recipient FROM brief_mail
  WHERE state = 'sending' AND (lease_until < clock_timestamp()
    OR lease_until > clock_timestamp() + 2 * make_interval(secs => $1))
  LIMIT $2 FOR UPDATE SKIP LOCKED) AS stale
WHERE mail.brief_id = stale.brief_id AND mail.recipient = stale.recipient RETURNING mail.state"""
