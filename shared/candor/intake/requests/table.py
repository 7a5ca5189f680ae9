"""The table of stored requests."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Final, Literal

from sqlalchemy import DateTime
from sqlmodel import Field, SQLModel

if TYPE_CHECKING:
    from alembic.operations import Operations

State = Literal["waiting", "processed", "refused", "failed", "mended"]
WAITING: Final = "waiting"
PROCESSED: Final = "processed"
REFUSED: Final = "refused"
FAILED: Final = "failed"
MENDED: Final = "mended"


class RequestColumns(SQLModel):
    """Columns of the table `request` that are listed; `times` counts how often the same bytes came under one id."""

    request_id: str = Field(primary_key=True)
    source: str
    read_as: str
    state: str
    reason: str
    times: int
    size: int
    received_at: datetime = Field(sa_type=DateTime(timezone=True))
    mended_from: str
    mended_by: str
    tries: int
    next_at: datetime | None = Field(sa_type=DateTime(timezone=True))


def create(op: Operations) -> None:
    """Create the table, and let rejected webhooks name theirs; called from a service's migration."""
    for statement in _CREATE:
        op.execute(statement)


_CREATE: Final = (
    """
CREATE TABLE request (
  request_id text PRIMARY KEY,
  source text NOT NULL,
  read_as text NOT NULL,
  state text NOT NULL,
  reason text NOT NULL DEFAULT '',
  times int NOT NULL DEFAULT 1,
  size int NOT NULL,
  received_at timestamptz NOT NULL,
  about text[] NOT NULL DEFAULT '{}',
  mended_from text NOT NULL DEFAULT '',
  mended_by text NOT NULL DEFAULT '',
  tries int NOT NULL DEFAULT 0,
  next_at timestamptz,
  sealed bytea NOT NULL,
  completed bytea,
  born bigint NOT NULL DEFAULT nextval('born'))""",
    # Sealed bytes cannot be made smaller: trying would only cost time.
    "ALTER TABLE request ALTER sealed SET STORAGE EXTERNAL, ALTER completed SET STORAGE EXTERNAL",
    "CREATE INDEX request_received ON request (received_at, request_id)",
    "CREATE INDEX request_source ON request (source, received_at, request_id)",
    "CREATE INDEX request_left ON request (state, source, received_at, request_id) WHERE state <> 'processed'",
    "CREATE INDEX request_waiting ON request (source, next_at) WHERE state = 'waiting'",
    "CREATE INDEX request_about ON request USING gin (about)",
    "ALTER TABLE rejected ADD request text NOT NULL DEFAULT ''",
    # Erasures under way begin anew: they have a part more.
    "UPDATE erasure SET part = 0, place = 0",
)
