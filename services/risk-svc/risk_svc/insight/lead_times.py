"""Lead times that sources state of competitors, each with ours beside it as it was worked out last."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final, NamedTuple, cast

from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from candor.web.http.listings import Total
from risk_svc.insight.asking import Listing, Place, given, page
from risk_svc.insight.competitors import SHEET
from risk_svc.insight.matter_rows import DAY
from risk_svc.insight.measures.figure import Unit, too_little
from risk_svc.insight.sheets import figure_body

STATED: Final = (
    *("lead_time_id", "competitor", "kind", "labels", "low_days", "typical_days", "high_days", "unit"),
    *("stated_by", "url", "at"),
)
"""What is stated."""
OURS: Final = tuple(f"{what}_{part}" for what in ("promised", "actual") for part in ("low", "typical", "high"))
"""Our figures beside it."""
ITEM: Final = (*STATED, *OURS, "beside")
NOTHING: Final = {name: figure_body(too_little(0, Unit.DAYS)) for name in OURS} | {"beside": "too_little_history"}
"""What stands there until it is worked out."""


class LeadTimeFilter(NamedTuple):
    """Which lead times; None does not filter."""

    competitor: str | None = None
    kind: str | None = None


class Compared(NamedTuple):
    """A page of lead times, how many there are, and when ours beside them were worked out; None: not yet."""

    items: list[dict[str, Any]]
    number: Total
    made_at: datetime | None


async def lead_times(session: AsyncSession, wanted: LeadTimeFilter, place: Place) -> Compared:
    """A page of lead times by competitor."""
    where, values = given(wanted, _COLUMNS)
    rows, number = await page(session, _LISTING, where, values, place)
    made = (await session.exec(cast(Any, _MADE.bindparams(sheet=SHEET)))).first()
    return Compared([_item(row) for row in rows], number, None if made is None else made.made_at)


def rank(item: dict[str, Any]) -> tuple[str, str]:
    """The place of a lead time in the list, for a cursor."""
    return item["competitor"], item["lead_time_id"]


def _item(row: dict[str, Any]) -> dict[str, Any]:
    ours = row.pop("ours") or NOTHING
    return {**row, **{name: ours[name] for name in (*OURS, "beside")}}


_COLUMNS: Final = {
    "competitor": "one.content->>'competitor' = CAST(:competitor AS text)",
    "kind": "one.content->>'promise_kind' = CAST(:kind AS text)",
}
_DAYS: Final = ", ".join(
    f"(one.content->>'{part}_s')::float8 / {DAY} AS {part}_days" for part in ("low", "typical", "high")
)
_LISTING: Final = Listing(
    f"""one.matter_id AS lead_time_id, one.content->>'competitor' AS competitor, one.content->>'promise_kind' AS kind,
  one.content->'labels' AS labels, {_DAYS}, one.content->>'unit' AS unit, one.content->>'source' AS stated_by,
  one.content->>'url' AS url, one.at, figure.body AS ours""",
    "FROM insight_matter AS one WHERE one.kind = 'lead_time' AND one.state = 'registered'",
    "one.content->>'competitor', one.matter_id",
    "(one.content->>'competitor', one.matter_id) > (CAST(:place AS text), :name)",
    f"""LEFT JOIN insight_figure AS figure ON figure.sheet = '{SHEET}' AND figure.name = one.matter_id
  AND figure.run = (SELECT run FROM insight_sheet WHERE sheet = '{SHEET}')""",  # noqa: S608 - constants only
)
_MADE: Final = text("SELECT made_at FROM insight_sheet WHERE sheet = :sheet")
