"""Signed webhooks that could not be used: answered with 202 and listed here; their content is a stored request's."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Final, NamedTuple

from sqlmodel import Field, SQLModel

from candor.store.unit_of_work import UnitOfWork

if TYPE_CHECKING:
    from alembic.operations import Operations


class Rejection(NamedTuple):
    """One rejected webhook: `reason` is a problem code, `detail` names fields but never their values.

    `request` is the stored request that it came in, "" where none is kept.
    """

    source: str
    event_id: str
    body_sha256: bytes
    type: str
    reason: str
    detail: str
    request: str = ""


class RejectedColumns(SQLModel):
    """Columns of the table `rejected`; `times` counts how often the same bytes came.

    `mended_to`: the request that was taken in its place, at `mended_at`; its own where that was taken later on.
    """

    source: str = Field(primary_key=True)
    event_id: str = Field(primary_key=True)
    body_sha256: bytes = Field(primary_key=True)
    type: str
    reason: str
    detail: str
    times: int
    received_at: datetime
    request: str
    mended_at: datetime | None
    mended_to: str


def create(op: Operations) -> None:
    """Create the table; called from a service's migration."""
    op.execute(_CREATE)
    op.execute("CREATE INDEX rejected_received ON rejected (received_at DESC, source, event_id)")


async def keep(uow: UnitOfWork, rejections: Sequence[Rejection]) -> list[Exception | None]:
    """Save rejections; returns one result for each, for a group commit."""
    newest = {rejection[:3]: rejection for rejection in rejections}
    times = Counter(rejection[:3] for rejection in rejections)
    rows = [(*newest[name], times[name]) for name in sorted(newest)]
    await uow.connection.execute(_KEEP, *(list(column) for column in zip(*rows, strict=True)))
    return [None] * len(rejections)


_CREATE: Final = """
CREATE TABLE rejected (
  source text NOT NULL,
  event_id text NOT NULL,
  body_sha256 bytea NOT NULL,
  type text NOT NULL,
  reason text NOT NULL,
  detail text NOT NULL,
  times int NOT NULL DEFAULT 1,
  received_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (source, event_id, body_sha256))"""

_KEEP: Final = """
INSERT INTO rejected (source, event_id, body_sha256, type, reason, detail, request, times)
SELECT * FROM unnest($1::text[], $2::text[], $3::bytea[], $4::text[], $5::text[], $6::text[], $7::text[], $8::int[])
ON CONFLICT (source, event_id, body_sha256)
DO UPDATE SET times = rejected.times + EXCLUDED.times, received_at = now(), reason = EXCLUDED.reason,
  detail = EXCLUDED.detail, request = EXCLUDED.request,
  mended_at = CASE WHEN rejected.mended_to = EXCLUDED.request THEN NULL ELSE rejected.mended_at END,
  mended_to = CASE WHEN rejected.mended_to = EXCLUDED.request THEN '' ELSE rejected.mended_to END"""
"""What a person has mended stays so when its sender sends it once more."""
