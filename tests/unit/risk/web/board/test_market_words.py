"""Reviews, months and stated lead times in words: what they rest on is always said, and nothing from too few."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from risk_svc.insight.lead_times import NOTHING
from risk_svc.insight.review_months import Months, month_of
from risk_svc.insight.reviews import ReviewFilter
from risk_svc.web.board import market_words
from risk_svc.web.board.pages.market import query
from risk_svc.web.board.style import COLOURS

AT = datetime(2026, 3, 2, 15, tzinfo=UTC)
COUNTS = {"reviews": 52, "untagged": 12, "by_machine": 38, "failures": 10, "not_told": 8, "unreachable": 3}


def review(**changes: Any) -> dict[str, Any]:
    return {
        "review_id": "s1:r1",
        "source": "s1",
        "at": AT,
        "rating": 2.0,
        "worst": 1.0,
        "best": 5.0,
        "tags": ["not_told", "too_late"],
        "tagged_by": "machine",
        "evidence": ["nobody told"],
        "product": None,
        "place": None,
        "labels": {},
        "customer_id": None,
        "promise_id": None,
        "promise_standing": None,
        "warned": None,
        **changes,
    }


def lead_time(**changes: Any) -> dict[str, Any]:
    stated = {"lead_time_id": "lt1", "competitor": "Brew <b>& Co</b>", "kind": "install", "labels": {}, "at": AT}
    days = {"low_days": 7.0, "typical_days": 10.0, "high_days": 14.0, "stated_by": "their page"}
    return {**stated, **days, **NOTHING, **changes}


def figure(value: float) -> dict[str, Any]:
    return {"value": value, "low": value - 1, "high": value + 1, "n": 240}


OURS = {f"actual_{part}": figure(value) for part, value in (("low", 6.0), ("typical", 12.0), ("high", 20.0))}


def test_a_month_is_drawn_with_what_it_rests_on() -> None:
    drawn = market_words.failures(Months([month_of("2026-03", COUNTS), month_of("2026-02", {"late": 30})], True))
    assert "Mar 2026" in drawn
    assert "25% (14–40%), n\u00a040; 8 not told, 3 unreachable" in drawn
    # There were no reviews.
    assert "Feb 2026" not in drawn


def test_a_month_with_too_few_says_so_and_draws_nothing() -> None:
    drawn = market_words.failures(Months([month_of("2026-03", {"reviews": 19, "failures": 19})], True))
    assert "too little history, n\u00a019" in drawn
    assert "<svg" not in drawn


def test_warnings_are_those_of_months_with_late_promises() -> None:
    found = Months([month_of("2026-03", COUNTS), month_of("2026-02", {"late": 40, "warned": 30})], True)
    drawn = market_words.warnings(found)
    assert "75% (60–86%), n\u00a040" in drawn
    assert "Mar 2026" not in drawn


def test_where_there_is_nothing_no_empty_scale_is_drawn() -> None:
    for drawn in (market_words.failures(Months([], True)), market_words.warnings(Months([], True))):
        assert drawn == "<p>None so far.</p>"


@pytest.mark.parametrize(
    ("exact", "end"), [(True, "count in no share."), (False, "There are more: only the newest are counted.")]
)
def test_how_many_tags_are_by_machine_is_said(exact: bool, end: str) -> None:
    said = market_words.basis_words(Months([month_of("2026-03", COUNTS)], exact))
    assert said.startswith("Of 52 reviews 38 tagged by machine, 2 by a person; 12 without words that are read")
    assert said.endswith(end)
    assert market_words.basis_words(Months([], True)) == ""


@pytest.mark.parametrize(
    ("changes", "tag", "evidence"),
    [
        ({}, "not told, told too late", "“nobody told”"),
        ({"tags": [], "evidence": []}, "none of it", "nothing found by machine"),
        ({"tags": ["unreachable"], "evidence": [], "tagged_by": "person"}, "unreachable", "a person read it"),
        ({"tags": None, "evidence": [], "tagged_by": None}, "not tagged", "no words that are read"),
    ],
)
def test_a_review_says_what_it_complains_of_and_by_what(changes: dict[str, Any], tag: str, evidence: str) -> None:
    row = market_words.review_row(review(**changes))
    assert (row["tag"], row["evidence"]) == (tag, evidence)
    assert market_words.review_line(review(**changes)) == f"2 Mar 2026, s1, 2 of 5: {tag} ({evidence})"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, "2 of 5"),
        ({"rating": None}, "–"),
        ({"rating": 7.5, "worst": 0.0, "best": 10.0}, "7.5 of 10 (worst 0)"),
        ({"rating": 2.0, "worst": 6.0, "best": 1.0}, "2 of 1 (worst 6)"),
    ],
)
def test_a_rating_says_its_scale(changes: dict[str, Any], said: str) -> None:
    assert market_words.rating_words(review(**changes)) == said


def test_what_nobody_read_is_neither_good_nor_bad() -> None:
    colours = [market_words.review_row(review(tags=tags))["colour"] for tags in (["not_told"], [], None)]
    assert colours == [COLOURS["severe"], COLOURS["none"], COLOURS["low"]]


def test_a_review_leads_to_its_promise_once_that_is_known() -> None:
    about = {"promise_id": "p 1", "customer_id": "acme"}
    row = market_words.review_row(review(**about))
    assert (row["promise"], row["link"], row["note"]) == ("p 1", "", "")
    row = market_words.review_row(review(**about, promise_standing="broken", warned=False))
    assert row["link"].endswith("/promises/p%201")
    assert row["note"].startswith("acme · ")
    assert row["note"].endswith("not warned before")
    assert "warned" not in market_words.review_row(review(**about, promise_standing="kept", warned=False))["note"]


def test_what_it_is_about_is_what_is_known_of_it() -> None:
    assert market_words.about_words(review()) == "–"
    found = review(product="x", place="berlin", labels={"crew": "north"})
    assert market_words.about_words(found) == "x, berlin, crew north"


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [
        (7, 14, "10 (7 to 14) days"),
        (None, 14, "10 (up to 14) days"),
        (7, None, "10 (7 or more) days"),
        (None, None, "10 days"),
    ],
)
def test_a_stated_time_has_the_ends_that_are_stated(low: float | None, high: float | None, said: str) -> None:
    assert market_words.span_words(low, 10.0, high) == said


def test_a_lead_time_says_who_states_it_and_what_ours_is() -> None:
    row = market_words.lead_time_row(lead_time(**OURS, labels={"place": "berlin"}, beside="longer"))
    assert row["by"] == "stated by their page, 2 Mar 2026"
    assert row["what"] == "install (place berlin)"
    assert row["actual"] == "12 (11–13) days, n\u00a0240; 8 of 10 from 6 to 20"
    assert row["promised"] == "too little history, n\u00a00"
    assert row["beside"] == "we take longer"


def test_ours_without_its_ends_is_the_median_alone() -> None:
    few = {"actual_typical": figure(12.0)}
    assert market_words.lead_time_row(lead_time(**few))["actual"] == "12 (11–13) days, n\u00a0240"


def test_both_are_drawn_on_one_scale_and_nobodys_words_become_markup() -> None:
    drawn = market_words.lead_times([lead_time(**OURS, beside="longer")])
    assert "Brew &lt;b&gt;&amp; Co&lt;/b&gt;, install" in drawn
    assert drawn.count("<svg") == 2
    assert "14 days" in drawn
    assert 'class="late"' in drawn
    # Nothing is drawn of what is not worked out.
    assert market_words.lead_times([lead_time()]).count("<svg") == 1


def test_when_ours_were_worked_out_is_said() -> None:
    assert "not worked out so far" in market_words.made_words(None)
    assert "Mon 2 Mar 15:00" in market_words.made_words(AT)


def test_the_address_of_a_download_asks_what_is_shown() -> None:
    assert query(ReviewFilter()) == ""
    assert query(ReviewFilter("failure", "s 1", place="berlin")) == "?tag=failure&place=berlin&source=s+1"
