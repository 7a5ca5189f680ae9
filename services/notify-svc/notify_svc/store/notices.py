"""Notices in the database: saved with the decision, with an ever-growing version, published on `notices`.

A notice to be sent has a delivery and shows its state; both change in one transaction, with the notice locked first.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

import msgspec

from candor.contracts import Message, NoticeChanged, NoticeState, Statement, message
from candor.store.unit_of_work import UnitOfWork
from notify_svc import metrics
from notify_svc.domain.facts import Announcement, Reason
from notify_svc.domain.history import NoticeEntry
from notify_svc.domain.identity import delivery_id
from notify_svc.domain.owner import Audience, OwnerWord
from notify_svc.domain.silence import Composed
from notify_svc.store.read_model import columns

SOURCE: Final = "notify-svc"


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """A notice to be stored; an owner's notice contains what the customer's, which it is `ahead_of`, will say.

    A queued notice is delivered over `channel` to the address whose keyed hash is `recipient`. `awaits` names what it
    waits for a person for, separated by commas; `wording` is what it is worded by.
    """

    notice_id: str
    addressee: str
    customer_id: str
    promise_id: str
    episode: int
    statement: Statement
    state: NoticeState
    reason: Reason
    spoken_for: Reason
    told: Announcement
    closing: bool = False
    subject: str = ""
    body: str = ""
    html: str = ""
    evidence: str = "{}"
    findings: str = "[]"
    gap_version: int = 0
    channel: str = ""
    recipient: str = ""
    reply_to: str = ""
    audience: Audience = Audience.CUSTOMER
    ahead_of: str | None = None
    owner: OwnerWord = OwnerWord.NO_OWNER
    owner_wait_until: datetime | None = None
    traceparent: str = ""
    about: str = ""
    awaits: str = ""
    wording: str = ""


async def add(uow: UnitOfWork, added: Sequence[Notice], now: datetime) -> None:
    """Store notices; one already stored stays unchanged, unless it was suppressed and now is not.

    What was composed and then suppressed is not listed again as kept back for the same reason.
    """
    if added:
        rows = await uow.connection.fetch(_ADD, *columns([_row(notice, now) for notice in added]))
        announce(uow, rows)
        stored = {row["notice_id"] for row in rows if row["state"] == NoticeState.PENDING}
        await _deliver(uow, [notice for notice in added if notice.notice_id in stored], now)
        waiting = [one.notice_id for one in added if one.awaits and one.notice_id in stored]
        if waiting:
            await uow.connection.execute(_WAIT, waiting)


async def _deliver(uow: UnitOfWork, sent: Sequence[Notice], now: datetime) -> None:
    if sent:
        rows = [(_named(one), one.notice_id, one.channel, one.recipient, one.reason.value, one.told.at) for one in sent]
        await uow.connection.execute(_DELIVER, *columns(rows), now)


def _named(one: Notice) -> str:
    return delivery_id(one.notice_id, one.channel, (one.subject, one.body, one.html, one.reply_to))


async def entries(uow: UnitOfWork, promise_ids: Collection[str]) -> dict[str, list[NoticeEntry]]:
    """Notices to the customers of these promises, in order, without suppressed ones; locks the rows."""
    found: dict[str, list[NoticeEntry]] = {}
    rows = await uow.connection.fetch(_ENTRIES, list(promise_ids)) if promise_ids else []
    for row in rows:
        found.setdefault(row["promise_id"], []).append(entry_of(row))
    return found


def entry_of(row: Any) -> NoticeEntry:
    """What an episode knows of the notice in a row."""
    statement = Statement(row["statement"])
    return NoticeEntry(
        row["notice_id"],
        row["episode"],
        statement,
        NoticeState(row["state"]),
        Reason(row["spoken_for"]),
        row["closing"],
        Announcement(statement, row["decided_at"], row["told_low"], row["told_high"], row["next_update_by"]),
        row["about"],
    )


async def suppress(uow: UnitOfWork, notice_ids: Collection[str], reason: Reason, now: datetime) -> None:
    """Suppress notices, and the owners' notices before them, that are neither sent nor being sent."""
    if notice_ids:
        announce(uow, await uow.connection.fetch(_SUPPRESS, list(notice_ids), reason.value, now))


BEFORE: Final = """
LEFT JOIN LATERAL (
  SELECT o.statement AS before_statement, o.decided_at AS before_at, o.told_low AS before_low,
    o.told_high AS before_high FROM notice o
  WHERE o.promise_id = n.promise_id AND o.episode = n.episode AND o.audience = 'customer' AND o.seq < n.seq
    AND o.state IN ('preview', 'pending', 'sending', 'sent', 'unknown')
  ORDER BY o.seq DESC LIMIT 1) AS earlier ON true"""
"""What the customer was told last in its episode before the notice `n`."""
BEFORE_COLUMNS: Final = """
before_statement, before_at, before_low, before_high, (n.evidence->'decision'->>'p_slip')::float8 AS risk"""


def decided_on(said: Composed, row: Any) -> Composed:
    """A message with the risk that it was decided on and what was told before it, of a row of BEFORE_COLUMNS."""
    statement = row["before_statement"]
    ends = (row["before_low"], row["before_high"])
    before = Announcement(Statement(statement), row["before_at"], *ends) if statement else None
    return replace(said, risk=1.0 if row["risk"] is None else row["risk"], before=before)


async def sent_since(
    uow: UnitOfWork, addressees: Collection[str], since: datetime, *, but: Collection[str] = (), joint: bool = False
) -> dict[str, int]:
    """Number of messages to each addressee, other than `but`, that went out, may have or were queued after `since`.

    A letter that tells several notices is one message; with `joint` so are all that are queued for a customer.
    """
    rows = await uow.connection.fetch(_SENT_SINCE, list(addressees), since, list(but), joint) if addressees else []
    return {row["addressee"]: row["count"] for row in rows}


async def previous(uow: UnitOfWork, promise_ids: Collection[str]) -> dict[tuple[str, str], str]:
    """By promise and addressee, what the next notice replies to.

    It is the newest notice that was or may have been sent, or the letter that told it with others.
    """
    rows = await uow.connection.fetch(_PREVIOUS, list(promise_ids)) if promise_ids else []
    return {(row["promise_id"], row["addressee"]): row["notice_id"] for row in rows}


async def failed_on(uow: UnitOfWork, promise_ids: Collection[str]) -> dict[tuple[str, str], set[str]]:
    """By promise and addressee, the channels that failed for certain, so that another one was to be used."""
    found: dict[tuple[str, str], set[str]] = {}
    for row in await uow.connection.fetch(_FAILED_ON, list(promise_ids)) if promise_ids else []:
        found.setdefault((row["promise_id"], row["addressee"]), set()).add(row["channel"])
    return found


def announce(uow: UnitOfWork, rows: Iterable[Any]) -> None:
    """Count rows of `CHANGED`, and emit NoticeChanged for those to customers.

    Owners' notices are not published: `notices` reports what customers were told.
    """
    found = list(rows)
    uow.emit(_changed(row) for row in found if row["audience"] == Audience.CUSTOMER)
    for row in found:
        metrics.NOTICES_TOTAL.labels(row["state"], row["statement"]).inc()
        if row["state"] == NoticeState.SUPPRESSED:
            metrics.NOTICES_SUPPRESSED.labels(row["reason"]).inc()


def json_text(value: object) -> str:
    """JSON for a jsonb column."""
    return msgspec.json.encode(value).decode()


def _changed(row: Any) -> Message:
    data = NoticeChanged(
        notice_id=row["notice_id"],
        promise_id=row["promise_id"],
        customer_id=row["customer_id"],
        episode=row["episode"],
        statement=Statement(row["statement"]),
        state=NoticeState(row["state"]),
        at=row["changed_at"],
        reason=row["reason"],
        told_low=row["told_low"],
        told_high=row["told_high"],
        next_update_by=row["next_update_by"],
    )
    version, trace = row["version"], row["traceparent"]
    name = f"{data.notice_id}:{version}"
    return message(name, SOURCE, row["changed_at"], data.customer_id, version, data, traceparent=trace)


def _row(notice: Notice, now: datetime) -> tuple[Any, ...]:
    told = notice.told
    return (
        *(notice.notice_id, notice.customer_id, notice.promise_id, notice.episode, notice.statement.value),
        *(notice.state.value, notice.reason.value, notice.spoken_for.value, notice.closing),
        *(told.low, told.high, told.next_update_by, notice.subject, notice.body, notice.html),
        *(notice.evidence, notice.findings, notice.gap_version, notice.reply_to),
        *(notice.audience.value, notice.addressee, notice.ahead_of, notice.owner.value),
        *(notice.owner_wait_until, notice.traceparent, notice.about, notice.awaits, notice.wording, now),
    )


CHANGED: Final = """
notice.notice_id, notice.promise_id, notice.customer_id, notice.episode, notice.statement, notice.state,
notice.changed_at, notice.reason, notice.told_low, notice.told_high, notice.next_update_by, notice.version,
notice.audience, notice.traceparent"""

_ADD: Final = f"""
INSERT INTO notice (notice_id, customer_id, promise_id, episode, statement, state, reason, spoken_for, closing,
  told_low, told_high, next_update_by, subject, body, html, evidence, findings, gap_version, reply_to,
  audience, addressee, ahead_of, owner, owner_wait_until, traceparent, about, awaits, wording, decided_at, changed_at,
  version, public_words)
SELECT *, new.at, 1, true FROM unnest($1::text[], $2::text[], $3::text[], $4::int[], $5::text[], $6::text[], $7::text[],
  $8::text[], $9::boolean[], $10::timestamptz[], $11::timestamptz[], $12::timestamptz[], $13::text[], $14::text[],
  $15::text[], $16::jsonb[], $17::jsonb[], $18::bigint[], $19::text[], $20::text[], $21::text[], $22::text[],
  $23::text[], $24::timestamptz[], $25::text[], $26::text[], $27::text[], $28::text[], $29::timestamptz[])
  AS new (a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w, x, y, z, aa, ab, at)
WHERE f <> 'suppressed' OR NOT EXISTS (SELECT FROM notice AS known
  WHERE known.promise_id = c AND known.episode = d AND known.statement = e AND known.addressee = u
    AND known.state = 'suppressed' AND known.reason = g)
ON CONFLICT (notice_id) DO UPDATE SET state = excluded.state, reason = excluded.reason,
  spoken_for = excluded.spoken_for, closing = excluded.closing, told_low = excluded.told_low,
  told_high = excluded.told_high, next_update_by = excluded.next_update_by, subject = excluded.subject,
  body = excluded.body, html = excluded.html, evidence = excluded.evidence, findings = excluded.findings,
  gap_version = excluded.gap_version, reply_to = excluded.reply_to,
  owner = excluded.owner, owner_wait_until = excluded.owner_wait_until, traceparent = excluded.traceparent,
  about = excluded.about, decided_at = excluded.decided_at, changed_at = excluded.changed_at,
  awaits = excluded.awaits, wording = excluded.wording, approved_by = '', approved_at = NULL, edited_by = '',
  snoozed_until = NULL, withheld_for = '', taken_by = '', taken_until = NULL,
  version = notice.version + 1, public_words = true, words_since = now()
WHERE notice.state = 'suppressed' AND excluded.state <> 'suppressed'
RETURNING {CHANGED}"""  # noqa: S608 - constants only

# The epoch stays until the next claim draws another, so an earlier holder of a claim is fenced.
_DELIVER: Final = """
INSERT INTO delivery (delivery_id, notice_id, channel, recipient, state, outcome, said_at, changed_at, urgent)
SELECT a, b, c, d, CASE WHEN e = 'awaits_approval' THEN 'held' ELSE 'pending' END, e, f, $7,
  statement IN ('warning', 'cancelled')
FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::timestamptz[]) AS new (a, b, c, d, e, f)
  JOIN notice ON notice_id = b
ON CONFLICT (delivery_id) DO UPDATE SET recipient = excluded.recipient, state = excluded.state,
  outcome = excluded.outcome,
  changed_at = excluded.changed_at, attempts = 0, urgent = excluded.urgent,
  created_at = now(), next_at = now(), phase = '', lease_until = NULL,
  provider_code = NULL, provider_id = ''
WHERE delivery.state = 'suppressed'"""

# It waits since the letter in whose place it came, so that news does not begin the wait anew.
_WAIT: Final = """
UPDATE notice SET waits_since = coalesce(earlier.waits_since, notice.decided_at),
  escalated = coalesce(earlier.escalated, 0)
FROM notice AS it LEFT JOIN LATERAL (
  SELECT CASE WHEN o.reason IN ('superseded', 'stale') THEN o.waits_since END AS waits_since,
    CASE WHEN o.reason IN ('superseded', 'stale') THEN o.escalated END AS escalated
  FROM notice o WHERE o.promise_id = it.promise_id AND o.audience = 'customer' AND o.notice_id <> it.notice_id
  ORDER BY o.changed_at DESC, o.seq DESC LIMIT 1) AS earlier ON true
WHERE it.notice_id = ANY($1::text[]) AND notice.notice_id = it.notice_id"""

_ENTRIES: Final = """
SELECT notice_id, promise_id, episode, statement, state, spoken_for, closing, decided_at, told_low, told_high,
  next_update_by, about FROM notice
WHERE promise_id = ANY($1::text[]) AND state <> 'suppressed' AND audience = 'customer'
ORDER BY promise_id, decided_at, seq FOR UPDATE"""

_SUPPRESS: Final = f"""
WITH taken AS (
  UPDATE notice SET state = 'suppressed', reason = $2, changed_at = $3, version = version + 1
  WHERE (notice_id = ANY($1::text[]) OR ahead_of = ANY($1::text[]))
    AND state IN ('pending', 'preview', 'failed', 'held')
  RETURNING {CHANGED}), stopped AS (
  UPDATE delivery SET state = 'suppressed', outcome = $2, changed_at = $3 FROM taken
  WHERE delivery.notice_id = taken.notice_id AND delivery.state IN ('pending', 'failed', 'held'))
SELECT * FROM taken"""  # noqa: S608 - constants only

_SENT_SINCE: Final = """
SELECT addressee, count(DISTINCT CASE WHEN $4 AND state = 'pending' AND audience = 'customer' THEN ''
  WHEN joint <> '' AND state <> 'pending' THEN joint ELSE notice_id END)::int AS count FROM notice
WHERE addressee = ANY($1::text[]) AND changed_at > $2 AND notice_id <> ALL($3::text[])
  AND state IN ('preview', 'pending', 'sending', 'sent', 'unknown')
GROUP BY addressee"""

_FAILED_ON: Final = """
SELECT DISTINCT promise_id, addressee, channel FROM notice JOIN delivery USING (notice_id)
WHERE promise_id = ANY($1::text[]) AND delivery.outcome = 'next_channel'"""

_PREVIOUS: Final = """
SELECT DISTINCT ON (promise_id, addressee) promise_id, addressee, coalesce(nullif(joint, ''), notice_id) AS notice_id
FROM notice
WHERE promise_id = ANY($1::text[]) AND state IN ('sending', 'sent', 'unknown')
ORDER BY promise_id, addressee, decided_at DESC"""
