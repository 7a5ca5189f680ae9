"""What the pages about perception and what worked say of their rows, and the strips that they draw."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promise_svc.api import answer_page
from risk_svc.insight.belief_words import FEW, NOBODY, NONE, QUESTIONS, SCALES, asked, kept_words, pair_words
from risk_svc.web.board.strip import Scale, strip
from risk_svc.web.board.worked_words import LITTLE, NOTHING, checklist_words, factor_words, head_words

KEPT: dict[str, Any] = {"value": 0.6, "low": 0.42, "high": 0.75, "n": 30}
TOP: dict[str, Any] = {"value": 0.8, "low": 0.49, "high": 0.943, "n": 10}
CELL: dict[str, Any] = {
    **{"question": "well", "side": "leadership", "suppressed": False, "kept": KEPT, "top": TOP},
    **{"rating": {"value": 4.7, "low": 4.3, "high": 5.0, "n": 10}, "trend": None},
}
LIFT: dict[str, Any] = {"value": 1.4, "low": 1.2, "high": 1.63, "n": 260}


def test_each_question_has_a_line_for_each_side_whether_it_answered_or_not() -> None:
    hidden = CELL | {"side": "staff", "suppressed": True, "top": NONE, "rating": NONE}
    found = asked([hidden, CELL], [])
    assert [one.question for one in found] == [*QUESTIONS.values()]
    assert [(line.name, line.words) for line in found[0].lines] == [
        (
            "Leadership",
            "80% gave 5 of 5, very well (95%: 49% to 94%), mean 4.7, n = 10. "
            "Too few answers from before the last 90 days to compare with.",
        ),
        ("Staff", FEW),
        ("Customers", NOBODY),
    ]
    assert [line.words for line in found[3].lines] == [NOBODY] * 3


def test_the_scale_is_that_of_the_form_that_people_answer() -> None:
    assert {*SCALES} == {*answer_page.QUESTIONS} == {*QUESTIONS}
    for name, one in answer_page.QUESTIONS.items():
        lowest, highest = SCALES[name]
        assert lowest.startswith(one.lowest)
        assert highest.startswith(one.highest)
        assert QUESTIONS[name] == one.text
    assert asked([CELL], [])[0].scale == "From 1, badly, to 5, very well."


@pytest.mark.parametrize(
    ("value", "low", "high", "words"),
    [
        (0.1, -0.2, 0.4, "No clear change in the last 90 days."),
        (0.2, 0.1, 0.3, "Up 20 points in the last 90 days."),
        (-0.01, -0.02, -0.005, "Down 1 point in the last 90 days."),
        (None, None, None, "Too few answers from before the last 90 days to compare with."),
    ],
)
def test_a_trend_is_said_where_it_is_clear(value: float | None, low: float, high: float, words: str) -> None:
    trend = {"value": value, "low": low, "high": high, "n": 20}
    assert asked([CELL | {"trend": trend}], [])[0].lines[0].words.endswith(words)


def test_pairs_are_said_where_they_say_something() -> None:
    pair: dict[str, Any] = {"question": "well", "first": "customers", "second": "staff", "verdict": "similarity"}
    pair |= {
        "top": {"value": 0.05, "low": 0.02, "high": 0.08, "n": 40},
        "distance": {"value": 0.04, "low": 0.01, "high": 0.09, "n": 40},
    }
    alike = "Customers and staff believe alike: their ratings lie 0.04 apart (0 to 1; 95%: 0.01 to 0.09, n = 40)."
    assert pair_words(pair) == alike
    apart = pair_words(pair | {"verdict": "disparity"})
    assert apart == (
        "Customers and staff differ: among customers the share who gave 5 of 5 (very well) is 5 points higher "
        "(95%: 2 to 8, n = 40)."
    )
    found = asked([CELL], [pair, pair | {"verdict": "unclear"}, pair | {"verdict": "suppressed"}])
    assert found[0].verdicts == [alike]


def test_the_measured_share_stands_beside_them() -> None:
    assert kept_words([CELL]) == "Measured (the line): 60% of 30 promises were kept (95%: 42% to 75%)."
    late = kept_words([CELL | {"kept": KEPT | {"open": 4}}])
    assert late.endswith("60% of 30 promises were kept, 4 of them open and overdue (95%: 42% to 75%).")
    little = CELL | {"kept": NONE | {"n": 7}}
    assert kept_words([little]) == "Measured beside it: too little history, 7 promises have ended or are overdue."


def test_factors_in_words() -> None:
    one = {"name": "has an owner", "lift": LIFT, "q": 0.01, "holds": True}
    chance, little = one | {"holds": False}, one | {"lift": NONE | {"n": 9}, "holds": False}
    assert factor_words(one) == "Kept 1.40 times as often (95%: 1.20 to 1.63), n = 260. It holds."
    assert factor_words(chance).endswith("It may be chance.")
    assert factor_words(little) == "Too little history: 9 promises could be matched."
    overdue = one | {"lift": LIFT | {"open": 12}}
    assert "(95%: 1.20 to 1.63), n = 260 (12 overdue). It holds." in factor_words(overdue)
    assert head_words([little]) == head_words([]) == LITTLE
    assert head_words([chance, little]) == f"{NOTHING} 1 were tried."
    assert head_words([one, chance, little]).startswith("1 of 2 factors that were tried hold;")


@pytest.mark.parametrize(
    ("lift", "end"),
    [
        (LIFT, "it helps."),
        (LIFT | {"low": 0.9}, "it is not clear whether it helps."),
        (LIFT | {"value": 0.5, "low": 0.3, "high": 0.8}, "it harms."),
        (NONE, "too little history to say whether it helps."),
    ],
)
def test_the_checklist_is_judged_in_words(lift: dict[str, Any], end: str) -> None:
    row = {"since": "2026-02-01T00:00:00+00:00", "lift": lift, "with_all": KEPT, "without": NONE}
    words = checklist_words(row)
    assert words.startswith(
        "It is what held in promises that ended before 1 Feb 2026, whether it holds in all or not. Of "
    )
    assert words.endswith(end)


def test_the_checklist_says_how_many_are_overdue() -> None:
    row = {"since": "2026-02-01T00:00:00+00:00", "lift": LIFT, "with_all": KEPT, "without": NONE}
    late = checklist_words(row | {"with_all": KEPT | {"open": 1234}})
    assert "(n = 30, 1,234 overdue)" in late
    assert late.replace(", 1,234 overdue", "") == checklist_words(row)


shares = st.floats(0, 1)


@given(shares, shares, shares, shares)
def test_a_strip_stays_inside_and_keeps_the_order(value: float, low: float, high: float, line: float) -> None:
    figure = {"value": value, "low": min(low, value), "high": max(high, value), "n": 9}
    drawn = strip(figure, Scale(0.2, 0.8), line)
    places = [float(one) for one in re.findall(r'"([\d.]+)%"', drawn)]
    assert all(2 <= one <= 98 or one == 100 for one in places)
    dot = float(re.findall(r'cx="([\d.]+)%"', drawn)[0])
    left, right = (float(one) for one in re.findall(r'x1="([\d.]+)%" x2="([\d.]+)%"', drawn)[-1])
    assert left <= dot <= right
    assert 'aria-hidden="true"' in drawn


def test_without_a_value_there_is_no_dot() -> None:
    assert "<circle" not in strip(NONE, Scale(0, 1), 0.5)
    assert strip(NONE, Scale(0, 1)).count("<line") == 1
