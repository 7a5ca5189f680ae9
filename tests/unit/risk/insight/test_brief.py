"""The weekly brief: each sentence says one row, and links to the page that shows it; without a row it is not said."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import pytest

from risk_svc.insight.brief import NOTHING, Known, Section, brief, markdown

FIRST: dict[str, Any] = {"value": 0.91, "low": 0.86, "high": 0.94, "n": 260}
DRIFT: dict[str, Any] = {"value": 0.21, "low": 0.14, "high": 0.29, "n": 260}
LIFT: dict[str, Any] = {"value": 1.4, "low": 1.2, "high": 1.63, "n": 260}
LITTLE: dict[str, Any] = {"value": None, "low": None, "high": None, "n": 3}
CUSTOMER = {"name": "acme", "score": 62.4, "promises": 14, "worst": "PR-1001"}
TAIL = {"value": 141200.0, "low": 138100.0, "high": 144300.0, "n": 12}
RISK = {"expected_loss": 96400.0, "forecasts": 12, "value_at_risk": TAIL, "currency": "EUR"}
WINDOW = {**RISK, "window": "30 days", "accounts": 6}
PAIR = {
    **{"question": "well", "first": "customers", "second": "leadership", "verdict": "disparity"},
    **{"top": {"value": -0.72, "low": -0.86, "high": -0.41, "n": 410}},
    "distance": {"value": 0.4, "low": 0.3, "high": 0.5, "n": 410},
}
MOST = {"value": 31200.0, "low": 29000.0, "high": 34100.0, "n": 3}
ACCOUNT = {
    **{"customer_id": "acme", "score": 62.4, "expected_loss": 18300.0, "forecasts": 3, "currency": "EUR"},
    "value_at_risk": MOST,
}
RENEWAL = {**ACCOUNT, "renews": datetime(2026, 4, 30, tzinfo=UTC)}
CHECKED = {"items": ["has an owner"], "lift": LIFT}
WHOLE = Known(
    customers=[CUSTOMER],
    risk=[RISK],
    bias=[{"name": "sales", "verdict": "optimistic", "drift": DRIFT}],
    punctuality=[{"name": "crew", "first": FIRST}],
    pairs=[PAIR],
    factors=[{"name": "has an owner", "holds": True, "lift": LIFT}],
    checklist=[CHECKED],
    hops=[{"said_by": "product", "said_to": "sales", "n": 44, "distortion": 0.31, "low": 0.24, "high": 0.38}],
    windows=[WINDOW],
    renewals=[RENEWAL],
)


def test_the_brief_of_a_department_begins_with_its_own_gap_and_bears_its_name() -> None:
    own = {"name": "sales", "score": 41.0, "promises": 9, "worst": "PR-7"}
    found = brief(Known(groups=[own]))
    gap = {"sales has a gap of 41 of 100 over 9 open promises. Its widest is PR-7.": "/board/groups?by=department"}
    assert said(found) == gap
    cost = (
        "Its open promises are expected to cost 96,400 EUR, from 12 forecasts. In 95 of 100 cases it is at most "
        "141,200 EUR (95%: 138,100 to 144,300)."
    )
    assert said(brief(Known(groups=[own | RISK]))) == gap | {cost: "/board/groups?by=department"}
    assert said(brief(Known(groups=[own | RISK | {"value_at_risk": {"value": None}}]))) == gap
    assert markdown(found, "", None, "sa_les").startswith("# Weekly brief for sa\\_les\n")
    assert markdown([], "", None).startswith("# Weekly brief\n")


def test_what_is_kept_less_often_than_not_did_not_go_well() -> None:
    poor = {"name": "crew", "first": {"value": 0.6, "low": 0.48, "high": 0.7, "n": 108}}
    assert brief(Known(punctuality=[poor])) == []
    assert len(brief(Known(punctuality=[poor | {"first": FIRST}]))) == 1


def said(sections: list[Section]) -> dict[str, str]:
    return {one.text: one.path for section in sections for one in section.sentences}


def test_every_sentence_says_its_row_and_links_to_its_page() -> None:
    found = brief(WHOLE)
    assert [one.title for one in found] == ["Largest gaps", "What to align", "Money at risk", "What went well"]
    assert said(found) == {
        "acme has a gap of 62 of 100 over 14 open promises. Its widest is PR-1001.": "/board/accounts?search=acme",
        "Messages change most from product to sales: distortion 0.31 of 1 (95%: 0.24 to 0.38, n = 44).": "/board/path",
        "What sales promises takes 21% longer than said (90%: 14% to 29%, n = 260).": "/board/teams",
        "“What do we do well?” Customers and leadership differ: among customers the share who gave 5 of 5 (very well) "
        "is 72 points lower (95%: 41 to 86, n = 410).": "/board/perception",
        "Open promises are expected to cost 96,400 EUR, from 12 forecasts. In 95 of 100 cases it is at most "
        "141,200 EUR (95%: 138,100 to 144,300).": "/board/accounts",
        "Value at risk before renewals: 6 accounts renew within 30 days. Expected to be lost: 96,400 EUR, from 12 open "
        "promises. In 95 of 100 cases it is at most 141,200 EUR (95%: 138,100 to 144,300).": (
            "/board/accounts?renewal=30"
        ),
        "acme renews on 30 April, with a gap of 62. Expected to be lost: 18,300 EUR, from 3 open promises. "
        "In 95 of 100 cases it is at most 31,200 EUR (95%: 29,000 to 34,100).": "/board/accounts?search=acme",
        "crew kept 91% of its first dates (95%: 86% to 94%, n = 260).": "/board/on-time",
        "Promises with “has an owner” are kept 1.4 times as often (95%: 1.2 to 1.6, n = 260).": ("/board/what-worked"),
        "Promises that follow the whole checklist are kept 1.4 times as often (95%: 1.2 to 1.6, n = 260).": (
            "/board/what-worked"
        ),
    }


def test_no_expected_loss_is_said_without_what_it_stays_within() -> None:
    for known in (WHOLE, Known(renewals=[RENEWAL]), Known(windows=[WINDOW])):
        for text in said(brief(known)):
            assert ("xpected to" in text) == (" cases it is at most " in text), text
    without = RENEWAL | {"value_at_risk": LITTLE}
    assert [*said(brief(Known(renewals=[without])))] == ["acme renews on 30 April, with a gap of 62."]


@pytest.mark.parametrize(
    "known",
    [
        Known(),
        Known(customers=[CUSTOMER | {"score": 14.9}]),
        Known(risk=[RISK | {"expected_loss": None}]),
        Known(windows=[WINDOW | {"window": "later"}, WINDOW | {"window": "no renewal"}]),
        Known(windows=[WINDOW | {"expected_loss": None}, WINDOW | {"value_at_risk": LITTLE}]),
        Known(bias=[{"name": "sales", "verdict": "unclear", "drift": DRIFT}]),
        Known(bias=[{"name": "", "verdict": "optimistic", "drift": DRIFT}]),
        Known(punctuality=[{"name": "crew", "first": LITTLE}]),
        Known(pairs=[PAIR | {"verdict": "unclear"}, PAIR | {"verdict": "suppressed"}]),
        Known(factors=[{"name": "x", "holds": False, "lift": LIFT}, {"name": "y", "holds": False, "lift": LITTLE}]),
        Known(checklist=[CHECKED | {"lift": LIFT | {"low": 0.9}}, CHECKED | {"items": []}]),
    ],
)
def test_without_evidence_nothing_is_said(known: Known) -> None:
    assert brief(known) == []
    assert NOTHING in markdown([], "", None)


def test_of_many_only_the_first_few_are_said() -> None:
    many = [CUSTOMER | {"name": f"c{number}", "worst": f"p{number}"} for number in range(20)]
    assert [one.path for one in brief(Known(customers=many))[0].sentences] == [
        f"/board/accounts?search=c{n}" for n in range(3)
    ]


def test_as_markdown_each_line_has_its_link_and_nobodys_text_is_markup() -> None:
    known = WHOLE._replace(bias=[{"name": "[a](http://b) *c*", "verdict": "optimistic", "drift": DRIFT}])
    text = markdown(brief(known), "https://candor.example.com", datetime(2026, 3, 1, 7, 30, tzinfo=UTC))
    lines = [line for line in text.splitlines() if line.startswith("- ")]
    assert len(lines) == 10
    assert all(re.search(r" \(\[evidence\]\(https://candor\.example\.com/board/[^()\s]+\)\)$", line) for line in lines)
    assert r"\[a\](http://b) \*c\*" in text
    assert "As of 2026-03-01 07:30 UTC." in text


def test_every_figure_has_its_number_and_an_estimate_its_interval() -> None:
    for text in said(brief(WHOLE)):
        if re.search(r"longer|times as often|of 1 |first dates|points|In 95 of 100", text):
            assert re.search(r"\(9[05]%: [0-9.,%]+ to [0-9.,%]+", text), text
        assert re.search(r"n = \d|\d (open promises?|forecasts?)\b", text), text


def test_a_window_of_one_account_is_said_of_one() -> None:
    one = brief(Known(windows=[WINDOW | {"accounts": 1, "forecasts": 1, "window": "90 days"}]))[0].sentences[0]
    assert one.text.startswith("Value at risk before renewals: 1 account renews in 61 to 90 days. ")
    assert "from 1 open promise." in one.text
    assert one.path == "/board/accounts?renewal=90"


def test_sentences_are_short() -> None:
    for text in said(brief(WHOLE)):
        assert all(len(part.split()) <= 22 for part in re.split(r"[.?:] ", text)), text


def test_an_interval_of_no_width_is_not_printed_as_one() -> None:
    sure = {"value": 500.0, "low": 500.0, "high": 500.0, "n": 4}
    risk = [{"expected_loss": 500.0, "currency": "EUR", "forecasts": 4, "value_at_risk": sure}]
    said = " ".join(one.text for section in brief(Known(risk=risk)) for one in section.sentences)
    assert "it is at most 500 EUR." in said
    assert "to 500" not in said
