"""Lists of matters asked of the tables, in pages: what all of them have in common."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple, cast

from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from candor.web.http.listings import COUNTED, Total

Values = Mapping[str, Any]


class Place(NamedTuple):
    """Where a page begins: after a cursor's place, or after so many rows; and how many rows it has at most."""

    most: int
    after: tuple[Any, ...] | None = None
    skip: int = 0


class Listing(NamedTuple):
    """How a list is read: the rows of `one` that there are, their order, and what says where a cursor's place ends.

    `columns` are asked of the rows of a page alone, with what `beside` joins to them. All are SQL of ours; `past`
    compares with :place and :name.
    """

    columns: str
    source: str
    order: str
    past: str
    beside: str = ""


async def page(
    session: AsyncSession, listing: Listing, where: str, values: Values, place: Place
) -> tuple[list[dict[str, Any]], Total]:
    """The rows of a page, and how many there are on all of them; `where` begins with AND, if it says anything."""
    past = f" AND {listing.past}" if place.after else ""
    rows_of_page = f"SELECT one.* {listing.source}{where}{past} ORDER BY {listing.order} LIMIT :most OFFSET :skip"
    query = f"SELECT {listing.columns} FROM ({rows_of_page}) AS one {listing.beside} ORDER BY {listing.order}"  # noqa: S608
    bound = {**values, "most": place.most, "skip": place.skip}
    if place.after:
        bound |= dict(zip(("place", "name"), place.after, strict=True))
    rows: Sequence[Any] = (await session.exec(_asked(query, bound))).all()
    counting = f"SELECT count(*) FROM (SELECT {listing.source}{where} LIMIT {COUNTED + 1}) AS found"  # noqa: S608
    number = (await session.exec(_asked(counting, values))).one()[0]
    return [dict(row._mapping) for row in rows], Total.of(number)


def _asked(query: str, values: Values) -> Any:
    """The query with those of the values that it names."""
    return cast(Any, text(query).bindparams(**{name: one for name, one in values.items() if f":{name}" in query}))


def given(wanted: Any, columns: Mapping[str, str]) -> tuple[str, dict[str, Any]]:
    """The conditions of a filter, of whose fields those that are None do not filter, and their values."""
    values = {name: value for name, value in wanted._asdict().items() if value is not None and name in columns}
    return "".join(f" AND {columns[name]}" for name in values), values


OPEN: Final = "('requested', 'countered')"
"""States of a hand-off that nobody has answered for good."""
