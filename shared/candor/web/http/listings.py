"""Pages of a table's rows: optional filters, an order, a cursor's position, and the number of rows."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any, Final, NamedTuple, Self, TypeVar, cast

import msgspec
from pydantic import BaseModel, Field
from sqlalchemy import func, literal
from sqlalchemy import select as sql_select
from sqlmodel import col, tuple_
from sqlmodel.ext.asyncio.session import AsyncSession
from sqlmodel.sql.expression import SelectOfScalar

from candor.store.db import Database
from candor.web.http.pages import Page, decode_cursor, page

Row = TypeVar("Row")
Order = Sequence[tuple[Any, type]]
"""Columns that together are unique and never null, each with the type of its values."""
COUNTED: Final = 100_000
"""Counts are exact up to this number; beyond it the answer says that there are more."""


class Total(NamedTuple):
    """The number of rows: `total`, or more than that if it is not exact."""

    total: int
    total_exact: bool

    @classmethod
    def of(cls, found: int, most: int = COUNTED) -> Self:
        """The total where counting ended at the row after `most`."""
        return cls(min(found, most), found <= most)

    def __str__(self) -> str:
        return f"{'' if self.total_exact else 'more than '}{self.total:,}"


class ListTotals(BaseModel):
    """What every page of a list contains besides its items: how many there are on all pages."""

    total: int = Field(description=f"How many items all pages have together; at most {COUNTED:,} are counted.")
    total_exact: bool = Field(description="False: there are more than `total`.")


class ListPage(NamedTuple):
    """A page, the cursor of the next one (None on the last), and the number of items on all pages."""

    items: list[msgspec.Raw]
    next: str | None
    number: Total

    def document(self) -> dict[str, Any]:
        """Return the page's body."""
        return {"items": self.items, **self.number._asdict()}


Present = Callable[[Sequence[Row]], Awaitable[Iterable[Any]]]
"""Shows some rows."""


def each(present: Callable[[Row], Any]) -> Present[Row]:
    """Return what shows rows one by one."""

    async def shown(rows: Sequence[Row]) -> Iterable[Any]:
        return [present(row) for row in rows]

    return shown


def matching(query: SelectOfScalar[Row], *filters: tuple[Any, object | None]) -> SelectOfScalar[Row]:
    """Return the query filtered by `column = value` for every value that is given."""
    for column, wanted in filters:
        if wanted is not None:
            query = query.where(col(column) == wanted)
    return query


async def counted(session: AsyncSession, query: SelectOfScalar[Any], most: int | None = None) -> Total:
    """Return how many rows a query without limit finds, counted up to `most`, else up to COUNTED."""
    most = COUNTED if most is None else most
    some = query.with_only_columns(literal(1), maintain_column_froms=True).order_by(None).limit(most + 1).subquery()
    found: int = (await session.exec(cast(Any, sql_select(func.count()).select_from(some)))).one()[0]
    return Total.of(found, most)


async def listed(
    database: Database,
    query: SelectOfScalar[Row],
    order: Order,
    cursor: str | None,
    limit: int,
    present: Present[Row],
    *,
    falling: bool = False,
    beside: Callable[[AsyncSession, Sequence[Row]], Awaitable[None]] | None = None,
) -> ListPage:
    """Return the page of at most `limit` rows after a cursor, in descending order if `falling`; fewer if large.

    `beside` reads what `present` needs of some rows, in the same session before they are shown. Raises Problem 422 for
    a cursor that does not match this order, and StoreUnavailable.
    """
    columns = [col(column) for column, _ in order]
    start = decode_cursor(cursor, *(kind for _, kind in order))
    ordered = query.order_by(*(column.desc() if falling else column for column in columns))

    def position(row: Row) -> tuple[Any, ...]:
        return tuple(getattr(row, column.key) for column, _ in order)

    async with database.reading() as session:

        async def some(after: tuple[Any, ...] | None, most: int) -> Sequence[Row]:
            wanted = ordered
            if after is not None:
                wanted = wanted.where(tuple_(*columns) < after if falling else tuple_(*columns) > after)
            rows = (await session.exec(wanted.limit(most))).all()
            if beside is not None:
                await beside(session, rows)
            return rows

        found: Page = await page(some, present, position, start, limit)
        count = await counted(session, query)
    return ListPage(found.items, found.next, count)
