"""Sending kept rows again: marked a page at a time behind a cursor, so that a kill loses nothing but a page.

Marked rows have a lane of their own (`again` above 0), behind live rows. Per key the last sending of every event
follows the last sending of its predecessor: rows are marked to the end of the log, and what is sent live while its
partition's lane is not empty, or while rows are being marked, joins the lane.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from candor.store import layout

if TYPE_CHECKING:
    from candor.store.db import Transaction

MOST: Final = 2_000
"""Rows that one transaction looks at, some tens of milliseconds."""


UNDER_WAY: Final = """
EXISTS (SELECT FROM replay WHERE done_at IS NULL) OR EXISTS (SELECT FROM outbox WHERE again > 0)"""
"""While rows are being sent again, or marked for it."""


class GrowingError(Exception):
    """The partitions are being grown: rows get other ids, of which marking them would miss some."""


class Progress(NamedTuple):
    """How far a request is: `events` marked so far, and whether all are."""

    events: int
    done: bool


async def request(uow: Transaction, *, since: datetime | None = None, partitions: Collection[int] | None = None) -> int:
    """Ask for all kept rows written since then to be sent again, oldest first; returns the request's number.

    Raises GrowingError.
    """
    number: int | None = await uow.connection.fetchval(
        _REQUEST, since, None if partitions is None else sorted(partitions)
    )
    if number is None:
        raise GrowingError("the partitions are being grown")
    return number


async def step(uow: Transaction, most: int = MOST) -> bool:
    """Mark the next rows of the oldest request; returns whether there may be more to mark."""
    asked = await uow.connection.fetchrow(_OLDEST)
    if asked is None:
        return False
    place = asked["place"] or layout.BEFORE_ALL
    page = await uow.connection.fetchrow(_MARK, place, most, asked["since"], asked["begun"], asked["partitions"])
    assert page is not None  # noqa: S101 - an aggregate has a row
    done = page["looked"] < most
    begun = asked["begun"] or page["begins"]
    await uow.connection.execute(_GO_ON, asked["id"], page["last"], begun, page["events"] or 0, done)
    return True


async def progress(uow: Transaction, number: int) -> Progress:
    """How far a request is."""
    row = await uow.connection.fetchrow("SELECT events, done_at IS NOT NULL FROM replay WHERE id = $1", number)
    return Progress(*row) if row else Progress(0, done=True)


def create(op: Any) -> None:
    """Create the lane; called from a service's migration."""
    for statement in _CREATE:
        op.execute(statement)


SET_ASIDE: Final = "'infinity'::timestamptz"
"""When a row is published that cannot be read: never. It stays for a person, and nothing waits for it."""

_CREATE: Final = (
    "ALTER TABLE outbox DROP COLUMN attempt, ADD again int NOT NULL DEFAULT 0",
    "CREATE INDEX outbox_again ON outbox (partition, id) WHERE again > 0",
    """
CREATE TABLE replay (
  id bigserial PRIMARY KEY,
  since timestamptz,
  partitions int[],
  place bigint NOT NULL DEFAULT 0,
  begun boolean NOT NULL DEFAULT false,
  events bigint NOT NULL DEFAULT 0,
  asked_at timestamptz NOT NULL DEFAULT now(),
  done_at timestamptz)""",
    """
CREATE INDEX dead_letter_aside ON dead_letter (grp, topic, key)
WHERE reason = 'unreadable' AND state IN ('held', 'replay')""",
)

_REQUEST: Final = f"""
INSERT INTO replay (since, partitions) SELECT $1::timestamptz, $2::int[] WHERE NOT {layout.SPLIT}
RETURNING id"""

_OLDEST: Final = """
SELECT id, since, partitions, place, begun FROM replay WHERE done_at IS NULL ORDER BY id LIMIT 1 FOR UPDATE"""

# Rows of before `since` are left out at the beginning alone: later ones belong to transactions that began earlier.
_MARK: Final = f"""
WITH page AS (
  SELECT id, created_at, partition FROM outbox WHERE id > $1 ORDER BY id LIMIT $2),
begin AS (SELECT min(id) AS id FROM page WHERE $3::timestamptz IS NULL OR created_at >= $3),
marked AS (
  UPDATE outbox SET again = again + 1 FROM page, begin
  WHERE outbox.id = page.id AND ($4 OR page.id >= begin.id) AND ($5::int[] IS NULL OR page.partition = ANY($5))
    AND outbox.published_at IS DISTINCT FROM {SET_ASIDE}
  RETURNING outbox.events)
SELECT (SELECT count(*) FROM page) AS looked, (SELECT max(id) FROM page) AS last,
  (SELECT id IS NOT NULL FROM begin) AS begins, (SELECT sum(events) FROM marked) AS events"""  # noqa: S608 - constants

_GO_ON: Final = """
UPDATE replay SET place = coalesce($2, place), begun = $3, events = events + $4,
  done_at = CASE WHEN $5 THEN clock_timestamp() END
WHERE id = $1"""
