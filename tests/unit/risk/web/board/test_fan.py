"""The fan as numbers, without a browser."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from candor.contracts import Standing
from risk_svc.web.api import responses
from risk_svc.web.board import fan
from risk_svc.web.board.forecast_history import forecast_periods
from tests.support.board import NOW, detail, fan_point, forecast, incident, milestone, notice, point

DUE = NOW + timedelta(hours=2)
Chart = dict[str, Any]


def drawn(**changed: Any) -> Chart:
    """The fan of a promise that was early at first and late after its departure."""
    values: dict[str, Any] = {
        "history": [fan_point(-60, 0.2, -10, 5, 20), fan_point(0, 0.6, 12, 40, 60)],
        "forecast": forecast(),
        "milestones": [milestone(at=NOW - timedelta(minutes=5))],
        "incidents": [incident(resolved_at=None)],
        "notices": [notice(at=NOW), notice(notice_id="n2", state="held", at=NOW)],
    }
    return fan.fan_chart(detail(**(values | changed)), NOW + timedelta(minutes=30))


def series(chart: Chart, name: str) -> Chart:
    return next(item for item in chart["series"] if item["name"] == name)


def values(chart: Chart, name: str) -> list[Any]:
    """What a line or a band is drawn from."""
    return [item["value"][1] if isinstance(item, dict) else item[1] for item in series(chart, name)["data"]]


def stacked(chart: Chart) -> list[tuple[float, ...]]:
    """P50, P80 and P90 as they are drawn."""
    bands = zip(*(values(chart, name) for name in ("P50", "P80", "P90")), strict=True)
    return [(p50, p50 + p80, p50 + p80 + p90) for p50, p80, p90 in bands]


def lines(chart: Chart) -> dict[str, float]:
    return {
        item["label"]["formatter"]: item.get("yAxis", item.get("xAxis"))
        for item in series(chart, "P50")["markLine"]["data"]
    }


def test_the_bands_lie_on_one_another_in_minutes_after_the_date_held() -> None:
    assert stacked(drawn()) == [(-10, 5, 20), (12, 40, 60), (30, 60, 120)]
    assert drawn()["yAxis"]["name"] == "minutes late (−: early)"


def test_the_fan_ends_at_the_present_and_leaves_room_to_the_date_held() -> None:
    chart = drawn()
    now = series(chart, "P50")["data"][-1]["value"][0]
    assert lines(chart)["now"] == now
    assert now < chart["xAxis"]["max"]
    assert chart["xAxis"]["min"] < series(chart, "P50")["data"][0]["value"][0]


def test_what_may_never_come_reaches_the_upper_edge() -> None:
    chart = drawn(history=[fan_point(-60, 0.2, -10, 5, None), fan_point(0, 1.0, None, None, None)])
    top = chart["yAxis"]["max"]
    assert stacked(chart)[0] == (-10, 5, top)
    assert stacked(chart)[1] == (top, top, top)


def test_what_is_long_overdue_and_may_never_come_is_not_drawn_as_a_little_late() -> None:
    long_ago = NOW - timedelta(hours=15)
    dates = detail().dates.model_copy(update={"held_due": long_ago, "deadline": long_ago})
    chart = drawn(
        dates=dates, history=[point(-16 * 60, 0.9), point(-60, 1.0)], forecast=forecast(p50=None, p80=None, p90=None)
    )
    assert chart["yAxis"]["name"].startswith("hours late")
    assert chart["yAxis"]["max"] >= 15
    assert lines(chart)["up here: may never be completed"] == chart["yAxis"]["max"]
    assert "up here: may never be completed" not in lines(drawn())


def test_a_time_axis_says_whose_time_it_is() -> None:
    assert drawn()["xAxis"]["name"] == "America/New_York"


def test_a_far_tail_does_not_flatten_the_rest() -> None:
    chart = drawn(history=[fan_point(-60, 0.2, -10, 5, 100_000)])
    assert chart["yAxis"]["max"] < 300
    assert stacked(chart)[0][2] == chart["yAxis"]["max"]


def test_where_nothing_could_be_stated_the_fan_has_a_gap() -> None:
    chart = drawn(history=[point(-90, None), fan_point(-60, 0.2, -10, 5, 20)])
    assert [values(chart, name)[0] for name in ("P50", "P80", "P90")] == [None, None, None]


def test_what_happened_stands_below_and_only_what_was_sent_was_told() -> None:
    chart = drawn()
    assert [len(series(chart, name)["data"]) for name in (fan.STEPS, fan.INCIDENTS, fan.TOLD)] == [1, 1, 1]
    assert values(chart, fan.STEPS) == [chart["yAxis"]["min"]]
    assert series(chart, fan.INCIDENTS)["data"][0]["name"] == "Fri 8 Mar 14:05\nSnow at EWR\nseverity 30%"
    later = drawn(milestones=[milestone(at=NOW + timedelta(hours=5))])
    assert values(later, fan.STEPS) == []


def test_a_point_tells_its_forecast_and_what_moved_it() -> None:
    tips = [item["name"] for item in series(drawn(), "P50")["data"]]
    assert tips[1].splitlines() == [
        "Fri 8 Mar 17:05",
        "risk of delay 60%",
        "P50 Fri 8 Mar 19:17, 12 min late",
        "P80 Fri 8 Mar 19:45, 40 min late",
        "P90 Fri 8 Mar 20:05, 60 min late",
        "departed: reached, on plan",
        "model version 3",
    ]


def test_a_point_without_a_time_says_so_once() -> None:
    history = [fan_point(-60, 1.0, None, None, None), point(-50, 1.0, enough=False), fan_point(-40, 0.5, 1, 2, 3)]
    tips = [item["name"].splitlines()[1:3] for item in series(drawn(history=history, incidents=[]), "P50")["data"]]
    assert tips[0] == ["risk of delay 100%", "may never be completed"]
    assert tips[1] == ["risk of delay 100%", "no time was stated"]


def test_words_of_customers_are_names_that_the_chart_escapes() -> None:
    chart = drawn(milestones=[milestone(name="<img src=x>", at=NOW - timedelta(minutes=5))])
    assert chart["tooltip"]["formatter"] == "{b0}"
    assert "<img src=x>" in series(chart, fan.STEPS)["data"][0]["name"]
    assert "<img" not in chart["aria"]["label"]["description"]


def test_a_settled_promise_shows_when_it_really_came() -> None:
    late = drawn(standing=Standing.BROKEN, forecast=None, completed_at=DUE + timedelta(minutes=35))
    assert lines(late) == {"promised date": 0, "completed": 35}
    assert len(series(late, "P50")["data"]) == 2
    assert "Completed Fri 8 Mar 19:40" in late["aria"]["label"]["description"]
    assert series(late, "P50")["data"][-1]["name"].splitlines()[1] == "over: 12 min late"


def test_what_is_tolerated_has_its_line() -> None:
    assert "tolerated" not in lines(drawn())
    dates = detail().dates.model_copy(update={"deadline": DUE + timedelta(minutes=15)})
    assert lines(drawn(dates=dates))["tolerated"] == 15


def test_the_fan_is_told_in_words_as_well() -> None:
    said = drawn()["aria"]["label"]["description"]
    assert "Promised date Fri 8 Mar 19:05" in said
    assert "At present risk of delay 82%; P50 30 min late" in said


@pytest.mark.parametrize(("late", "name"), [(50.0, "minutes"), (600.0, "hours"), (20_000.0, "days")])
def test_the_axis_counts_in_what_fits(late: float, name: str) -> None:
    chart = drawn(history=[fan_point(-60, 0.2, 0, late, late)])
    assert chart["yAxis"]["name"].startswith(name)
    assert (chart["yAxis"]["max"] - chart["yAxis"]["min"]) / chart["yAxis"]["interval"] <= 8


late = st.one_of(st.none(), st.floats(-1e5, 1e6))


@given(st.lists(st.tuples(late, late, late), min_size=1, max_size=6), st.one_of(st.none(), st.floats(-1e5, 1e6)))
def test_every_axis_holds_the_date_held_and_what_is_drawn(
    fans: list[tuple[float | None, ...]], completed: float | None
) -> None:
    found: responses.GapDetail = detail(
        history=[fan_point(-60 + place, 0.2, *quantiles) for place, quantiles in enumerate(fans)],
        completed_at=None if completed is None else DUE + timedelta(minutes=completed),
    )
    scale = fan.scale_of(found, forecast_periods(found))
    assert scale.low <= 0 <= scale.high
    assert 1 <= (scale.high - scale.low) / scale.step <= 12
    for p50, p80, _ in fans:
        for known in (p50, p80):
            if known is not None:
                assert scale.place(known * 60) == pytest.approx(known * 60 / scale.unit, abs=1e-3)


@given(st.floats(1e-6, 1e9))
def test_steps_are_round_and_large_enough(step: float) -> None:
    found = fan.nice(step)
    assert step * (1 - 1e-8) <= found <= step * 10
    assert f"{found:e}"[0] in "125"
