"""The picture and the sentences before promising: each figure under its own name."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from risk_svc.domain.check import Verdict
from risk_svc.web.api import check_responses as responses
from risk_svc.web.board.dates_chart import date_words, dates_chart

NOW = datetime(2013, 3, 4, 9, tzinfo=UTC)


def day(days: float) -> datetime:
    return NOW + timedelta(days=days)


def kept(share: float) -> responses.KeptOut:
    return responses.KeptOut(share=share, low=share - 0.04, high=share + 0.03, n=812)


def checked(**changed: Any) -> responses.CheckOut:
    values: dict[str, Any] = {
        "verdict": Verdict.TIGHT,
        "advice": "Tight: 60% of 812 similar promises were done in that time.",
        "kept_in_time": kept(0.6),
        "chance": 0.71,
        "target": 0.8,
        "target_due": day(7),
        "curve": [responses.DateOut(due=day(n), kept=kept(0.1 * n), chance=0.1 * n) for n in (1, 4, 8)],
        "reached": [
            responses.ReachedOut(share=0.6, due=day(3)),
            responses.ReachedOut(share=0.9, due=day(7)),
            responses.ReachedOut(share=0.95, due=None),
        ],
        "base_rate": 0.2,
        "basis": "install",
        "n": 812,
        "model": 3,
        "as_of": NOW,
    }
    return responses.CheckOut(**(values | changed))


def test_a_chance_that_is_far_from_the_count_is_not_to_go_by() -> None:
    far = "The model's chance that it is kept: 55%, far from what was counted: go by the count."
    assert far in date_words(checked(kept_in_time=kept(0.0), chance=0.55))
    assert "The model's chance that it is kept: 20%." in date_words(checked(kept_in_time=kept(0.0), chance=0.2))


def test_what_is_counted_and_what_the_model_says_are_two_sentences() -> None:
    assert date_words(checked())[1:] == [
        "Counted: 60% of 812 that came due were done in that time (95%: 56% to 63%).",
        "The model's chance that it is kept: 71%.",
        "Kept, counted (UTC): 60% by Thu 7 Mar 09:00, 90% by Mon 11 Mar 09:00.",
        "The target of 80% is met: from Mon 11 Mar 09:00 UTC on.",
    ]
    assert date_words(checked(target_due=None))[-1] == "The target of 80% is met: no date did so far."


def test_without_history_there_is_one_sentence_and_no_figure() -> None:
    few = checked(
        advice="No history yet: no promise of this kind has come due.", kept_in_time=None, chance=None, curve=[], n=0
    )
    assert date_words(few) == ["No history yet: no promise of this kind has come due."]


def test_the_picture_has_both_lines_the_interval_the_date_and_the_target() -> None:
    chart = dates_chart(checked(), day(3))
    low, band, counted, chance = chart["series"]
    assert [round(value) for _, value in counted["data"]] == [10, 40, 80]
    assert [round(value) for _, value in chance["data"]] == [10, 40, 80]
    assert [round(value) for _, value in low["data"]] == [6, 36, 76]
    assert [round(value) for _, value in band["data"]] == [7, 7, 7]
    marks = counted["markLine"]["data"]
    assert [mark.get("xAxis") or mark.get("yAxis") for mark in marks] == [day(3).timestamp() * 1000, 80]
    assert chart["aria"]["label"]["description"] == " ".join(date_words(checked()))
