"""Rows of labels that no rule knew: as many as fit, those seen last."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from candor.intake.mapped.labels import Unknown
from candor.store.unit_of_work import UnitOfWork

MOST_ROWS: Final = 10_000


async def count(uow: UnitOfWork, labels: Sequence[Unknown], most_rows: int = MOST_ROWS) -> None:
    """Add what was seen; of more than `most_rows` labels those seen longest ago go."""
    if not labels:
        return
    columns = [list(column) for column in zip(*sorted(labels), strict=True)]
    await uow.connection.execute(_COUNT, *columns)
    await uow.connection.execute(_CUT, most_rows)


_COUNT: Final = """
INSERT INTO unknown_label AS known (source, label, value, seen, last_seen)
SELECT source, label, value, seen, now() FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[])
  AS new (source, label, value, seen)
ON CONFLICT (source, label, value) DO UPDATE SET seen = known.seen + excluded.seen, last_seen = excluded.last_seen"""
_CUT: Final = """
DELETE FROM unknown_label WHERE ctid = ANY(ARRAY(
  SELECT ctid FROM unknown_label ORDER BY last_seen DESC OFFSET $1))"""
