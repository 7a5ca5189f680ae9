"""Letters of what the company changed itself: another date, or that it is called off, as the customer reads them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from candor.contracts import Standing, Statement
from notify_svc.compose.house import House
from notify_svc.compose.letter import Letter, compose
from notify_svc.compose.owner_letter import to_the_owner
from notify_svc.domain.facts import CalledOff, Decision, Kind, Move, Reason
from tests.support.clocks import NOON
from tests.unit.notify.compose.test_letters import golden
from tests.unit.notify.facts import DUE, HIGH, LOW, gap, promise, snapshot, told

LATER = DUE + timedelta(days=1)
ALONE: dict[str, Any] = {"low": None, "high": None, "next_update_by": None}


def moved(
    due: datetime = LATER, *, agreed: bool = False, reason: str = "", statement: Statement | None = None, **known: Any
) -> Letter:
    """The letter of another date; one that was agreed is told alone."""
    move = Move("ev-r", NOON, DUE, due, agreed, reason)
    says = statement or (Statement.ALL_CLEAR if agreed else Statement.WARNING)
    decision = Decision(Kind.SPEAK, Reason.DATE_MOVED, says, about="ev-r")
    about = promise(held_due=due if agreed else DUE, moves=(move,))
    at = gap(0.86, held_due=about.held_due)
    made = compose(
        snapshot(decision, says, promise=about, gap=at, move=move, **(ALONE if agreed else {}), **known), House()
    )
    assert made.findings == ()
    return made


def called_off(*, ours: bool = True, reason: str = "", **known: Any) -> Letter:
    """The letter of a withdrawal."""
    decision = Decision(Kind.SPEAK, Reason.CALLED_OFF, Statement.CANCELLED, closing=True, about="ev-w")
    about = promise(withdrawn=True, called_off=CalledOff("ev-w", NOON, ours, reason))
    at = gap(None, Standing.WITHDRAWN)
    made = compose(snapshot(decision, Statement.CANCELLED, promise=about, gap=at, **ALONE, **known), House())
    assert made.findings == ()
    return made


def test_a_later_date_as_the_customer_reads_it() -> None:
    golden("moved", moved(reason="the van broke down"))


def test_a_date_that_was_agreed_as_the_customer_reads_it() -> None:
    golden("moved_agreed", moved(agreed=True, reason="the van broke down"))


def test_what_is_called_off_as_the_customer_reads_it() -> None:
    golden("called_off", called_off(reason="the part is no longer made", earlier=told()))


def test_both_dates_the_reason_and_the_options_stand_in_a_letter_of_a_later_date() -> None:
    made = moved(reason="the van broke down")
    for words in (
        "The date until now: Fri 8 Mar, 13:00.",
        "The new date: Sat 9 Mar, 13:00.",
        "Reason given: the van broke down.",
        "What you can do:",
        "Next update by",
        "We are sorry about this.",
    ):
        assert words in made.text
    assert "now Sat 9 Mar, 13:00" in made.subject
    assert "we expect it between Fri 8 Mar, 13:40 and 14:20" in made.text
    assert {item.event for item in made.support} >= {"ev-r", "ev-p"}


@pytest.mark.parametrize("due", [LOW, HIGH])
def test_a_new_date_that_falls_on_an_end_of_the_range_holds_no_letter(due: datetime) -> None:
    assert moved(due).findings == ()


def test_an_agreed_date_needs_no_options_and_says_whether_we_write_again() -> None:
    text = moved(agreed=True).text
    assert "What you can do" not in text
    assert "we expect" not in text.replace("If we expect to miss the new date, we write again.", "")
    assert "If we expect to miss the new date, we write again." in text


def test_an_earlier_date_needs_no_apology_and_nobody_is_said_to_have_agreed_who_did_not() -> None:
    made = moved(DUE - timedelta(hours=1), statement=Statement.ALL_CLEAR, **ALONE)
    assert "sorry" not in made.text
    assert "later" not in made.news
    assert "Please plan with the new date. If it does not suit you, tell us." in made.text
    assert "agreed" not in made.text


def test_an_apology_for_what_is_called_off_stands_where_it_was_our_wish() -> None:
    assert "We are sorry about this." in called_off().text
    unknown = called_off(ours=False).text
    assert "sorry" not in unknown
    assert "This is called off, and it is not going to happen" in unknown


def test_a_reason_that_the_lint_objects_to_is_left_out_and_recorded() -> None:
    for made in (moved(reason="the carrier is at fault"), called_off(reason="the carrier is at fault")):
        assert "carrier" not in made.text
        assert made.left_out[0] == ("public_reason", "blame: fault, in 'the carrier is at fault'")


def test_without_a_public_reason_nothing_is_said_about_why() -> None:
    assert "Reason given" not in moved().text + called_off().text


@pytest.mark.parametrize(
    ("reason", "words"), [(Reason.DATE_MOVED, "another date was set"), (Reason.CALLED_OFF, "was withdrawn")]
)
def test_the_owner_reads_why(reason: Reason, words: str) -> None:
    decision = Decision(Kind.SPEAK, reason, Statement.UPDATE)
    assert words in to_the_owner(snapshot(decision), moved(), "n1", 0.7).text


@given(st.integers(-100_000, 100_000).filter(bool), st.booleans(), st.sampled_from(["", "it will be fine", "snow"]))
def test_whatever_the_date_the_letter_is_fit_to_be_sent(minutes: int, agreed: bool, reason: str) -> None:
    due = DUE + timedelta(minutes=minutes)
    statement = None if agreed or minutes > 0 else Statement.UPDATE
    made = moved(due, agreed=agreed, reason=reason, statement=statement, earlier=told())
    assert made.text.count("The new date: ") == 1
    assert ("snow" in made.text) == (reason == "snow")
    assert "will be fine" not in made.text
