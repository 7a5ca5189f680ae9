"""The record in words and rows, without a browser."""

from __future__ import annotations

from typing import Any

import pytest

from risk_svc.forecast.evaluation import ENOUGH, JUDGED, UNSTATED, ScoredForecast, evaluate_all
from risk_svc.web.board import scorecard
from risk_svc.web.track_record import RecentRecord

DAY = 86400.0


def scored(count: int, *, day: int = 0, p: tuple[float, float] = (0.2, 0.8), **fields: Any) -> list[ScoredForecast]:
    """Every second one slipped and was said to with the second chance; three in four came by P80, all by P90."""
    rows = []
    for n in range(count):
        row = ScoredForecast(
            f"p{day}-{n}", "made", "parcel", p[n % 2], 0.5, n % 2, day * DAY, 10.0 + (n % 4 == 3), (9, 10.5, 12)
        )
        rows.append(row._replace(**fields))
    return rows


def over(days: int, count: int, **fields: Any) -> list[ScoredForecast]:
    """So many of them, on as many days."""
    return [row for day in range(days) for row in scored(2 * -(-count // (2 * days)), day=day, **fields)]


def recorded(rows: list[ScoredForecast], left_out: int = 0) -> RecentRecord:
    return RecentRecord(evaluate_all(rows), left_out)


def figures(rows: list[ScoredForecast]) -> dict[str, tuple[str, str]]:
    return {figure.name: (figure.value, figure.beside) for figure in scorecard.figures(evaluate_all(rows).overall)}


def test_the_figures_stand_beside_what_they_are_to_be_read_by() -> None:
    found = figures(scored(100))
    assert found["forecasts scored"] == ("100", "of 100 promises that ended")
    assert found["Brier skill"] == ("84.0%", "95%: 84.0% to 84.0%")
    assert found["calibration error"][0] == "20.0"
    assert found["came by P80"] == ("75%", "80% was stated")
    assert found["came by P90"] == ("100%", "90% was stated")
    assert found["slipped"] == ("50%", "the usual share late was 50%")


def test_nothing_is_claimed_of_too_few_or_of_none() -> None:
    found = figures(scored(ENOUGH - 1))
    assert found["Brier skill"] == ("–", "over the usual share late")
    assert found["calibration error"][0] == "–"
    assert found["slipped"] == ("–", "of these forecasts")
    # All of so few came by P90, which would be read as good.
    assert (found["came by P80"][0], found["came by P90"][0]) == ("–", "–")
    nothing = figures([])
    assert nothing["forecasts scored"] == ("0", "of 0 promises that ended")
    assert {nothing[name][0] for name in nothing} == {"0", "–"}


def test_a_quantile_that_was_never_stated_has_no_coverage() -> None:
    assert figures(scored(100, told=UNSTATED))["came by P80"][0] == "–"


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([], "Too little history (0 settled, 30 are needed)."),
        (scored(4), "Too little history (4 settled, 30 are needed); 2 of 4 forecasts were about one that slipped."),
        (over(8, 100), "Whether they are calibrated is said from 1,000 scored forecasts on."),
        (over(8, JUDGED, p=(0.01, 0.99)), "Forecasts are currently reliable."),
        (over(8, JUDGED, p=(0.99, 0.01)), "Forecasts are currently unreliable: the calibration is off."),
    ],
)
def test_the_verdict_says_whether_they_can_be_believed(rows: list[ScoredForecast], said: str) -> None:
    assert scorecard.verdict(recorded(rows)) == said


def test_the_verdict_says_what_was_left_out() -> None:
    assert scorecard.verdict(recorded(over(8, 100), 1234)).endswith(" on. 1,234 older forecasts are left out.")


ONE_DAY = "All of it was settled on one day: that tells how one day went, and is not yet the forecasts' record."
EXTREME = "The time is extreme: 100% slipped, where 50% was usual before; in such a time calibration is off."


def test_of_a_few_days_the_verdict_says_that_they_are_no_record() -> None:
    said = scorecard.verdict(recorded(scored(JUDGED, p=(0.01, 0.99))))
    assert said == f"Forecasts are currently reliable. {ONE_DAY}"
    assert "settled on 7 days" in scorecard.verdict(recorded(over(7, JUDGED)))
    assert "settled on" not in scorecard.verdict(recorded(over(8, JUDGED)))


def test_an_extreme_time_is_called_that_and_not_blamed_on_the_forecasts() -> None:
    bad_day = scored(JUDGED, p=(0.5, 0.6), outcome=1)
    off = "What they said does not fit what happened here: the calibration is off."
    assert scorecard.verdict(recorded(bad_day)) == f"{off} {ONE_DAY} {EXTREME}"
    assert scorecard.verdict(recorded(over(8, JUDGED, p=(0.5, 0.6), outcome=1))) == f"{off} {EXTREME}"


def test_of_too_little_history_nothing_more_is_said() -> None:
    assert "extreme" not in scorecard.verdict(recorded(scored(4, outcome=1)))


def test_each_tenth_is_a_row() -> None:
    assert scorecard.reliability_rows(evaluate_all(scored(100)).overall) == [
        {"name": "20–30%", "n": "50", "stated": "20%", "slipped": "0%"},
        {"name": "80–90%", "n": "50", "stated": "80%", "slipped": "100%"},
    ]


def test_periods_are_rows_newest_first() -> None:
    rows = scorecard.period_rows(evaluate_all(scored(60) + scored(4, day=3)))
    assert [row["name"] for row in rows] == ["1970-01-04", "1970-01-01"]
    assert [row["skill"] for row in rows] == ["too little history", "84.0%"]
    assert (rows[1]["n"], rows[1]["p80"], rows[1]["slipped"]) == ("60", "75%", "50%")


def test_leads_are_named_by_what_they_mean() -> None:
    found = evaluate_all(scored(40) + scored(40, lead="left50") + scored(40, lead="at:departed"))
    names = [group.name for group in scorecard.named(found.by_lead)]
    assert names == ["when made", "50% left", "at departed"]
    assert [row["name"] for row in scorecard.group_rows(scorecard.named(found.by_lead))] == names


def test_a_chart_is_told_in_words_without_changing_it() -> None:
    chart: dict[str, Any] = {"aria": {"enabled": True}, "series": []}
    heard = scorecard.told(chart, "How much better.")
    assert heard["aria"]["label"]["description"] == "How much better. Its figures are in the table below."
    assert chart["aria"] == {"enabled": True}
