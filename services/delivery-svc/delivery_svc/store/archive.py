"""Parked reports that ended: nothing of them is kept but how many there were, by day, source and system."""

from __future__ import annotations

from typing import Final

from candor.store.retention import Step
from candor.store.unit_of_work import UnitOfWork

MOST_ROWS: Final = 100_000
"""Rows of the archive; beyond them the oldest days go."""


class ParkedExpiry:
    """Reports that have waited for `days` end, and are counted in the transaction in which they do."""

    name = table = "parked"

    def __init__(self, days: float, most_rows: int = MOST_ROWS) -> None:
        self.days = days
        self._most_rows = most_rows

    async def step(self, uow: UnitOfWork, most: int) -> Step:
        """End at most `most` reports that no other process is at."""
        gone: int = await uow.connection.fetchval(_END, self.days, most)
        if gone:
            await uow.connection.execute(_CUT, self._most_rows)
        return Step(gone, gone == most)


OVER: Final = "SELECT ctid FROM parked WHERE parked_at < now() - make_interval(secs => $1::float8 * 86400) LIMIT $2"
"""What has ended."""
_END: Final = f"""
WITH ended AS (
  DELETE FROM parked WHERE ctid = ANY(ARRAY({OVER} FOR UPDATE SKIP LOCKED))
  RETURNING source, coalesce(system, '') AS system, (parked_at AT TIME ZONE 'UTC')::date AS day),
counted AS (
  INSERT INTO parked_archive AS known (day, source, system, reports)
  SELECT day, source, system, count(*) FROM ended GROUP BY day, source, system ORDER BY day, source, system
  ON CONFLICT (day, source, system) DO UPDATE SET reports = known.reports + excluded.reports)
SELECT count(*) FROM ended"""  # noqa: S608 - constants
_CUT: Final = """
DELETE FROM parked_archive WHERE (day, source, system) IN (
  SELECT day, source, system FROM parked_archive ORDER BY day DESC, source DESC, system DESC OFFSET $1)"""
