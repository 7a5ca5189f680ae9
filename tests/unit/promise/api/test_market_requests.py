"""What a review and a stated lead time may say, and both as rows of a file."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from candor.web.http.body import convert
from candor.web.http.csv_page import cell
from candor.web.http.problems import Problem
from promise_svc.api.market_requests import LeadTimeIn, ReviewIn, TagsIn
from promise_svc.api.matter_csv import LEAD_TIMES, REVIEWS, Form, line_of, rows
from promise_svc.api.matter_requests import entry
from promise_svc.domain import Kind

AT = "2026-03-01T09:00:00Z"
REVIEW: dict[str, Any] = {"source": "reviews.example", "source_id": "R-1", "at": AT, "rating": 2}
LEAD_TIME: dict[str, Any] = {"competitor": "Brew & Co", "kind": "install", "typical": 10, "source": "page", "at": AT}


def review(**changes: Any) -> ReviewIn:
    return convert(ReviewIn, {**REVIEW, **changes}, "")


def lead_time(**changes: Any) -> LeadTimeIn:
    return convert(LeadTimeIn, {**LEAD_TIME, **changes}, "")


def test_a_review_is_known_by_its_site_and_its_id_there() -> None:
    assert review().review_id == review(source=" Reviews.Example ").review_id == "reviews.example:R-1"


def test_its_command_has_tags_beside_what_was_sent_and_its_words_apart() -> None:
    said = entry(Kind.REVIEW, "s:r", "published", review(words="Nobody told us", promise_id="p1"), datetime.now(UTC))
    assert said.words == {"words": "Nobody told us"}
    assert said.promise_id == "p1"
    assert {name: said.content[name] for name in ("tags", "tagged_by", "evidence", "rating", "best")} == {
        "tags": ["not_told"],
        "tagged_by": "machine",
        "evidence": ["nobody told"],
        "rating": 2.0,
        "best": 5.0,
    }
    assert "tags" not in entry(Kind.REVIEW, "s:r", "published", review(), datetime.now(UTC)).content


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"rating": None}, "/rating"),
        ({"rating": None, "words": ""}, "/rating"),
        ({"rating": 6}, "/rating"),
        ({"rating": 0}, "/rating"),
        ({"worst": 5}, "/best"),
        ({"worst": 6, "best": 1, "rating": 7}, "/rating"),
        ({"promise_id": "p1", "customer_id": "c1"}, "/customer_id"),
    ],
)
def test_what_contradicts_itself_names_its_field(changes: dict[str, Any], pointer: str) -> None:
    fault = review(**changes).fault()
    assert fault is not None
    assert fault[0] == pointer


@pytest.mark.parametrize("changes", [{}, {"worst": 6, "best": 1}, {"rating": None, "words": "slow"}])
def test_what_a_site_may_say_is_taken(changes: dict[str, Any]) -> None:
    assert review(**changes).fault() is None


@pytest.mark.parametrize(
    ("changes", "pointer"), [({"low": 11}, "/low"), ({"high": 9}, "/high"), ({"low": 7, "high": 14}, "")]
)
def test_low_typical_and_high_stand_in_their_order(changes: dict[str, Any], pointer: str) -> None:
    fault = lead_time(**changes).fault()
    assert (fault[0] if fault else "") == pointer


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        (ReviewIn, {**REVIEW, "source": "a:b"}),
        (ReviewIn, {**REVIEW, "source_id": "x" * 88}),
        (ReviewIn, {**REVIEW, "author": "Quentin"}),
        (ReviewIn, {**REVIEW, "words": "x" * 4001}),
        (ReviewIn, {**REVIEW, "rating": 1001, "best": 1000}),
        (TagsIn, {"tags": ["rude"], "person": "ada", "reason": "r"}),
        (TagsIn, {"tags": ["too_late", "too_late"], "person": "ada", "reason": "r"}),
        (TagsIn, {"tags": [], "reason": "r"}),
        (TagsIn, {"tags": [], "person": "ada"}),
        (LeadTimeIn, {**LEAD_TIME, "url": "javascript:alert(1)"}),
        (LeadTimeIn, {**LEAD_TIME, "url": "https://a b"}),
        (LeadTimeIn, {**LEAD_TIME, "typical": 0}),
        (LeadTimeIn, {**LEAD_TIME, "unit": "weeks"}),
    ],
)
def test_anything_else_is_refused(body: Any, fields: dict[str, Any]) -> None:
    with pytest.raises(Problem):
        convert(body, fields, "")


def test_tags_stand_in_one_order_whatever_order_they_were_given_in() -> None:
    tags = TagsIn(tags=["unreachable", "not_told"], person="ada", reason="r")
    assert tags.tags == ["not_told", "unreachable"]
    assert tags.derived() == {"tagged_by": "person", "evidence": []}


names = st.from_regex(r"\A[a-z]{1,8}\Z")
values = st.one_of(
    st.booleans(),
    st.integers(-1000, 1000).map(float),
    st.from_regex(r"\A[a-z][a-z -]{0,8}[a-z]\Z").filter(lambda one: one not in ("true", "false")),
)
# Some letters are not seen: words of these alone are blank.
texts = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")), max_size=30).map("a{}".format)


def file_of(item: dict[str, Any], form: Form) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(form.columns)
    row = line_of(item, form)
    writer.writerow([cell(row[name]) for name in form.columns])
    return text.getvalue().encode()


@given(st.dictionaries(names, values, max_size=4), texts, st.floats(1, 5))
def test_a_review_that_is_given_as_csv_is_taken_as_the_same(labels: dict[str, Any], words: str, rating: float) -> None:
    item = review(labels=labels, words=words, rating=rating).model_dump(mode="json", exclude_none=True)
    [row] = rows(file_of(item, REVIEWS), REVIEWS)
    assert not isinstance(row, Problem)
    assert convert(ReviewIn, row, "").model_dump(mode="json", exclude_none=True) == item


def test_a_lead_time_that_is_given_as_csv_is_taken_as_the_same() -> None:
    item = lead_time(lead_time_id="LT-1", low=7.5, labels={"place": "berlin"}).model_dump(
        mode="json", exclude_none=True
    )
    [row] = rows(file_of(item, LEAD_TIMES), LEAD_TIMES)
    assert not isinstance(row, Problem)
    assert convert(LeadTimeIn, row, "").model_dump(mode="json", exclude_none=True) == item


@pytest.mark.parametrize(("labels", "pointer"), [("berlin", "/labels"), ("a b=c", "/labels/a b")])
def test_labels_that_are_no_pairs_are_refused_as_labels(labels: str, pointer: str) -> None:
    [row] = rows(f"source,source_id,at,rating,labels\ns,r,{AT},2,{labels}\n".encode(), REVIEWS)
    assert not isinstance(row, Problem)
    with pytest.raises(Problem) as problem:
        convert(ReviewIn, row, "")
    assert problem.value.errors[0].pointer is not None
    assert problem.value.errors[0].pointer.startswith(pointer.split(" ", maxsplit=1)[0])


def test_a_cell_that_is_needed_and_empty_is_named() -> None:
    [row] = rows(f"source,source_id,at\ns,,{AT}\n".encode(), REVIEWS)
    assert isinstance(row, Problem)
    assert row.errors[0].pointer == "/source_id"


@pytest.mark.parametrize("said", ["nan", "inf", "two", "1e999"])
def test_a_cell_that_is_no_number_is_refused_as_what_it_is(said: str) -> None:
    [row] = rows(f"source,source_id,at,rating\ns,r,{AT},{said}\n".encode(), REVIEWS)
    assert not isinstance(row, Problem)
    with pytest.raises(Problem) as problem:
        convert(ReviewIn, row, "")
    assert problem.value.errors[0].pointer == "/rating"
