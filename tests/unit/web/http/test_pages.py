"""Long lists a page at a time."""

import asyncio
import base64
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.requests import Request

from candor.web.http.pages import BLOCK, PAGE_BYTES, decode_cursor, encode_cursor, link_header, page
from candor.web.http.problems import Problem

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def request(query: str = "", path: str = "/v1/promises") -> Request:
    scope = {"type": "http", "method": "GET", "path": path, "query_string": query.encode(), "headers": []}
    return Request(scope | {"server": ("localhost", 80), "scheme": "http"})


@given(
    st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=50), st.integers(-(2**63) + 1, 2**63 - 1)
)
def test_a_cursor_is_read_back(text: str, number: int) -> None:
    assert decode_cursor(encode_cursor(text, number), str, int) == (text, number)


def test_no_cursor_is_the_beginning() -> None:
    assert decode_cursor(None, str) is None


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "!",
        "abc",
        "A" * 5,
        encode_cursor("a"),
        encode_cursor("a", "b"),
        encode_cursor(1, 2),
        encode_cursor("a", 1, 2),
        encode_cursor("a\0", 1),
        base64.urlsafe_b64encode(b'{"a": 1}').decode(),
        base64.urlsafe_b64encode(b'["a", 1e999]').decode(),
        base64.urlsafe_b64encode(b"\xff").decode(),
        "é",
    ],
)
def test_a_cursor_that_we_did_not_give_is_refused(cursor: str) -> None:
    with pytest.raises(Problem) as caught:
        decode_cursor(cursor, str, int)
    assert (caught.value.code, caught.value.errors[0].parameter) == ("invalid_field", "cursor")


@pytest.mark.parametrize(
    ("position", "kind"),
    [
        (2**63, int),
        (-(2**63) - 1, int),
        (10**30, int),
        ("2026-03-08T12:00:00", datetime),
        ("yesterday", datetime),
        ("0001-01-01T00:00:00+14:00", datetime),
        ("9999-12-31T23:59:59-14:00", datetime),
    ],
)
def test_a_position_that_no_row_can_have_is_refused_before_the_database_sees_it(
    position: int | str, kind: type
) -> None:
    with pytest.raises(Problem, match="invalid_field"):
        decode_cursor(encode_cursor(position), kind)


@given(st.integers(-62_000_000_000, 253_000_000_000).map(lambda seconds: EPOCH + timedelta(seconds=seconds)))
def test_a_moment_is_read_back(moment: datetime) -> None:
    assert decode_cursor(encode_cursor(moment), datetime) == (moment,)


@given(st.text(max_size=60))
def test_any_text_is_a_cursor_or_a_422(cursor: str) -> None:
    try:
        decode_cursor(cursor, str, int)
    except Problem as problem:
        assert problem.status == 422


@given(st.lists(st.integers(0, 1000), unique=True, max_size=40), st.integers(1, 10))
def test_pages_together_are_the_list(rows: list[int], limit: int) -> None:
    pages = walked(sorted(rows), limit)
    assert all(len(shown) <= limit for shown in pages)
    assert [row for shown in pages for row in shown] == sorted(rows)


@given(st.lists(st.integers(0, 700_000), unique=True, max_size=150), st.integers(1, 200))
@settings(deadline=None, max_examples=25)
def test_pages_are_cut_by_bytes_too_and_nothing_is_left_out(rows: list[int], limit: int) -> None:
    """Each item is as large as its number says."""
    pages = walked(sorted(rows), limit, lambda row: "x" * row)
    assert all(sum(row + 3 for row in shown) <= PAGE_BYTES for shown in pages)
    assert [row for shown in pages for row in shown] == sorted(rows)


def test_an_item_larger_than_a_page_has_one_to_itself() -> None:
    assert walked([1, PAGE_BYTES, PAGE_BYTES + 1], 10, lambda row: "x" * row) == [[1], [PAGE_BYTES], [PAGE_BYTES + 1]]


def test_no_more_rows_than_a_block_are_read_at_a_time() -> None:
    asked: list[int] = []
    walked(list(range(500)), 200, asked=asked)
    assert max(asked) == BLOCK + 1


def test_a_page_that_is_just_full_is_the_last() -> None:
    assert walked([1, 2], 2) == [[1, 2]]
    assert walked([1, 2, 3], 2) == [[1, 2], [3]]


def walked(
    rows: list[int], limit: int, present: Callable[[int], object] = int, asked: list[int] | None = None
) -> list[list[int]]:
    """The rows on each page."""

    async def read(after: tuple[int] | None, most: int) -> list[int]:
        if asked is not None:
            asked.append(most)
        return [row for row in rows if after is None or row > after[0]][:most]

    async def shown(some: Sequence[int]) -> list[object]:
        return [present(row) for row in some]

    pages: list[list[int]] = []
    after = None
    while True:
        found = asyncio.run(page(read, shown, lambda row: (row,), after, limit))
        last = None if found.next is None else decode_cursor(found.next, int)
        here = [row for row in rows if (after is None or row > after[0]) and (last is None or row <= last[0])]
        assert [bytes(item) for item in found.items] == [msgspec.json.encode(present(row)) for row in here]
        pages.append(here)
        if last is None:
            return pages
        after = last


def test_a_link_keeps_the_query_and_replaces_the_cursor() -> None:
    header = link_header(request("limit=2&state=parked&cursor=old"), "new")
    assert header == {"Link": '</v1/promises?limit=2&state=parked&cursor=new>; rel="next"'}


def test_a_link_cannot_be_broken_out_of() -> None:
    header = link_header(request("state=%3E%0D%0AX%3A%20y", "/v1/a>;\r\nb"), "c")["Link"]
    assert header.count(">") == 1
    assert "\r" not in header
    assert "\n" not in header


def test_the_last_page_has_no_link() -> None:
    assert link_header(request(), None) == {}
