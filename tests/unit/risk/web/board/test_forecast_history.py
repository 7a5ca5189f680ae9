"""The course of a forecast in words and lines, without a browser."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from candor.contracts import Standing
from risk_svc.web.api import responses
from risk_svc.web.board import forecast_history
from risk_svc.web.standstill import Silence
from tests.support.board import NOW, detail, fan_point, forecast, incident, milestone, notice, point

LATE = NOW + timedelta(minutes=42)
SAID = "too little history (7): 2 of 7 slipped"


def moving() -> responses.GapDetail:
    """Forecast an hour ago and 43 minutes from NOW; between the two it departed late, and the customer was told."""
    return detail(
        history=[fan_point(-60, 0.23, -10, 5, 20), fan_point(43, 0.61, 12, 40, None, why="departed 42 min late")],
        milestones=[milestone()],
        incidents=[incident()],
        notices=[notice()],
        forecast=forecast(),
        as_of=NOW + timedelta(minutes=43),
    )


def test_each_forecast_has_what_happened_since_the_one_before() -> None:
    first, second = forecast_history.forecast_periods(moving())
    assert first.happened == ("Snow at EWR, severity 30%",)
    assert second.happened == ("departed 42 min late", "departed: reached, 42 min after its plan")
    assert (first.p_slip, second.p90) == (0.23, None)


def test_what_happened_after_the_last_forecast_moved_none() -> None:
    assert "Snow at EWR ended" not in [
        words for held in forecast_history.forecast_periods(moving()) for words in held.happened
    ]


def test_a_forecast_on_too_little_is_not_stated() -> None:
    (held,) = forecast_history.forecast_periods(detail(history=[point(-60, None)]))
    assert forecast_history.movements(detail(), None, held) == "too little history for a forecast"


def test_a_line_tells_how_the_chance_moved() -> None:
    first, second = forecast_history.forecast_periods(moving())
    said = forecast_history.movements(moving(), None, first)
    assert said == "risk of delay 23%; P50 10 min early, P80 5 min late, P90 20 min late"
    said = forecast_history.movements(moving(), first, second)
    assert said == "risk of delay 23% → 61%; P50 12 min late, P80 40 min late, P90 may never be completed"
    assert forecast_history.movements(moving(), second, second).startswith("risk of delay 61%; ")


@pytest.mark.parametrize(
    ("late", "words"),
    [
        ((None, None, None), "may never be completed"),
        ((0.2, 90, 20_000), "P50 on time, P80 1.5 h late, P90 13.9 days late"),
        ((-35, -35, 35), "P50 35 min early, P80 35 min early, P90 35 min late"),
    ],
)
def test_lateness_is_told_against_the_date_held(late: tuple[float | None, ...], words: str) -> None:
    found = detail(history=[fan_point(-60, 1.0, *late)])
    assert forecast_history.lateness(found, forecast_history.forecast_periods(found)[0]) == words


@pytest.mark.parametrize(("came", "words"), [(35, "over: 35 min late"), (None, "over: it did not come")])
def test_in_the_end_it_is_told_what_became_of_it(came: float | None, words: str) -> None:
    history = [fan_point(-60, 0.23, -10, 5, 20), fan_point(160, 1.0, came, came, came)]
    found = detail(standing=Standing.BROKEN, history=history)
    first, last = forecast_history.forecast_periods(found)
    assert (first.over, last.over) == (False, True)
    assert forecast_history.movements(found, first, last) == words
    assert not any(held.over for held in forecast_history.forecast_periods(moving()))


def test_moves_are_told_newest_first_and_only_where_there_is_news() -> None:
    found = moving()
    again = fan_point(44, 0.613, 12.1, 40.2, None)
    after = fan_point(70, 0.613, 12.1, 40.2, None)
    found.history += [again, after]
    told = forecast_history.moves(found)
    assert [move.when for move in told] == ["Fri 8 Mar 18:15", "Fri 8 Mar 17:48", "Fri 8 Mar 16:05"]
    assert told[0].happened == ("Snow at EWR ended",)
    assert "23% → 61%" in told[1].forecast


def test_what_holds_now_comes_last() -> None:
    found = moving()
    now = NOW + timedelta(minutes=90)
    held = forecast_history.until_now(found, forecast_history.forecast_periods(found), now)
    assert len(held) == 3
    assert timedelta(0) <= now - held[-1].at <= timedelta(hours=14) / forecast_history.STEPS_OF_TIME
    assert (held[-1].p_slip, held[-1].p80) == (0.823, NOW + timedelta(minutes=180))


@pytest.mark.parametrize(
    "changed", [{"standing": Standing.KEPT, "forecast": None}, {"forecast": None}, {"history": []}]
)
def test_nothing_holds_now_of_what_is_over_or_was_never_forecast(changed: dict[str, Any]) -> None:
    found = moving().model_copy(update=changed)
    held = forecast_history.forecast_periods(found)
    assert forecast_history.until_now(found, held, NOW) == held


@given(st.integers(-10_000, 100_000), st.integers(0, 1_000))
def test_the_present_moves_in_steps_and_never_lies_before_what_is_known(seconds: int, more: int) -> None:
    found = moving()
    one, other = (forecast_history.present_of(found, NOW + timedelta(seconds=at)) for at in (seconds, seconds + more))
    known = NOW + timedelta(minutes=43)
    assert known <= one <= other
    assert one <= max(known, NOW + timedelta(seconds=seconds))
    if more < 5:
        assert other - one <= timedelta(hours=14) / forecast_history.STEPS_OF_TIME


@pytest.mark.parametrize(
    ("changed", "drawn"),
    [
        ({}, True),
        ({"history": [fan_point(-60, 0.2, 0, 1, 2)]}, True),
        ({"history": [fan_point(-60, 0.2, 0, 1, 2)], "forecast": None}, False),
        ({"standing": Standing.KEPT, "forecast": None}, True),
        ({"history": []}, False),
        ({"history": [point(-60, None)]}, False),
        ({"forecast": forecast(n=19)}, False),
        ({"history": [point(-60, 1.0, enough=False)]}, False),
    ],
)
def test_a_fan_is_drawn_only_of_forecasts_that_may_be_stated(changed: dict[str, Any], drawn: bool) -> None:
    assert forecast_history.fan_may_be_drawn(moving().model_copy(update=changed)) == drawn


def test_without_a_fan_what_was_observed_is_said() -> None:
    end = "When it will be done is stated from 20 similar promises on."
    young = detail(too_little_history=SAID, forecast=forecast(n=7, p_slip=None))
    assert forecast_history.no_fan_words(young) == f"Too little history (7): 2 of 7 slipped. {end}"
    overdue = detail(forecast=forecast(n=7, p_slip=1.0))
    assert forecast_history.no_fan_words(overdue) == f"Too little history (7): 2 of 7 slipped. {end}"
    assert forecast_history.no_fan_words(detail()) == "No forecast of it was ever stated."


def test_what_is_overdue_and_young_is_late_for_certain_and_nobody_says_until_when() -> None:
    found = detail(history=[point(150, 1.0, enough=False)])
    assert (
        forecast_history.movements(found, None, forecast_history.forecast_periods(found)[0])
        == "risk of delay 100%; no time was stated"
    )


def test_what_it_rests_on_names_class_number_version_and_reasons() -> None:
    why = [responses.ReasonOut(words="departed 42 min late", p_slip_without=0.31)]
    assert forecast_history.rests_on(detail(forecast=forecast(why=why))) == [
        "flight, after departed; 1,234 similar promises",
        "model version 17",
        "departed 42 min late: without it 31% would slip",
    ]
    assert forecast_history.rests_on(detail(forecast=forecast(model=0))) == [
        "flight, after departed; 1,234 similar promises"
    ]
    assert forecast_history.rests_on(detail()) == []


def test_it_ends_with_the_last_word_of_a_silent_sender_that_reports_its_steps() -> None:
    found = detail(forecast=forecast(model=0), reported_by=["aftership", "gate"])
    silent = [Silence("aftership", NOW - timedelta(days=1)), Silence("odoo", NOW)]
    assert forecast_history.rests_on(found, silent) == [
        "flight, after departed; 1,234 similar promises",
        f"no word from aftership since {NOW - timedelta(days=1):%d %b %H:%M} UTC, which is unusual:"
        " nothing later is known of its steps",
    ]
    assert forecast_history.rests_on(detail(reported_by=["aftership"]), silent) == []


def test_the_course_reaches_to_the_held_date_in_local_time() -> None:
    chart = forecast_history.course_chart(detail(), NOW)
    due = datetime(2013, 3, 8, 19, 5, tzinfo=UTC).timestamp() * 1000
    assert chart["xAxis"]["max"] == due
    assert chart["series"][0]["markLine"]["data"] == [{"xAxis": due}]
    assert chart["series"][0]["data"][0][1] == 20
    assert chart["series"][1]["data"][0][1] == 10


def test_the_course_says_whose_time_it_is_and_cuts_no_words_off() -> None:
    chart = forecast_history.course_chart(moving(), NOW)
    assert chart["xAxis"]["name"] == "America/New_York"
    assert chart["series"][0]["markLine"]["label"]["align"] == "right"
    dates = detail().dates.model_copy(update={"held_due": NOW - timedelta(hours=11)})
    overdue = forecast_history.course_chart(detail(dates=dates, history=[point(-12 * 60)]), NOW)
    assert overdue["series"][0]["markLine"]["label"]["align"] == "left"


def test_the_course_of_an_open_promise_ends_now_with_what_holds_now() -> None:
    overdue = NOW + timedelta(hours=30)
    gap, chance = forecast_history.course_chart(detail(), overdue)["series"]
    end = forecast_history.wall_ms(forecast_history.present_of(detail(), overdue), "America/New_York")
    assert gap["data"][-1] == [end, 63.4]
    assert chance["data"][-1] == [end, 82]
    assert forecast_history.course_chart(detail(), overdue)["xAxis"]["max"] == end


def test_the_course_of_what_is_over_ends_with_its_last_change() -> None:
    gap = forecast_history.course_chart(detail(standing=Standing.BROKEN), NOW + timedelta(hours=30))["series"][0]
    assert [value for _, value in gap["data"]] == [20]


def test_the_course_without_history_is_empty_and_without_a_chance_has_none() -> None:
    chart = forecast_history.course_chart(detail(history=[]), NOW)
    assert [series["data"] for series in chart["series"]] == [[], []]
    unknown = forecast_history.course_chart(detail(history=[point(0, None)], p_slip=None), NOW)
    assert [value for _, value in unknown["series"][1]["data"]] == [None, None]


def test_the_course_is_told_in_words_as_well() -> None:
    assert (
        "Gap 63 of 100; risk of delay 82%"
        in forecast_history.course_chart(detail(), NOW)["aria"]["label"]["description"]
    )
