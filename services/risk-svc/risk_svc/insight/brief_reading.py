"""Reads what the weekly brief is made of: a few rows of each sheet, worst hops, and accounts that renew soon."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final, cast

from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from candor.store.db import Database
from risk_svc.insight import reading
from risk_svc.insight.brief import RENEWAL_DAYS, Known
from risk_svc.insight.forgetting import living
from risk_svc.insight.measures.figure import LEAST, Unit, mean_of
from risk_svc.insight.reading import Wanted

SHEETS: Final = {
    "customers": "rollup:customer",
    "risk": "value_at_risk",
    "windows": "renewal",
    "bias": "bias:team",
    "punctuality": "punctuality:team",
    "pairs": "perception:pairs",
    "factors": "factor",
    "checklist": "checklist",
}
OF_DEPARTMENT: Final = {"groups": "rollup:department", "bias": "bias:team", "punctuality": "punctuality:team"}
"""Sheets with a row for each department."""
OF_ALL: Final = {"factors": "factor", "checklist": "checklist"}
"""Sheets that are of use to each department as they are."""
MOST_DEPARTMENTS: Final = 200
ROWS: Final = 20
"""Rows of each sheet that are looked at."""
STATEMENTS: Final = 20_000
"""The newest statements of which hops are judged."""


async def known(database: Database, now: datetime, department: str | None = None) -> tuple[Known, datetime | None]:
    """What there is, of a department or of all, and when the oldest of it was worked out; `now` is business time.

    Raises StoreUnavailable.
    """
    asked = {name: (sheet, Wanted()) for name, sheet in (OF_ALL if department else SHEETS).items()}
    if department:
        asked |= {name: (sheet, Wanted(department)) for name, sheet in OF_DEPARTMENT.items()}
    async with database.reading() as session:
        found = {name: await reading.page(session, *one, None, ROWS) for name, one in asked.items()}
        hops = [_hop(row) for row in await _all(session, _HOPS, least=LEAST, department=department)]
        until = now + timedelta(days=RENEWAL_DAYS)
        renewals = await _all(session, _RENEWALS, now=now, until=until, most=ROWS, department=department)
    rows = {name: [body for _, _, body in sheet.rows] for name, sheet in found.items()}
    made = [sheet.made_at for sheet in found.values() if sheet.made_at is not None]
    named = [{**row["body"], "renews": row["ends_at"]} for row in renewals]
    return Known(**rows, hops=hops, renewals=named), min(made, default=None)


async def is_department(database: Database, known: Known, name: str) -> bool:
    """Whether there is a department of this name, of which this is `known`. Raises StoreUnavailable."""
    if known.groups or known.bias or known.punctuality or known.hops or known.renewals:
        return True
    async with database.reading() as session:
        return bool((await _all(session, _THERE, department=name))[0]["there"])


async def departments(database: Database) -> list[str]:
    """Departments with open or completed promises, by name; none before their figures were worked out.

    Raises StoreUnavailable.
    """
    names: set[str] = set()
    async with database.reading() as session:
        for sheet in ("rollup:department", "punctuality:team"):
            found = await reading.page(session, sheet, Wanted(), None, MOST_DEPARTMENTS)
            names |= {name for _, name, _ in found.rows if name}
    return sorted(names)[:MOST_DEPARTMENTS]


def _hop(row: dict[str, Any]) -> dict[str, Any]:
    """A kind of hop with Student's interval of its mean distortion, which lies in 0 to 1."""
    found = mean_of(row["n"], row["distortion"], row["deviation"], Unit.PART)
    return {**row, "low": max(0.0, found.low or 0.0), "high": min(1.0, found.high or 1.0)}


async def _all(session: AsyncSession, query: Any, **values: Any) -> list[dict[str, Any]]:
    return [dict(row) for row in (await session.exec(cast(Any, query.bindparams(**values)))).mappings().all()]


_HOPS: Final = text(f"""
SELECT said_by, said_to, count(*)::int AS n, avg(distortion)::float8 AS distortion,
  stddev_samp(distortion)::float8 AS deviation FROM (
  SELECT said_by, said_to, distortion FROM insight_statement
  WHERE distortion IS NOT NULL AND {living("insight_statement")}
    AND (CAST(:department AS text) IS NULL OR said_by = CAST(:department AS text))
  ORDER BY at DESC, statement_id DESC LIMIT {STATEMENTS}) AS newest
GROUP BY said_by, said_to HAVING count(*) >= CAST(:least AS int) AND avg(distortion) > 0
ORDER BY avg(distortion) DESC, said_by, said_to LIMIT 1""")  # noqa: S608 - constants
_THERE: Final = text("""
SELECT EXISTS (SELECT FROM insight_statement WHERE said_by = :department)
  OR EXISTS (SELECT FROM insight_matter WHERE department = :department) AS there""")
_RENEWALS: Final = text(f"""
SELECT figure.body, insight_matter.ends_at
FROM insight_matter JOIN insight_sheet ON insight_sheet.sheet = 'account'
JOIN insight_figure AS figure ON figure.sheet = 'account' AND figure.run = insight_sheet.run
  AND figure.name = insight_matter.matter_id
WHERE kind = 'account' AND ends_at >= CAST(:now AS timestamptz) AND ends_at < CAST(:until AS timestamptz)
  AND {living("insight_matter")}
  AND (CAST(:department AS text) IS NULL OR EXISTS (
    SELECT FROM insight_promise WHERE insight_promise.customer_id = insight_matter.customer_id
      AND standing = 'open' AND shown AND insight_promise.department = CAST(:department AS text)))
ORDER BY ends_at, insight_matter.matter_id LIMIT :most""")  # noqa: S608 - constants
