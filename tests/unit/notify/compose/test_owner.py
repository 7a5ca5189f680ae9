"""The owner's word: which it is, what it says, and that it never says how to reach the customer."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from candor.contracts import Statement
from notify_svc.channels import Form
from notify_svc.compose.house import House
from notify_svc.compose.letter import Letter, compose
from notify_svc.compose.owner_letter import to_the_owner
from notify_svc.domain.facts import Decision, Kind, Reason
from notify_svc.domain.identity import notice_id
from notify_svc.domain.owner import OwnerWord, without_the_owner
from tests.support.clocks import NOON
from tests.unit.notify.facts import HIGH, minutes, promise, snapshot

LETTERS = Path(__file__).parent / "letters"
NOTICE = "7f0c1b52-7a0e-5d0c-9d6e-3e1f2a4b5c6d"
SINCE = {"p_slip": "0.860", "gap": "gap-1", "since": NOON.isoformat()}


def both(
    reason: Reason = Reason.SLIP_HELD,
    statement: Statement = Statement.WARNING,
    evidence: dict[str, str] | None = None,
    what: str = "Flight UA 1545, EWR to IAH",
) -> tuple[Letter, Letter]:
    """What the owner reads, and what the customer reads next."""
    decision = Decision(Kind.SPEAK, reason, statement, SINCE if evidence is None else evidence)
    known = snapshot(decision, statement, promise=promise(what=what), now=NOON + minutes(60))
    said = compose(known, House())
    return to_the_owner(known, said, NOTICE, 0.7), said


def test_the_owners_letter_word_for_word() -> None:
    made, _ = both()
    assert f"Subject: {made.subject}\n\n{made.text}" == (LETTERS / "owner.txt").read_text()


@pytest.mark.parametrize("reason", [reason for reason in Reason if reason.value in (
    "slip_held", "milestone_missed", "range_left", "update_due", "cancelled", "recovered", "kept", "done_outside_range",
    "not_kept",
)])  # fmt: skip
def test_every_reason_has_its_words(reason: Reason) -> None:
    evidence = SINCE | {"milestone": "boarded", "due": HIGH.isoformat()}
    statement = Statement.CANCELLED if reason is Reason.CANCELLED else Statement.UPDATE
    made, said = both(reason, statement, evidence)
    why = made.text.partition("Why we write: ")[2].partition("\n")[0]
    assert len(why) > 10
    assert why.endswith(".")
    assert said.text.strip() in made.text
    assert made.text.splitlines()[0] == said.news == said.text.splitlines()[2]


def test_each_reason_is_told_apart() -> None:
    evidence = SINCE | {"milestone": "boarded", "due": HIGH.isoformat()}
    reasons = (Reason.SLIP_HELD, Reason.MILESTONE_MISSED, Reason.RANGE_LEFT, Reason.UPDATE_DUE, Reason.NOT_KEPT)
    texts = {both(reason, Statement.UPDATE, evidence)[0].text.partition("Why we write: ")[2] for reason in reasons}
    assert len(texts) == len(reasons)


@pytest.mark.parametrize("what", ["Flight UA 1545, EWR to IAH", "W" * 2_000])
def test_where_few_characters_have_room_it_is_short_and_says_what_and_why(what: str) -> None:
    decision = Decision(Kind.SPEAK, Reason.SLIP_HELD, Statement.WARNING, SINCE)
    known = snapshot(decision, promise=promise(what=what), now=NOON + minutes(60))
    said = compose(known, House())
    short = to_the_owner(known, said, NOTICE, 0.7, Form(html=False, longest=1_600)).text
    assert len(short) < 620 and short.startswith(said.news[:150])
    assert "Promise p1 to c1, by Fri 8 Mar, 13:00" in short and NOTICE in short
    assert "Why: the forecast" in short and said.text.strip() not in short
    assert "All times" not in short and "Times: New York time" in short


@given(st.text(st.characters(blacklist_categories=("Cs", "Cc")), min_size=1, max_size=60))
def test_what_others_wrote_is_shown_as_text(what: str) -> None:
    made, _ = both(what=" ".join(what.split()) or "x")
    assert "<script" not in both(what="<script>alert(1)</script>")[0].html
    assert made.html.count("<blockquote") == 1


@pytest.mark.parametrize(
    ("against", "word"),
    [
        (Reason.NO_CONTACT, OwnerWord.NO_ADDRESS),
        (Reason.NO_CONSENT, OwnerWord.NOT_REACHED),
        (Reason.BAD_CONTACT, OwnerWord.NOT_REACHED),
        (Reason.ADDRESS_REFUSED, OwnerWord.NOT_REACHED),
        (Reason.DAILY_CAP, OwnerWord.NOT_REACHED),
    ],
)
def test_what_the_customers_notice_says_of_an_owner_who_is_not_told(against: Reason, word: OwnerWord) -> None:
    assert without_the_owner(against) is word


def test_the_same_word_to_owner_and_customer_are_two_notices() -> None:
    about = ("p1", 1, Statement.WARNING, "value")
    assert notice_id("staff/anna", *about) != notice_id("anna", *about)
    assert notice_id("staff/anna", *about) == notice_id("staff/anna", *about)
    assert replace(promise(), owner="anna").owner == "anna"
