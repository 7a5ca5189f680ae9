"""The record's charts: every figure is in them, in percent, and what is not known is left out."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from risk_svc.forecast import charts
from risk_svc.forecast.evaluation import ENOUGH, Evaluation, ScoredForecast, evaluate_all

DAY = 86400.0


def rows(count: int, *, day: int = 0, skilled: float = 0.8, kind: str = "parcel") -> list[ScoredForecast]:
    return [
        ScoredForecast(
            f"p{day}-{n}", "made", kind, skilled if n % 2 else 1 - skilled, 0.5, n % 2, day * DAY, 10.0, (9, 11, 12)
        )
        for n in range(count)
    ]


@pytest.fixture(scope="module")
def whole() -> Evaluation:
    return evaluate_all(rows(2 * ENOUGH) + rows(4, day=1) + rows(2 * ENOUGH, day=2, skilled=0.3, kind="crate"))


def series(options: dict[str, Any], place: int = 0) -> dict[str, Any]:
    found: dict[str, Any] = options["series"][place]
    return found


def test_reliability_has_a_bubble_a_bin_that_grows_with_n_and_the_diagonal(whole: Evaluation) -> None:
    found = charts.reliability(whole)
    data = series(found)["data"]
    assert [tuple(point["value"]) for point in data] == [(20.0, 0.0), (30.0, 100.0), (70.0, 0.0), (80.0, 100.0)]
    sizes = {point["name"]: point["symbolSize"] for point in data}
    assert sizes == {
        "32 forecasts": charts.WIDEST,
        "30 forecasts": pytest.approx(charts.WIDEST * (30 / 32) ** 0.5, abs=0.1),
    }
    assert series(found)["markLine"]["data"] == [[{"coord": [0, 0]}, {"coord": [100, 100]}]]
    assert (found["xAxis"]["name"], found["yAxis"]["name"]) == ("stated, %", "slipped, %")


def test_skill_over_time_has_a_gap_where_too_little_was_settled(whole: Evaluation) -> None:
    found = charts.skill_over_time(whole)
    assert found["xAxis"]["data"] == ["1 Jan 1970", "2 Jan 1970", "3 Jan 1970"]
    assert series(found)["data"] == [84.0, None, -96.0]


def test_coverage_has_three_lines_and_what_they_promised_dashed(whole: Evaluation) -> None:
    found = charts.coverage_over_time(whole)
    assert [(line["name"], line["data"]) for line in found["series"]] == [
        ("P50", [0.0] * 3),
        ("P80", [100.0] * 3),
        ("P90", [100.0] * 3),
    ]
    marks = [line["markLine"] for line in found["series"]]
    assert [mark["data"] for mark in marks] == [[{"yAxis": 50}], [{"yAxis": 80}], [{"yAxis": 90}]]
    assert {mark["lineStyle"]["type"] for mark in marks} == {"dashed"}
    assert len({(line["color"], line["symbol"]) for line in found["series"]}) == 3


def test_skill_by_class_says_n_and_where_there_is_too_little(whole: Evaluation) -> None:
    found = charts.skill_by([*whole.by_class, *evaluate_all(rows(3, kind="rare")).by_class], "by class")
    assert found["yAxis"]["data"] == ["rare (3)", "crate (60)", "parcel (64)"]
    rare, crate, parcel = series(found)["data"]
    assert rare["label"]["formatter"] == "too little history"
    assert (crate["value"], parcel["value"]) == (-96.0, 84.0)
    assert crate["itemStyle"]["color"] != parcel["itemStyle"]["color"]


@pytest.mark.parametrize("none", [[], rows(1)])
def test_nothing_or_next_to_nothing_makes_charts_as_well(none: list[ScoredForecast]) -> None:
    found = evaluate_all(none)
    for options in (charts.reliability(found), charts.skill_over_time(found), charts.coverage_over_time(found)):
        json.dumps(options, allow_nan=False)
    json.dumps(charts.skill_by(found.by_lead, "by lead"), allow_nan=False)


@given(st.lists(st.tuples(st.integers(0, 4000), st.floats(0, 1), st.integers(0, 1)), max_size=40))
def test_charts_are_plain_json_without_nan(points: list[tuple[int, float, int]]) -> None:
    found = evaluate_all(
        [ScoredForecast(f"p{n}", "made", "k", p, 0.5, late, day * DAY) for n, (day, p, late) in enumerate(points)]
    )
    for options in (charts.reliability(found), charts.skill_over_time(found), charts.coverage_over_time(found)):
        json.dumps(options, allow_nan=False)
    assert len(charts.skill_over_time(found)["xAxis"]["data"]) == len(found.over_time)
