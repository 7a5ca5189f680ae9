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
    """Columns of the table `request` that are listed; `times` counts how often the same bytes came under one id.

    `mended_to`: the request that was taken in its place, at `mended_at`; `mended_from`: in whose place it was made.
    """

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
    mended_at: datetime | None = Field(sa_type=DateTime(timezone=True))
    mended_to: str
    tries: int
    next_at: datetime | None = Field(sa_type=DateTime(timezone=True))


def create(op: Operations) -> None:
    """Create the table, and let rejected webhooks name theirs; called from a service's migration."""
    for statement in _CREATE:
        op.execute(statement)


def name_mended(op: Operations) -> None:
    """Let what was refused say when it was mended, and by what; called from a service's migration."""
    for statement in _NAME_MENDED:
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
_NAME_MENDED: Final = (
    "ALTER TABLE request ADD mended_at timestamptz, ADD mended_to text NOT NULL DEFAULT ''",
    "ALTER TABLE rejected ADD mended_at timestamptz, ADD mended_to text NOT NULL DEFAULT ''",
    "CREATE INDEX request_mended ON request (mended_from) WHERE mended_from <> ''",
    "CREATE INDEX rejected_request ON rejected (request) WHERE request <> ''",
    # What was mended before says by what, and since when that is known.
    """
UPDATE request SET mended_to = child.request_id, mended_at = child.received_at FROM request AS child
WHERE child.mended_from = request.request_id AND request.state = 'mended' AND child.state = 'processed'""",
    """
UPDATE rejected SET mended_at = request.mended_at, mended_to = request.mended_to FROM request
WHERE request.request_id = rejected.request AND request.mended_to <> ''""",
)
