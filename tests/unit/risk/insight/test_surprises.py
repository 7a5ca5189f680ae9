"""Surprises gathered by pages: both signs, announced or not, listed by time and counted by department."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from risk_svc.insight.sheets import Ended, Row
from risk_svc.insight.surprises import Surprises
from tests.support.insight_rows import DAY, ended

LATE = {"install": 4 * DAY}
promises = st.builds(
    ended,
    st.integers(0, 10**6).map(lambda number: f"p{number}"),
    department=st.sampled_from([None, "sales", "service"]),
    done=st.none() | st.floats(0, 30 * DAY),
    ended=st.floats(0, 30 * DAY),
    told_before=st.sampled_from([None, "warning", "cancelled"]),
)


def of(*pages: list[Ended], late: dict[str, float] = LATE, most: int = 100) -> dict[str, list[Row]]:
    found = Surprises(late, most)
    for page in pages:
        found.add(page)
    return found.sheets()


def one(**changes: Any) -> dict[str, Any]:
    [row] = of([ended(**changes)])["surprise"]
    return row.body


def test_a_late_one_by_hand() -> None:
    # Three days after day 10, with H of 4 days.
    body = one(done=13 * DAY, ended=13 * DAY, department="sales")
    assert (body["verdict"], body["size"], body["days"], body["announced"]) == ("worse", -0.75, -3.0, False)
    assert (body["told_before"], body["department"], body["completed_at"]) == (
        None,
        "sales",
        "1970-01-14T00:00:00+00:00",
    )


def test_an_early_one_is_a_surprise_too_also_after_a_message() -> None:
    told: dict[str, Any] = {"expected_from": 20 * DAY, "expected_until": 25 * DAY, "told_before": "warning"}
    body = one(done=16 * DAY, ended=16 * DAY, **told)
    assert (body["verdict"], body["size"], body["days"], body["announced"]) == ("better", 1.0, 4.0, True)
    assert body["told_before"] == "warning"


def test_what_came_as_told_last_is_none_however_late_it_was() -> None:
    told: dict[str, Any] = {"expected_from": 20 * DAY, "expected_until": 25 * DAY, "told_before": "warning"}
    assert of([ended(done=22 * DAY, **told)])["surprise"] == []
    assert of([ended(done=99 * DAY, **told | {"expected_until": math.inf})])["surprise"] == []


def test_what_never_came_is_one_unless_it_was_said() -> None:
    body = one(done=None, ended=15 * DAY)
    assert (body["size"], body["days"], body["completed_at"]) == (-1.0, None, None)
    assert of([ended(done=None, told_before="cancelled", expected_until=math.inf)])["surprise"] == []


def test_what_is_missing_is_said_with_it() -> None:
    assert (one(missing=0.6)["size"], one(missing=0.6)["missing"], one(missing=0.6)["days"]) == (-0.6, 0.6, 0.0)


@pytest.mark.parametrize(
    ("late", "made", "hours", "surprising"),
    [
        # An hour at least, then a twentieth of the lead of ten days, then the usual lateness of its type.
        ({}, 9.99 * DAY, 0.6, True),
        ({}, 9.99 * DAY, 0.4, False),
        ({}, 0.0, 6.1, True),
        ({}, 0.0, 5.9, False),
        ({"install": 2 * DAY}, 0.0, 23.0, False),
        ({"install": 2 * DAY}, 0.0, 25.0, True),
        ({"repair": 2 * DAY}, 0.0, 23.0, True),
    ],
)
def test_how_late_is_much_follows_type_and_lead(
    late: dict[str, float], made: float, hours: float, surprising: bool
) -> None:
    found = of([ended(made=made, done=10 * DAY + hours * 3600)], late=late)["surprise"]
    assert bool(found) == surprising


def test_departments_count_both_signs_and_what_nobody_announced() -> None:
    late = [ended(f"l{at}", department="sales", done=14 * DAY, told_before="all_clear") for at in range(5)]
    early = [ended(f"e{at}", department="sales", done=5 * DAY) for at in range(2)]
    usual = [ended(f"u{at}", department="sales") for at in range(18)]
    few = [ended("f", department=None, done=14 * DAY)]
    old = [ended("o", department="sales", done=14 * DAY, expected_from=None, expected_until=None)]
    sales, unnamed = sorted(of(late + few, early + usual + old)["surprise:department"], key=lambda row: -row.rank)
    assert (sales.name, sales.body["promises"], sales.body["worse_n"], sales.body["better_n"]) == ("sales", 25, 5, 2)
    assert (sales.body["worse"]["value"], sales.body["better"]["value"], sales.body["unannounced"]) == (0.2, 0.08, 2)
    assert (unnamed.name, unnamed.body["worse_n"], unnamed.body["worse"]) == (
        "",
        1,
        {"value": None, "low": None, "high": None, "n": 1},
    )


def test_of_very_many_those_that_ended_last_are_listed_and_all_are_counted() -> None:
    pages = [
        [ended(f"p{at:02}", done=14 * DAY, ended=at * DAY) for at in range(first, first + 10)] for first in (20, 0)
    ]
    found = of(*pages, most=3)
    assert [row.name for row in found["surprise"]] == ["p29", "p28", "p27"]
    assert found["surprise:department"][0].body["worse_n"] == 20


@given(st.lists(promises, max_size=30, unique_by=lambda one: one.promise_id), st.integers(0, 30))
def test_pages_add_up_and_each_row_is_its_customers(some: list[Ended], cut: int) -> None:
    whole, parts = of(some), of(some[:cut], some[cut:])
    assert whole == parts
    assert all(row.customer_id == "c1" and 0.5 <= abs(row.body["size"]) <= 1 for row in whole["surprise"])
    counts = [row.body for row in whole["surprise:department"]]
    assert sum(body["better_n"] + body["worse_n"] for body in counts) == len(whole["surprise"])
    assert sum(body["unannounced"] for body in counts) == sum(not row.body["announced"] for row in whole["surprise"])
