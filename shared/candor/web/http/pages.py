"""Pagination of long lists: an opaque cursor, and a Link header to the next page."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import MAXYEAR, MINYEAR, datetime
from types import GenericAlias
from typing import Annotated, Any, Final, NamedTuple, TypeVar
from urllib.parse import quote, urlencode

import msgspec
from fastapi import Query
from starlette.requests import Request

from candor.web.http.problems import Problem
from candor.web.http.public import public_path

T = TypeVar("T")
SMALLEST: Final = 1
LARGEST: Final = 200
LONGEST_CURSOR: Final = 1024
PAGE_BYTES: Final = 1024 * 1024 - 16 * 1024
"""Of all items of a page; with what stands around them an answer is at most 1 MiB."""
BLOCK: Final = 50
"""Rows that are read at a time: as many as a page has unless it is told otherwise."""
_encode: Final = msgspec.json.Encoder().encode

Limit = Annotated[int, Query(ge=SMALLEST, le=LARGEST, description="Items a page, or fewer where they come to 1 MiB.")]
Cursor = Annotated[str | None, Query(max_length=LONGEST_CURSOR, description="Where the page starts, as Link said.")]


class Page(NamedTuple):
    """Items in the form in which they are shown, and the cursor of the next page, None on the last page."""

    items: list[msgspec.Raw]
    next: str | None


def encode_cursor(*position: str | int | float | datetime) -> str:
    """Return a cursor for the sort key of the last item shown."""
    return base64.urlsafe_b64encode(msgspec.json.encode(position)).rstrip(b"=").decode()


def decode_cursor(cursor: str | None, *kinds: type) -> tuple[Any, ...] | None:
    """Return the position in a cursor, its parts of the given types; None for no cursor. Raises Problem 422."""
    if cursor is None:
        return None
    try:
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        position = msgspec.json.decode(raw, type=GenericAlias(tuple, kinds))
    except (binascii.Error, ValueError, msgspec.MsgspecError):
        raise Problem.invalid_parameter("cursor", "use a cursor as a Link header gave it") from None
    if not all(_can_be_stored(part) for part in position):
        raise Problem.invalid_parameter("cursor", "use a cursor as a Link header gave it")
    return tuple(position)


def _can_be_stored(part: object) -> bool:
    # Otherwise the database would refuse it only later, as an internal error.
    if isinstance(part, str):
        return "\0" not in part
    if isinstance(part, datetime):
        # At either end of the calendar a zone can move it outside the range of UTC.
        return part.tzinfo is not None and MINYEAR < part.year < MAXYEAR
    return not isinstance(part, int) or abs(part) < 2**63


async def page(
    read: Callable[[tuple[Any, ...] | None, int], Awaitable[Sequence[T]]],
    present: Callable[[Sequence[T]], Awaitable[Iterable[Any]]],
    position: Callable[[T], tuple[Any, ...]],
    after: tuple[Any, ...] | None,
    limit: int,
) -> Page:
    """Return the page after a position: at most `limit` items, and at most PAGE_BYTES but for a single item.

    `read` returns so many rows after a position, `present` shows each of them, `position` is a row's own. Rows are read
    some at a time, as each may be large.
    """
    items: list[msgspec.Raw] = []
    size = 0
    while True:
        wanted = min(limit - len(items), BLOCK)
        rows = await read(after, wanted + 1)
        for row, document in zip(rows[:wanted], await present(rows[:wanted]), strict=True):
            item = _encode(document)
            size += len(item) + 1
            if items and size > PAGE_BYTES:
                return Page(items, encode_cursor(*after or ()))
            items.append(msgspec.Raw(item))
            after = position(row)
        if len(rows) <= wanted:
            return Page(items, None)
        if len(items) == limit:
            return Page(items, encode_cursor(*after or ()))


def link_header(request: Request, following: str | None) -> dict[str, str]:
    """Return the `Link` header (RFC 8288) to the next page, relative to this one; empty on the last page."""
    if following is None:
        return {}
    query = [(name, value) for name, value in request.query_params.multi_items() if name != "cursor"]
    return {
        "Link": f'<{quote(public_path(request.url.path))}?{urlencode([*query, ("cursor", following)])}>; rel="next"'
    }
