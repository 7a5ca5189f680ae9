"""A page as CSV: read back it is what it was, and no cell is a formula."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request

from candor.escaping import takes_for_formula
from candor.web.http.csv_page import cell, csv_page

ASKED = Request(
    {
        "type": "http",
        "method": "GET",
        "path": "/v1/x",
        "query_string": b"limit=2&format=csv",
        "headers": [],
        "root_path": "",
    }
)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, ""),
        (True, "true"),
        (-3.5, -3.5),
        (0, 0),
        ("acme", "acme"),
        ("=1+1", "'=1+1"),
        ("-2", "'-2"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\tcmd", "'\tcmd"),
        ("\n=1+1", "'\n=1+1"),
        (" =1+1", "' =1+1"),
        ("\uff1d1+1", "'\uff1d1+1"),
        (datetime(2026, 3, 1, 9, tzinfo=UTC), "2026-03-01T09:00:00Z"),
    ],
)
def test_a_cell_says_what_it_is(value: Any, shown: object) -> None:
    assert cell(value) == shown


def test_a_page_has_a_head_its_rows_and_the_way_to_the_next() -> None:
    page = csv_page(ASKED, ["a", "b"], [{"b": "x, y", "a": 1, "c": "left out"}], "next")
    assert bytes(page.body).decode() == 'a,b\r\n1,"x, y"\r\n'
    assert page.media_type == "text/csv; charset=utf-8"
    assert page.headers["link"] == '</v1/x?limit=2&format=csv&cursor=next>; rel="next"'
    assert "link" not in csv_page(ASKED, ["a"], [], None).headers


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")), max_size=5))
def test_whatever_text_there_is_comes_back_and_is_no_formula(texts: list[str]) -> None:
    page = csv_page(ASKED, ["a"], [{"a": text} for text in texts], None)
    [head, *rows] = csv.reader(io.StringIO(bytes(page.body).decode(), newline=""))
    found = [row[0] if row else "" for row in rows]
    assert (head, [text.removeprefix("'") for text in found]) == (["a"], [text.removeprefix("'") for text in texts])
    assert not any(takes_for_formula(text) for text in found)
