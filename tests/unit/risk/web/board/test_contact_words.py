"""Surprises, silence, standing and spread in words, and whom the overview names first."""

from __future__ import annotations

from typing import Any

import pytest

from risk_svc.web.api import contact_responses
from risk_svc.web.api.contact_examples import CONTACT
from risk_svc.web.api.insight_examples import EXAMPLES
from risk_svc.web.api.insight_responses import Accounts
from risk_svc.web.board import contact_words
from risk_svc.web.board.figure_words import silence_words
from risk_svc.web.board.lists import linked_promise
from risk_svc.web.board.style import COLOURS

SURPRISE = CONTACT[contact_responses.Surprises]["items"][0]
SPREAD: dict[str, Any] = CONTACT[contact_responses.Spreads]["items"][0]
DEPARTMENT = CONTACT[contact_responses.SurprisedPage]["items"][0]
STANDING = CONTACT[contact_responses.Standings]["items"][0]
ACCOUNT: dict[str, Any] = EXAMPLES[Accounts]["items"][0]
FEW = {"value": None, "low": None, "high": None, "n": 3}


def test_a_silence_says_its_interval_its_number_and_the_last_word() -> None:
    said = "silent: 3.0 usual intervals (2.0 to 6.0), n\u00a012; last word Thu 5 Feb 07:30 UTC"
    assert silence_words(ACCOUNT) == said
    assert silence_words(ACCOUNT | {"contact": "not_silent"}).startswith("3.0 usual intervals")
    few = ACCOUNT | {"contact": "too_little_history", "silence": FEW}
    assert silence_words(few) == "too little history; last word Thu 5 Feb 07:30 UTC"
    assert silence_words(few | {"last_word_at": None}) == "too little history; no word of theirs is known"
    assert silence_words(ACCOUNT | {"contact": None}) == silence_words({}) == "–"


def test_a_standing_says_that_few_are_few() -> None:
    assert contact_words.standing_words(STANDING) == "86% (82–89%), n\u00a0260 (7\u00a0overdue)"
    few = STANDING | {"too_little_history": True}
    assert contact_words.standing_words(few) == "86% (82–89%), n\u00a0260 (7\u00a0overdue); too little history"
    assert contact_words.standing_words(None) == "–"


def test_a_surprise_is_a_row_of_plain_text_that_leads_to_its_promise() -> None:
    row = contact_words.surprise_row(SURPRISE)
    assert (row["verdict"], row["what"], row["told"], row["by"]) == ("worse", "3.0 days late", "Warning", "sales")
    assert (row["colour"], row["link"], row["note"]) == (
        COLOURS["high"],
        linked_promise("PR-1001"),
        "install · acme",
    )
    bare = contact_words.surprise_row(SURPRISE | {"verdict": "better", "told_before": None, "department": None})
    assert (bare["colour"], bare["told"], bare["by"]) == (COLOURS["low"], "nothing", "–")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"days": 2.5}, "2.5 days early"),
        ({"days": 0.25}, "6.0 hours early"),
        ({"days": None}, "never came"),
        ({"days": 0.0, "missing": 0.6}, "60% of it missing"),
        ({"missing": 0.5}, "3.0 days late, 50% of it missing"),
    ],
)
def test_an_outcome_is_said_in_days_hours_and_what_is_missing(changes: dict[str, Any], words: str) -> None:
    assert contact_words.outcome_words(SURPRISE | changes) == words


def test_departments_say_both_signs_with_interval_and_number() -> None:
    [row] = contact_words.department_rows([DEPARTMENT])
    assert row == {
        "id": "sales",
        "better": "13: 5% (3–8%), n\u00a0260",
        "worse": "26: 10% (7–14%), n\u00a0260",
        "unannounced": "30",
    }
    few = contact_words.department_rows([DEPARTMENT | {"name": "", "worse": FEW, "worse_n": 1}])[0]
    assert (few["id"], few["worse"]) == ("(none named)", "1: too little history, n\u00a03")


def test_a_spread_says_reach_number_growth_and_money() -> None:
    [row] = contact_words.spread_rows([SPREAD])
    assert row == {
        "id": "telemetry",
        "reach": "240 in 14 claims",
        "effective": "163.6",
        "growth": "2.0 × (1.2 to 3.4); spreading",
        "accounts": "12",
        "expected": "18,300 EUR",
        "at_risk": "61,200 EUR",
    }
    nothing = SPREAD | {"claims": 1, "effective": None, "growth": FEW, "expected_loss": None}
    bare = contact_words.spread_rows([nothing])[0]
    assert (bare["reach"], bare["effective"], bare["growth"], bare["expected"]) == (
        "240 in 1 claim",
        "–",
        "too little history, n\u00a03",
        "–",
    )


@pytest.mark.parametrize(("low", "high", "words"), [(1.2, 3.0, "; spreading"), (0.3, 0.9, "; fading"), (0.9, 3.0, "")])
def test_a_claim_spreads_or_fades_only_with_its_whole_interval(low: float, high: float, words: str) -> None:
    said = contact_words.growth_words({"value": 1.0, "low": low, "high": high, "n": 60})
    assert said == f"1.0 × ({low} to {high}){words}"


def account(name: str, score: float, **changes: Any) -> dict[str, Any]:
    return ACCOUNT | {"customer_id": name, "score": score, "worst_score": score, **changes}


def test_the_silent_come_first_then_the_largest_gaps_each_once() -> None:
    silent = [account("quiet", 30.0)]
    widest = [account("wide", 80.0, contact=None), account("quiet", 30.0), account("calm", 10.0, contact=None)]
    found = contact_words.first(silent, widest)
    assert [(name, address) for name, _, address in found] == [
        ("quiet", "/accounts?search=quiet"),
        ("wide", "/accounts?search=wide"),
    ]
    assert contact_words.first([], widest[2:]) == []
    many = [account(f"c{at}", 90.0 - at) for at in range(9)]
    assert [name for name, _, _ in contact_words.first(silent, many)] == ["quiet", "c0", "c1"]


def test_it_says_why_what_to_do_and_how_sure() -> None:
    said = {name: words for name, words, _ in contact_words.first([account("a", 62.0)], [])}["a"]
    assert said == (
        "gap 62, 3 open gaps, widest 62. Call them: silent: 3.0 usual intervals (2.0 to 6.0), n\u00a012; last word "
        "Thu 5 Feb 07:30 UTC. Expected to cost 18,300 EUR, 95 % sure within 58,900 to 63,400 EUR (12 of 14 promises "
        "counted)."
    )
    # Where every simulation lost the same there is no interval to state.
    same = {"value": 61_200.0, "low": 61_200.0, "high": 61_200.0, "n": 12}
    alike = {name: words for name, words, _ in contact_words.first([account("a", 62.0) | {"value_at_risk": same}], [])}
    assert "95 % sure within 61,200 EUR (" in alike["a"]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (
            {"last_told": None},
            "Tell them: they were told nothing of it so far. Begin with PR-1001.",
        ),
        ({}, "They were told last Sat 28 Feb 16:04 UTC. Look at PR-1001."),
    ],
)
def test_whoever_is_not_silent_is_to_be_told_or_looked_at(changes: dict[str, Any], words: str) -> None:
    [(_, said, _)] = contact_words.first([], [account("a", 62.0, contact="not_silent", **changes)])
    assert words in said
    unknown = account("a", 62.0, contact=None, forecasts=0, open_gaps=1)
    assert contact_words.first([], [unknown])[0][1].endswith(
        "Cost unknown: no promise has both a forecast and a value."
    )
