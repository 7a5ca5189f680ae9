"""Long lists a page at a time."""

import base64
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request

from candor.web.http.pages import decode_cursor, encode_cursor, link_header, page
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
    rows = sorted(rows)
    seen: list[int] = []
    after: int | None = None
    while True:
        left = [row for row in rows if after is None or row > after]
        shown = page(left[: limit + 1], limit, lambda row: (row,))
        assert len(shown.items) <= limit
        seen += shown.items
        if shown.next is None:
            break
        position = decode_cursor(shown.next, int)
        assert position
        after = position[0]
    assert seen == rows


def test_a_page_that_is_just_full_is_the_last() -> None:
    assert page([1, 2], 2, lambda row: (row,)).next is None
    assert page([1, 2, 3], 2, lambda row: (row,)).next == encode_cursor(2)


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
