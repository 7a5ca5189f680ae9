"""Pagination of long lists: an opaque cursor, and a Link header to the next page."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from datetime import MAXYEAR, MINYEAR, datetime
from types import GenericAlias
from typing import Annotated, Any, Final, Generic, NamedTuple, TypeVar
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

Limit = Annotated[int, Query(ge=SMALLEST, le=LARGEST, description="Items a page.")]
Cursor = Annotated[str | None, Query(max_length=LONGEST_CURSOR, description="Where the page starts, as Link said.")]


class Page(NamedTuple, Generic[T]):
    """Items and the cursor of the next page, None on the last page."""

    items: list[T]
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


def page(rows: Sequence[T], limit: int, position: Callable[[T], tuple[str | int | float | datetime, ...]]) -> Page[T]:
    """Return the page of at most `limit` items from rows that were read with `limit + 1`."""
    items = list(rows[:limit])
    return Page(items, encode_cursor(*position(items[-1])) if len(rows) > limit else None)


def link_header(request: Request, following: str | None) -> dict[str, str]:
    """Return the `Link` header (RFC 8288) to the next page, relative to this one; empty on the last page."""
    if following is None:
        return {}
    query = [(name, value) for name, value in request.query_params.multi_items() if name != "cursor"]
    return {
        "Link": f'<{quote(public_path(request.url.path))}?{urlencode([*query, ("cursor", following)])}>; rel="next"'
    }
