"""Claims on deliveries, with an epoch and a lease by the database's clock; every step is saved in the row.

A notice shows the state of its delivery. Code that changes both must lock the notice first, then the delivery.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import msgspec

from candor.contracts import NoticeState, Statement
from candor.store.errors import unavailable
from candor.store.unit_of_work import UnitOfWork
from notify_svc import metrics
from notify_svc.channels import Fate, Outcome
from notify_svc.compose.joint import Line
from notify_svc.delivery.mass import NOT_HELD
from notify_svc.domain.basis import Basis
from notify_svc.domain.facts import Announcement, Reason
from notify_svc.domain.identity import joint_id
from notify_svc.domain.owner import Audience
from notify_svc.domain.silence import Composed
from notify_svc.store.notices import CHANGED, announce

if TYPE_CHECKING:
    from candor.store.db import Database

LONGEST_BACKOFF: Final = 3600.0
FIRST_BACKOFF: Final = 5.0
CHANNEL_WAIT: Final = 3600.0
"""How long a due delivery waits for a process that has its channel; then any process takes it, and ends it."""
Place = tuple[datetime, str]
BEGINNING: Final = (datetime.fromtimestamp(0, UTC), "")
_basis: Final = msgspec.json.Decoder(Basis)
_line: Final = msgspec.json.Decoder(Line)
NOT_ATTEMPTED: Final = Outcome(Fate.ABORTED, "look")


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A delivery that this process may attempt while its epoch and lease are valid, with the notice it carries.

    `addressee` is the owner of the address. Without `public_words` the text may quote internal words. `line` is what a
    letter that tells it with others says of it; without one it goes alone. `joint` is the id of that letter, if any.
    `said_at` is when its words were first decided on.
    """

    delivery_id: str
    channel: str
    notice_id: str
    promise_id: str
    customer_id: str
    epoch: int
    attempts: int
    said: Composed
    subject: str
    body: str
    html: str
    reply_to: str
    audience: Audience
    addressee: str
    ahead_of: str | None
    public_words: bool
    said_at: datetime
    line: Line | None = None
    joint: str = ""


def backoff(attempts: int) -> float:
    """Seconds until the next try after `attempts` tries: 5, 10, 20 …, at most an hour."""
    return min(FIRST_BACKOFF * 2.0 ** min(max(attempts - 1, 0), 30), LONGEST_BACKOFF)


@dataclass(frozen=True, slots=True)
class Joint:
    """How messages to one customer go in one letter: over which channels, at most how many, and how long they wait."""

    channels: Collection[str] = ()
    most: int = 1
    wait_seconds: float = 0.0

    def takes(self, claim: Claim) -> bool:
        """Whether a claim may go in one letter with others."""
        joins = claim.audience is Audience.CUSTOMER and claim.line is not None
        return joins and self.most > 1 and claim.channel in self.channels


ALONE: Final = Joint()


def letters(claimed: Sequence[Claim], joint: Joint) -> list[tuple[Claim, ...]]:
    """The letters that claims of one transaction make: those to one customer over one channel together."""
    together: dict[tuple[str, str], list[Claim]] = {}
    for one in claimed:
        # A notice's id is no customer's: what goes alone shares its place with nothing.
        place = (one.addressee, one.channel) if joint.takes(one) else ("", one.notice_id)
        together.setdefault(place, []).append(one)
    return [
        tuple(found[start : start + joint.most])
        for found in together.values()
        for start in range(0, len(found), joint.most)
    ]


@dataclass(slots=True)
class Round:
    """How far the due deliveries were looked through, urgent ones and others: what cannot go yet keeps nobody waiting.

    Each look takes in at most `looked` of each; a round begins again when it has come to the end. `joint` says which go
    in one letter.
    """

    urgent: Place = BEGINNING
    others: Place = BEGINNING
    looked: int = 1_000
    joint: Joint = ALONE

    def again(self) -> None:
        """Begin at the beginning."""
        self.urgent = self.others = BEGINNING

    async def further(self, uow: UnitOfWork) -> None:
        """Go on to the next deliveries, since of those before too few can go."""
        self.urgent = await self._after(uow, True, self.urgent)
        self.others = await self._after(uow, False, self.others)

    async def _after(self, uow: UnitOfWork, urgent: bool, place: Place) -> Place:
        row = await uow.connection.fetchrow(_LAST, urgent, *place, self.looked)
        return BEGINNING if row is None else (row["next_at"], row["delivery_id"])


async def due(database: Database) -> bool:
    """Whether any delivery is due, whether or not it may go; one statement, as it is asked five times a second.

    Raises StoreUnavailable.
    """
    try:
        found: bool = await database.pool.fetchval(_DUE, timeout=2)
    except Exception as error:
        raise unavailable(error) or error from error
    return found


async def claim(
    uow: UnitOfWork,
    owner: str,
    channels: Collection[str],
    limit: int,
    lease_seconds: float,
    freshest: float,
    now: datetime,
    where: Round | None = None,
) -> list[Claim]:
    """Claim at most `limit` due deliveries over `channels`, of partitions with fresh input, while sending is allowed.

    Looks through some urgent and some other ones from `where` on, and moves that on if too few of them can go.

    Those over another channel are claimed once they have waited for it in vain, for the holder to end them.

    A customer's delivery waits until the owner's before it is settled, or its waiting time is over, and records which.
    If many are queued, bad news that nobody has heard yet goes before updates and all-clears.

    Over the channels of `where.joint` a customer's waits for others to come, and takes along what else waits for them.
    """
    # Random: after a failover to a standby that missed the last claim, a counter would give the same number twice.
    drawn, where = secrets.randbits(62), where or Round()
    joint = where.joint
    common = (lease_seconds, freshest, now)
    places = (*where.urgent, *where.others, where.looked)
    waiting = (list(joint.channels), joint.wait_seconds)
    rows = await uow.connection.fetch(_CLAIM, owner, limit, *common, list(channels), drawn, *places, *waiting)
    if len(rows) < limit:
        await where.further(uow)
    claimed = [_claim(row) for row in rows]
    if names := sorted({one.addressee for one in claimed if joint.takes(one)}):
        most = joint.most - 1
        others = (owner, most * len(names), *common, list(joint.channels), drawn, names, most)
        rows += (along := await uow.connection.fetch(_ALONG, *others))
        claimed += [_claim(row) for row in along]
        # From now on, so that letters under way at once count as so many messages.
        told_with = {one.notice_id: _joint_of(letter) for letter in letters(claimed, joint) for one in letter}
        await uow.connection.execute(_JOIN, [*told_with], [*told_with.values()])
        claimed = [replace(one, joint=told_with[one.notice_id]) for one in claimed]
    announce(uow, rows)
    return claimed


async def finalise(uow: UnitOfWork, letter: Sequence[Claim], lease_seconds: float, freshest: float) -> bool:
    """Commit that sending of one letter begins; False if it may not: a claim lost, sending stopped, input behind.

    Of several claims either all begin or none does. Raises RuntimeError rather than commit a part.
    """
    if len(letter) > 1 or letter[0].joint:
        names = [held.notice_id for held in letter]
        await uow.connection.execute(_LOCK, names)
        # It may have been claimed, or tried before, with others that dropped out.
        await uow.connection.execute(_JOIN, names, [_joint_of(letter)] * len(names))
    arguments = ([held.delivery_id for held in letter], letter[0].epoch, lease_seconds, freshest)
    rows = await uow.connection.fetch(_FINAL, *arguments)
    if rows and len(rows) < len(letter):
        raise RuntimeError("a letter begins as a whole or not at all")
    return bool(rows)


async def finish(
    uow: UnitOfWork,
    held: Claim,
    state: NoticeState,
    reason: Reason,
    now: datetime,
    *,
    retry_seconds: float = 0,
    outcome: Outcome = NOT_ATTEMPTED,
    recipient: str = "",
) -> bool:
    """Save the outcome of a claim; False if another process or a person has decided meanwhile.

    A late success still turns `unknown` into `sent` because nothing was sent again since.
    """
    await uow.connection.execute(_LOCK, [held.notice_id])
    rows = await uow.connection.fetch(
        _FINISH,
        *(held.delivery_id, held.epoch, state.value, reason.value, now),
        *(retry_seconds, outcome.code, outcome.provider_id, recipient),
    )
    announce(uow, rows)
    if state is NoticeState.SENT:
        for row in rows:
            metrics.NOTICE_SECONDS.observe(row["waited"])
    return bool(rows)


async def expire(uow: UnitOfWork, now: datetime, lease_seconds: float) -> int:
    """End expired claims: before `final` they are provably unsent and queued again, after it they become unknown.

    One that ends later than any that begins now is of before the database's clock was set back.
    """
    rows = await uow.connection.fetch(_EXPIRE, now, lease_seconds)
    announce(uow, rows)
    return len(rows)


def _joint_of(letter: Sequence[Claim]) -> str:
    return joint_id(one.notice_id for one in letter) if len(letter) > 1 else ""


def composed(row: Any) -> Composed:
    """The message in a row that has what it says and `rests_on`."""
    statement = Statement(row["statement"])
    told = Announcement(statement, row["decided_at"], row["told_low"], row["told_high"], row["next_update_by"])
    basis = _basis.decode(row["rests_on"]) if row["rests_on"] else None
    return Composed(statement, Reason(row["spoken_for"]), told, row["closing"], basis)


def _claim(row: Any) -> Claim:
    return Claim(
        delivery_id=row["delivery_id"],
        channel=row["channel"],
        notice_id=row["notice_id"],
        promise_id=row["promise_id"],
        customer_id=row["customer_id"],
        epoch=row["epoch"],
        attempts=row["attempts"],
        said=composed(row),
        subject=row["subject"],
        body=row["body"],
        html=row["html"],
        reply_to=row["reply_to"],
        audience=Audience(row["audience"]),
        addressee=row["addressee"],
        ahead_of=row["ahead_of"],
        public_words=row["public_words"],
        line=_line.decode(row["line"]) if row["line"] else None,
        joint=row["joint"],
        said_at=row["said_at"],
    )


# The lag may have grown by the time since it was last measured.
_FRESH: Final = """
EXISTS (SELECT FROM promise p JOIN freshness f USING (partition) WHERE p.promise_id = notice.promise_id
  AND f.lag_seconds + extract(epoch FROM clock_timestamp() - f.seen_at) <= $4)"""

_NEXT: Final = """
SELECT delivery_id, next_at FROM delivery
WHERE state = 'pending' AND {urgent} AND next_at <= statement_timestamp() AND (next_at, delivery_id) > ({after})
ORDER BY next_at, delivery_id LIMIT {most}"""

_DUE: Final = """
SELECT EXISTS (SELECT FROM delivery WHERE state = 'pending' AND urgent AND next_at <= statement_timestamp())
  OR EXISTS (SELECT FROM delivery WHERE state = 'pending' AND NOT urgent AND next_at <= statement_timestamp())"""

# No row if there are fewer than were asked for: this was the end.
_LAST: Final = f"""
SELECT next_at, delivery_id FROM ({_NEXT.format(urgent="urgent = $1", after="$2, $3", most="$4")}) AS looked
ORDER BY next_at, delivery_id OFFSET $4 - 1"""  # noqa: S608 - constants only

_TAKE: Final = f"""
WITH looked AS MATERIALIZED (@looked), due AS (
  SELECT delivery.delivery_id FROM looked JOIN delivery USING (delivery_id) JOIN notice USING (notice_id)
  WHERE delivery.state = 'pending'
    AND (delivery.channel = ANY($6::text[])
      OR delivery.next_at <= statement_timestamp() - make_interval(secs => {CHANNEL_WAIT}))
    AND @when
    AND {_FRESH}
    AND EXISTS (SELECT FROM switch WHERE sending AND NOT killed) AND {NOT_HELD}
    AND NOT EXISTS (SELECT FROM notice s
      WHERE s.promise_id = notice.promise_id AND s.addressee = notice.addressee AND s.state = 'sending')
    AND (owner_wait_until IS NULL OR owner_wait_until <= $5 OR NOT EXISTS (SELECT FROM notice o
      WHERE o.ahead_of = notice.notice_id AND o.state IN ('pending', 'sending', 'unknown', 'held')))
  ORDER BY delivery.urgent DESC, delivery.next_at LIMIT $2
  FOR UPDATE OF notice, delivery SKIP LOCKED), claimed AS (
  UPDATE delivery SET state = 'sending', outcome = 'claimed', phase = 'claimed', claimed_by = $1,
    attempts = attempts + 1, epoch = $7, lease_until = clock_timestamp() + make_interval(secs => $3),
    provider_code = NULL, provider_id = '', changed_at = $5
  FROM due WHERE delivery.delivery_id = due.delivery_id AND delivery.state = 'pending'
  RETURNING delivery.delivery_id, delivery.notice_id, delivery.channel, delivery.epoch, delivery.attempts, said_at)
UPDATE notice SET state = 'sending', reason = 'claimed', changed_at = $5, version = version + 1,
  owner = CASE WHEN owner_wait_until IS NULL THEN owner
    WHEN EXISTS (SELECT FROM notice o WHERE o.ahead_of = notice.notice_id AND o.state = 'sent') THEN 'owner_told'
    ELSE 'owner_not_reached' END
FROM claimed WHERE notice.notice_id = claimed.notice_id
RETURNING {CHANGED}, claimed.delivery_id, claimed.channel, claimed.epoch, claimed.attempts, notice.spoken_for,
  notice.decided_at, notice.subject, notice.body, notice.html, notice.reply_to, notice.addressee, notice.ahead_of,
  notice.public_words, notice.closing, notice.evidence->'rests_on' AS rests_on,
  notice.evidence->'line' AS line, notice.joint, coalesce(said_at, notice.decided_at) AS said_at"""  # noqa: S608 - constants only

_PLACES: Final = (
    f"({_NEXT.format(urgent='urgent', after='$8, $9', most='$12')}) UNION ALL "
    f"({_NEXT.format(urgent='NOT urgent', after='$10, $11', most='$12')})"
)
_WAITED: Final = """
(notice.audience <> 'customer' OR delivery.channel <> ALL($13::text[]) OR notice.spoken_for = 'update_due'
  OR notice.decided_at + make_interval(secs => $14) <= $5)"""
_CLAIM: Final = _TAKE.replace("@looked", _PLACES).replace("@when", _WAITED)

# What waits for the same customers on the same channels, whenever it was decided.
_WITH_THEM: Final = """
SELECT delivery_id FROM (
  SELECT delivery_id, row_number() OVER (PARTITION BY addressee ORDER BY urgent DESC, decided_at, delivery_id) AS place
  FROM notice JOIN delivery USING (notice_id)
  WHERE addressee = ANY($8::text[]) AND notice.state = 'pending' AND audience = 'customer'
    AND delivery.state = 'pending' AND delivery.channel = ANY($6::text[]) AND next_at <= statement_timestamp()
) AS queued WHERE place <= $9"""
_ALONG: Final = _TAKE.replace("@looked", _WITH_THEM).replace("@when", "notice.evidence ? 'line'")

_FINAL: Final = f"""
WITH mine AS (
  SELECT delivery_id FROM delivery JOIN notice USING (notice_id)
  WHERE delivery.delivery_id = ANY($1::text[]) AND delivery.epoch = $2 AND delivery.state = 'sending'
    AND delivery.phase = 'claimed' AND delivery.lease_until > clock_timestamp()
    AND EXISTS (SELECT FROM switch WHERE sending AND NOT killed) AND {NOT_HELD} AND {_FRESH})
UPDATE delivery SET phase = 'final', lease_until = clock_timestamp() + make_interval(secs => $3)
FROM mine WHERE delivery.delivery_id = mine.delivery_id AND delivery.phase = 'claimed' AND delivery.epoch = $2
  AND (SELECT count(*) FROM mine) = cardinality($1::text[])
RETURNING delivery.delivery_id"""  # noqa: S608 - constants only

# In the consumer's order, for whoever locks several.
_LOCK: Final = "SELECT FROM notice WHERE notice_id = ANY($1::text[]) ORDER BY promise_id, notice_id FOR UPDATE"

_JOIN: Final = """
UPDATE notice SET joint = b FROM unnest($1::text[], $2::text[]) AS new (a, b) WHERE notice_id = a AND joint <> b"""

_SHOWN: Final = f"""
UPDATE notice SET state = changed.state, reason = changed.outcome, changed_at = changed.changed_at,
  version = version + 1
FROM changed WHERE notice.notice_id = changed.notice_id RETURNING {CHANGED}"""  # noqa: S608 - constants only

_FINISH: Final = f"""
WITH changed AS (
  UPDATE delivery SET state = $3, outcome = $4, changed_at = $5, lease_until = NULL,
    phase = CASE WHEN $3 IN ('sent', 'unknown') THEN phase ELSE '' END,
    next_at = clock_timestamp() + make_interval(secs => $6), provider_code = $7, provider_id = $8,
    recipient = CASE WHEN $9 = '' THEN recipient ELSE $9 END,
    unknown_since = CASE WHEN $3 = 'unknown' THEN clock_timestamp() END
  WHERE delivery_id = $1 AND epoch = $2 AND (state = 'sending' OR (state = 'unknown' AND $3 = 'sent'))
  RETURNING notice_id, state, outcome, changed_at,
    extract(epoch FROM clock_timestamp() - created_at)::float8 AS waited)
{_SHOWN}, changed.waited"""  # noqa: S608 - constants only

_EXPIRE: Final = f"""
WITH stale AS (
  SELECT delivery.delivery_id FROM delivery JOIN notice USING (notice_id)
  WHERE delivery.state = 'sending' AND (delivery.lease_until < clock_timestamp()
    OR delivery.lease_until > clock_timestamp() + 2 * make_interval(secs => $2))
  LIMIT 500 FOR UPDATE OF notice, delivery SKIP LOCKED), changed AS (
  UPDATE delivery SET state = CASE WHEN phase = 'final' THEN 'unknown' ELSE 'pending' END,
    outcome = CASE WHEN phase = 'final' THEN 'outcome_unknown' ELSE 'claim_expired' END,
    unknown_since = CASE WHEN phase = 'final' THEN clock_timestamp() END,
    phase = CASE WHEN phase = 'final' THEN phase ELSE '' END,
    lease_until = NULL, changed_at = $1
  FROM stale WHERE delivery.delivery_id = stale.delivery_id AND delivery.state = 'sending'
  RETURNING delivery.notice_id, delivery.state, delivery.outcome, delivery.changed_at)
{_SHOWN}"""  # noqa: S608 - constants only
