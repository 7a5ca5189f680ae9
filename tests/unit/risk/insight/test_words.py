"""Whose silence is looked at, and what is said of it."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from risk_svc.insight import words
from risk_svc.insight.measures.contact import Words
from tests.support.insight_rows import DAY, still

NOW = 100 * DAY


def said(**days: list[float]) -> Words:
    pairs = [(name, day) for name, some in days.items() for day in some]
    return Words([name for name, _ in pairs], np.array([day * DAY for _, day in pairs], np.float64))


def test_the_largest_gap_of_each_customer_counts_from_25_on() -> None:
    promises = [
        still("p1", score=30.0),
        still("p2", score=55.0),
        still("p3", customer_id="c2", score=24.9),
        still("p4", customer_id="c3", score=25.0),
    ]
    assert {name: one.promise_id for name, one in words.wide(promises).items()} == {"c1": "p2", "c3": "p4"}


def test_a_silence_by_hand_with_what_an_account_says_of_it() -> None:
    gaps = {name: still(f"p-{name}", customer_id=name, score=55.0) for name in ("c1", "c2", "c3", "c4")}
    every_ten = [float(day) for day in range(20, 71, 10)]
    heard = said(c1=every_ten, c2=[day + 15 for day in every_ten], c3=[90.0, 95.0])
    rows = words.silence_rows(gaps, heard, NOW)
    assert [(row.name, row.body["verdict"], row.body["silence"]["value"], row.body["days"]) for row in rows] == [
        ("c1", "silent", 3.0, 30.0),
        ("c2", "not_silent", 1.5, 15.0),
        ("c3", "too_little_history", None, 5.0),
        ("c4", "too_little_history", None, None),
    ]
    assert (rows[0].body["last_word_at"], rows[0].body["worst"], rows[0].body["score"]) == (
        "1970-03-12T00:00:00+00:00",
        "p-c1",
        55.0,
    )
    marks = words.marks(rows)
    assert (marks["c1"]["contact"], marks["c1"]["silence"]["value"]) == ("silent", 3.0)
    assert (marks["c4"]["contact"], marks["c4"]["last_word_at"]) == ("too_little_history", None)
    assert {*marks["c1"]} == {*words.UNHEARD}


@given(st.dictionaries(st.sampled_from("abcd"), st.lists(st.integers(0, 99), max_size=20), min_size=1))
def test_every_customer_with_a_wide_gap_has_one_row_and_nobody_else(days: dict[str, list[int]]) -> None:
    gaps = {name: still(customer_id=name) for name in "abc"}
    rows = words.silence_rows(gaps, said(**{name: [float(day) for day in some] for name, some in days.items()}), NOW)
    assert sorted(row.name for row in rows) == ["a", "b", "c"]
    assert all(row.name == row.customer_id for row in rows)
    ranks = [row.rank for row in rows]
    assert ranks == sorted(ranks, reverse=True)
    for row in rows:
        assert (row.body["verdict"] == "too_little_history") == (row.body["silence"]["value"] is None)
        assert (row.body["verdict"] == "silent") == ((row.body["silence"]["value"] or 0) >= 2)
