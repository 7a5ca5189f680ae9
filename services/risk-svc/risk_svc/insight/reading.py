"""Pages of the sheets that `insight` has worked out last."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final, Literal, NamedTuple, cast

from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from candor.web.http.listings import COUNTED, Total

Sort = Literal["loss", "value_at_risk", "gap", "size"]
RANKS: Final[dict[Sort, str]] = {
    "loss": "rank",
    "value_at_risk": "coalesce((body->'value_at_risk'->>'value')::float8, -1)",
    "gap": "coalesce((body->>'score')::float8, -1)",
    "size": "abs((body->>'size')::float8)",
}
"""Orders; `loss` is the rank that the rows of any sheet were given. Those of accounts have an index each."""


class Wanted(NamedTuple):
    """Which rows of a sheet; None does not filter. `search`: how the name begins, in any case.

    `renews_within`: accounts whose renewal lies at most so many days ahead. `announced`: surprises before which the
    customer was told something.
    """

    name: str | None = None
    verdict: str | None = None
    search: str | None = None
    min_score: float | None = None
    renews_within: float | None = None
    customer: str | None = None
    department: str | None = None
    announced: bool | None = None
    contact: str | None = None


class Sheet(NamedTuple):
    """A page of a sheet: when it was made, of how many promises, its rows with their ranks, and how many there are."""

    made_at: datetime | None
    promises: int
    rows: list[tuple[float, str, Any]]
    number: Total


async def page(
    session: AsyncSession,
    sheet: str,
    wanted: Wanted,
    after: tuple[Any, ...] | None,
    most: int,
    sort: Sort = "loss",
    skip: int = 0,
) -> Sheet:
    """At most `most` rows after a cursor's place and `skip` further ones, largest first.

    A sheet that was never made is empty.
    """
    made = (await session.exec(cast(Any, _MADE.bindparams(sheet=sheet)))).first()
    if made is None:
        return Sheet(None, 0, [], Total(0, True))
    asked = {"sheet": sheet, "run": made.run, **wanted._asdict()}
    rank, name = after or (None, "")
    found = _ROWS[sort].bindparams(**asked, rank=rank, place=name, most=most, skip=skip)
    rows = [(row.rank, row.name, row.body) for row in (await session.exec(cast(Any, found))).all()]
    number = (await session.exec(cast(Any, _COUNT.bindparams(**asked)))).one()[0]
    return Sheet(made.made_at, made.promises, rows, Total.of(number))


_MADE: Final = text("SELECT run, made_at, promises FROM insight_sheet WHERE sheet = :sheet")
_WHERE: Final = """sheet = :sheet AND run = CAST(:run AS bigint)
  AND (CAST(:name AS text) IS NULL OR name = CAST(:name AS text))
  AND (CAST(:verdict AS text) IS NULL OR body->>'verdict' = CAST(:verdict AS text))
  AND (CAST(:search AS text) IS NULL OR starts_with(lower(name), lower(CAST(:search AS text))))
  AND (CAST(:min_score AS float8) IS NULL OR (body->>'score')::float8 >= CAST(:min_score AS float8))
  AND (CAST(:customer AS text) IS NULL OR body->>'customer_id' = CAST(:customer AS text))
  AND (CAST(:department AS text) IS NULL OR body->>'department' = CAST(:department AS text))
  AND (CAST(:contact AS text) IS NULL OR body->>'contact' = CAST(:contact AS text))
  AND (CAST(:announced AS bool) IS NULL OR (body->>'announced')::bool = CAST(:announced AS bool))
  AND (CAST(:renews_within AS float8) IS NULL
    OR (body->>'renewal_in_days')::float8 BETWEEN 0 AND CAST(:renews_within AS float8))"""
_ROWS: Final = {
    sort: text(f"""
SELECT {rank} AS rank, name, body FROM insight_figure
WHERE {_WHERE}
  AND (CAST(:rank AS float8) IS NULL OR ({rank}, name) < (CAST(:rank AS float8), CAST(:place AS text)))
ORDER BY {rank} DESC, name DESC LIMIT :most OFFSET :skip""")  # noqa: S608 - constants only
    for sort, rank in RANKS.items()
}
_COUNT: Final = text(f"SELECT count(*) FROM (SELECT FROM insight_figure WHERE {_WHERE} LIMIT {COUNTED + 1}) AS found")  # noqa: S608
