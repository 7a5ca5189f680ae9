"""Rhythms of sources, kept in a table: one row a sender."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, cast

from sqlalchemy.dialects.postgresql import ARRAY, DOUBLE_PRECISION
from sqlmodel import Field, SQLModel

from candor.intake.silence import rhythm
from candor.intake.silence.rhythm import Rhythm
from candor.store.columns import shared_moment
from candor.store.unit_of_work import UnitOfWork

if TYPE_CHECKING:
    from alembic.operations import Operations


FLOATS: Final = cast(Any, ARRAY(DOUBLE_PRECISION))


class RhythmColumns(SQLModel):
    """Columns of the table `source_rhythm`, as in Rhythm; all times are system time."""

    source: str = Field(primary_key=True)
    since: datetime = shared_moment()
    last: datetime = shared_moment()
    minutes: int
    rates: list[float] = Field(sa_type=FLOATS)
    gaps: list[float] = Field(sa_type=FLOATS)


def create(op: Operations) -> None:
    """Create the table; called from a service's migration."""
    op.execute(_CREATE)


async def note(uow: UnitOfWork, heard: Mapping[str, Sequence[datetime]]) -> None:
    """Add when sources were heard, in order of time each; other processes note theirs as well."""
    # In one order everywhere: two processes that note the same sources wait for each other, and not in a circle.
    for source in sorted(heard):
        moments = heard[source]
        await uow.connection.execute(_BEGIN, source, *_columns(rhythm.begun(moments[0])))
        found = _rhythm(await uow.connection.fetchrow(_ONE, source))
        for at in moments:
            found = rhythm.heard(found, at)
        await uow.connection.execute(_CHANGE, source, *_columns(found))


async def all_of(uow: UnitOfWork) -> dict[str, Rhythm]:
    """The rhythms of all sources; there are as many as there are senders."""
    return {row["source"]: _rhythm(row) for row in await uow.connection.fetch(_ALL, MOST)}


def of_row(row: RhythmColumns) -> Rhythm:
    """The rhythm that a row holds."""
    return Rhythm(row.since, row.last, row.minutes, tuple(row.rates), tuple(row.gaps))


def _rhythm(row: Any) -> Rhythm:
    return Rhythm(row["since"], row["last"], row["minutes"], tuple(row["rates"]), tuple(row["gaps"]))


def _columns(found: Rhythm) -> tuple[Any, ...]:
    return found.since, found.last, found.minutes, list(found.rates), list(found.gaps)


MOST: Final = 1_000
_CREATE: Final = """
CREATE TABLE source_rhythm (
  source text PRIMARY KEY,
  since timestamptz NOT NULL,
  last timestamptz NOT NULL,
  minutes int NOT NULL,
  rates float8[] NOT NULL,
  gaps float8[] NOT NULL)"""
_BEGIN: Final = "INSERT INTO source_rhythm VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING"
_COLUMNS: Final = "source, since, last, minutes, rates, gaps"
_ONE: Final = f"SELECT {_COLUMNS} FROM source_rhythm WHERE source = $1 FOR UPDATE"  # noqa: S608 - constants
_ALL: Final = f"SELECT {_COLUMNS} FROM source_rhythm ORDER BY last DESC LIMIT $1"  # noqa: S608 - constants
_CHANGE: Final = "UPDATE source_rhythm SET since = $2, last = $3, minutes = $4, rates = $5, gaps = $6 WHERE source = $1"
