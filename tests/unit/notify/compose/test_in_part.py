"""What was kept in time but not in full is told as that, on the page too, and where nothing is missing as before."""

from __future__ import annotations

from typing import Any

import pytest

from candor.contracts import Standing, Statement
from notify_svc.channels import Form
from notify_svc.compose.house import House
from notify_svc.compose.letter import LETTER, Letter, compose
from notify_svc.domain.facts import Decision, Kind, Reason
from notify_svc.page import texts
from notify_svc.page.view import ENDED, State, view
from tests.support.clocks import NOON
from tests.unit.notify.compose.test_paused import LANGUAGES
from tests.unit.notify.facts import DUE, RULES, gap, promise, snapshot, told

ALONE: dict[str, Any] = {"low": None, "high": None, "next_update_by": None}
WHAT = "Flight UA 1545, EWR to IAH"
SMS = Form(longest=480)


def closing(missing: float, form: Form = LETTER, **known: Any) -> Letter:
    decision = Decision(Kind.SPEAK, Reason.KEPT, Statement.ALL_CLEAR, closing=True)
    ended = gap(0.0, Standing.KEPT, completed_at=DUE, missing=missing)
    known = {"gap": ended, "now": DUE, "earlier": told()} | ALONE | known
    return compose(snapshot(decision, Statement.ALL_CLEAR, **known), House(), form)


def test_it_is_said_first_with_an_apology_and_what_to_do() -> None:
    made = closing(0.25)
    assert made.findings == ()
    assert (
        made.news
        == "Kept in time, but not in full: Flight UA 1545, EWR to IAH. Something that belongs to it is missing."
    )
    assert made.subject == "In time, not in full: Flight UA 1545, EWR to IAH"
    assert "We are sorry about this." in made.text
    assert "Reply to this message, and we agree with you when the rest comes." in made.text
    assert "on time after all" not in made.text


@pytest.mark.parametrize("locale", LANGUAGES)
@pytest.mark.parametrize("form", [LETTER, SMS])
def test_no_language_has_anything_against_it(locale: str, form: Form) -> None:
    made = closing(0.25, form, locale=locale)
    assert made.findings == ()
    assert made.news != closing(0.0, form, locale=locale).news


def test_where_nothing_is_missing_it_is_done_on_time() -> None:
    made = closing(0.0)
    assert made.news.startswith("Done on time after all: ")
    assert "sorry" not in made.text


def test_the_page_says_it_too_unless_a_verdict_took_it_as_it_is() -> None:
    kept = gap(0.0, Standing.KEPT, completed_at=DUE, missing=0.25)
    found = view(promise(), kept, [], DUE, RULES, fresh=True)
    assert (found.state, found.completed_at) == (State.IN_PART, DUE)
    assert "not in full" in texts.STATES[State.IN_PART]
    assert State.IN_PART in ENDED
    taken = view(promise(ended=Standing.KEPT), kept, [], DUE, RULES, fresh=True)
    whole = view(promise(), gap(0.0, Standing.KEPT, completed_at=DUE), [], DUE, RULES, fresh=True)
    late = view(promise(), gap(1.0, Standing.BROKEN, completed_at=NOON, missing=0.25), [], DUE, RULES, fresh=True)
    assert (taken.state, whole.state, late.state) == (State.KEPT, State.KEPT, State.LATE)
