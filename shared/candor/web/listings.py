"""Rows of a table a page at a time: filters that were given, an order, and the position that a cursor holds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

from sqlmodel import col, tuple_
from sqlmodel.sql.expression import SelectOfScalar

from candor.store.db import Database
from candor.web.pages import Page, decode_cursor, page

Row = TypeVar("Row")
Order = Sequence[tuple[Any, type]]
"""Columns that together are unique and never null, each with the type of its values."""


def matching(query: SelectOfScalar[Row], *filters: tuple[Any, object | None]) -> SelectOfScalar[Row]:
    """The query with `column = value` for every value that is given."""
    for column, wanted in filters:
        if wanted is not None:
            query = query.where(col(column) == wanted)
    return query


async def listed(
    database: Database,
    query: SelectOfScalar[Row],
    order: Order,
    cursor: str | None,
    limit: int,
    *,
    falling: bool = False,
) -> Page[Row]:
    """The page of at most `limit` rows after a cursor, the largest first if `falling`.

    Raises Problem 422 for a cursor that is not of this order, StoreUnavailable.
    """
    columns = [col(column) for column, _ in order]
    after = decode_cursor(cursor, *(kind for _, kind in order))
    if after is not None:
        query = query.where(tuple_(*columns) < after if falling else tuple_(*columns) > after)
    query = query.order_by(*(column.desc() if falling else column for column in columns)).limit(limit + 1)
    async with database.reading() as session:
        rows = (await session.exec(query)).all()
    return page(rows, limit, lambda row: tuple(getattr(row, column.key) for column, _ in order))
