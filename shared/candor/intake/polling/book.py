"""How far each poll is, in a table: a page counts as taken in the transaction that moves its cursor."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Final, NamedTuple

from sqlmodel import Field, SQLModel

from candor.clients.pages import Asked, Page
from candor.store.columns import shared_moment
from candor.store.unit_of_work import UnitOfWork

if TYPE_CHECKING:
    from alembic.operations import Operations

LEASE_SECONDS: Final = 120.0
"""A process that is at a page for so long has ended, and another begins the page again."""


class PollColumns(SQLModel):
    """Columns of the table `poll`; `since` and `reached` are times of the other system, all others the database's."""

    name: str = Field(primary_key=True)
    since: datetime = shared_moment()
    page: str
    reached: datetime | None = shared_moment(nullable=True)
    due: datetime = shared_moment()
    held_until: datetime = shared_moment()
    holder: str
    hour: datetime = shared_moment()
    requests: int
    failures: int
    taken_at: datetime | None = shared_moment(nullable=True)
    ended_at: datetime | None = shared_moment(nullable=True)
    error: str
    error_at: datetime | None = shared_moment(nullable=True)
    new: int
    known: int
    refused: int


class Terms(NamedTuple):
    """How often a poll asks: seconds between runs, back over the last change and at the very first, and a budget."""

    every: float
    overlap: float
    first: float
    requests_an_hour: int


class Counts(NamedTuple):
    """Events of a page: unknown until now, known by a webhook or an earlier page, or refused."""

    new: int = 0
    known: int = 0
    refused: int = 0


def create(op: Operations) -> None:
    """Create the table; called from a service's migration."""
    op.execute(_CREATE)


async def claim(uow: UnitOfWork, name: str, terms: Terms, holder: str) -> Asked | None:
    """The page that is due, which is this process's for LEASE_SECONDS; None: not yet, another's, or no budget left."""
    await uow.connection.execute(_BEGIN, name, terms.first)
    row = await uow.connection.fetchrow(_CLAIM, name, holder, LEASE_SECONDS, terms.requests_an_hour)
    return None if row is None else Asked(row["since"], row["page"])


async def taken(uow: UnitOfWork, name: str, terms: Terms, holder: str, page: Page, counts: Counts) -> bool:
    """Move the cursor past a page; False: another process has it by now, and nothing was written.

    Within a run the beginning stays, as the page names belong to it. The next run begins `overlap` before the latest
    change that was seen, for changes are not seen in their order.
    """
    status = await uow.connection.execute(
        _TAKEN, name, holder, page.next, page.latest, terms.overlap, terms.every, *counts
    )
    return bool(status == "UPDATE 1")


async def failed(uow: UnitOfWork, name: str, holder: str, words: str, wait: float, *, anew: bool) -> None:
    """Note why a page was not given, and ask again after `wait` seconds; `anew`: from the beginning of the run."""
    await uow.connection.execute(_FAILED, name, holder, words[:300], wait, anew)


async def failures(uow: UnitOfWork, name: str) -> int:
    """How often in a row a poll has failed."""
    return int(await uow.connection.fetchval("SELECT failures FROM poll WHERE name = $1", name) or 0)


_CREATE: Final = """
CREATE TABLE poll (
  name text PRIMARY KEY,
  since timestamptz NOT NULL,
  page text NOT NULL DEFAULT '',
  reached timestamptz,
  due timestamptz NOT NULL DEFAULT now(),
  held_until timestamptz NOT NULL DEFAULT 'epoch',
  holder text NOT NULL DEFAULT '',
  hour timestamptz NOT NULL DEFAULT date_trunc('hour', now()),
  requests int NOT NULL DEFAULT 0,
  failures int NOT NULL DEFAULT 0,
  taken_at timestamptz,
  ended_at timestamptz,
  error text NOT NULL DEFAULT '',
  error_at timestamptz,
  new bigint NOT NULL DEFAULT 0,
  known bigint NOT NULL DEFAULT 0,
  refused bigint NOT NULL DEFAULT 0)"""

_BEGIN: Final = """
INSERT INTO poll (name, since) VALUES ($1, now() - make_interval(secs => $2::float8)) ON CONFLICT DO NOTHING"""

_CLAIM: Final = """
UPDATE poll SET holder = $2, held_until = now() + make_interval(secs => $3::float8),
  requests = CASE WHEN hour = date_trunc('hour', now()) THEN requests + 1 ELSE 1 END, hour = date_trunc('hour', now())
WHERE name = $1 AND due <= now() AND held_until < now()
  AND (hour <> date_trunc('hour', now()) OR requests < $4)
RETURNING since, page"""

_TAKEN: Final = """
UPDATE poll SET held_until = now(), failures = 0, error = '', error_at = NULL, taken_at = now(),
  page = coalesce($3::text, ''),
  reached = greatest(reached, $4::timestamptz),
  since = CASE
    WHEN $3::text = '' THEN coalesce(greatest(reached, $4), since)
    WHEN $3::text IS NULL THEN coalesce(greatest(reached, $4) - make_interval(secs => $5::float8), since)
    ELSE since END,
  ended_at = CASE WHEN $3::text IS NULL THEN now() ELSE ended_at END,
  due = CASE WHEN $3::text IS NULL THEN now() + make_interval(secs => $6::float8) ELSE now() END,
  new = new + $7, known = known + $8, refused = refused + $9
WHERE name = $1 AND holder = $2 AND held_until > now()"""

_FAILED: Final = """
UPDATE poll SET held_until = now(), failures = failures + 1, error = $3, error_at = now(),
  due = now() + make_interval(secs => $4::float8), page = CASE WHEN $5 THEN '' ELSE page END
WHERE name = $1 AND holder = $2"""
