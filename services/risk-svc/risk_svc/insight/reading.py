"""Pages of the sheets that `insight` has worked out last."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final, NamedTuple, cast

from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from candor.web.http.listings import COUNTED, Total


class Sheet(NamedTuple):
    """A page of a sheet: when it was made, of how many promises, its rows with their ranks, and how many there are."""

    made_at: datetime | None
    promises: int
    rows: list[tuple[float, str, Any]]
    number: Total


async def page(session: AsyncSession, sheet: str, name: str | None, after: tuple[Any, ...] | None, most: int) -> Sheet:
    """At most `most` rows after a cursor's place, highest rank first; a sheet that was never made is empty."""
    made = (await session.exec(cast(Any, _MADE.bindparams(sheet=sheet)))).first()
    if made is None:
        return Sheet(None, 0, [], Total(0, True))
    wanted = {"sheet": sheet, "run": made.run, "name": name}
    place = after or (None, "")
    asked = _ROWS.bindparams(**wanted, rank=place[0], place=place[1], most=most)
    rows = (await session.exec(cast(Any, asked))).all()
    number = (await session.exec(cast(Any, _COUNT.bindparams(**wanted)))).one()[0]
    found = [(row.rank, row.name, row.body) for row in rows]
    return Sheet(made.made_at, made.promises, found, Total.of(number))


_MADE: Final = text("SELECT run, made_at, promises FROM insight_sheet WHERE sheet = :sheet")
_WHERE: Final = (
    "sheet = :sheet AND run = CAST(:run AS bigint) AND (CAST(:name AS text) IS NULL OR name = CAST(:name AS text))"
)
_ROWS: Final = text(f"""
SELECT rank, name, body FROM insight_figure
WHERE {_WHERE}
  AND (CAST(:rank AS float8) IS NULL OR (rank, name) < (CAST(:rank AS float8), CAST(:place AS text)))
ORDER BY rank DESC, name DESC LIMIT :most""")  # noqa: S608 - constants only
_COUNT: Final = text(f"SELECT count(*) FROM (SELECT FROM insight_figure WHERE {_WHERE} LIMIT {COUNTED + 1}) AS found")  # noqa: S608
