"""Letters of what waits for the customer: one sentence, in every language, which blames nobody and stops no letter."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from candor.contracts import Pause, Standing, Statement
from notify_svc.compose.house import House
from notify_svc.compose.letter import Letter, compose
from notify_svc.domain.facts import Decision, Kind, Reason
from tests.support.clocks import NOON
from tests.unit.notify.facts import gap, snapshot

LANGUAGES = ("en_GB", "de", "fr", "es", "pt", "ja")
PAUSE = Pause(since=NOON - timedelta(hours=2), until=NOON + timedelta(days=1), public_reason="your measurements")
SAID = "We have been waiting for you since Fri 8 Mar, 05:00."


def letter(pause: Pause | None = PAUSE, *, closing: bool = False, **known: Any) -> Letter:
    decision = Decision(Kind.SPEAK, Reason.SLIP_HELD, Statement.WARNING, closing=closing)
    return compose(snapshot(decision, gap=gap(pause=pause), **known), House())


@pytest.mark.parametrize("locale", LANGUAGES)
def test_it_is_said_once_and_no_language_has_anything_against_it(locale: str) -> None:
    made, bare = letter(locale=locale), letter(None, locale=locale)
    assert made.findings == bare.findings == ()
    assert made.text.count("your measurements") == 1
    assert "your measurements" in made.html
    # Nothing but this sentence and what is waited for is added.
    added = set(made.text.splitlines()) - set(bare.text.splitlines())
    assert len(added) == 2
    assert locale == "en_GB" or "waiting" not in made.text


def test_since_when_and_until_when_at_most() -> None:
    text = letter().text
    assert SAID in text
    assert "Until you answer, and at most until Sat 9 Mar, 07:00, the time of this promise stands still." in text
    assert "What we wait for: your measurements." in text


def test_without_a_reason_for_customers_it_is_said_without_one_and_blame_is_left_out() -> None:
    quiet = letter(Pause(since=PAUSE.since, until=PAUSE.until))
    assert (SAID in quiet.text, "What we wait for" in quiet.text) == (True, False)
    blaming = letter(Pause(since=PAUSE.since, until=PAUSE.until, public_reason="you failed to send it"))
    assert (SAID in blaming.text, "you failed" in blaming.text, blaming.findings) == (True, False, ())
    assert "public_reason" in [name for name, _ in blaming.left_out]


def test_what_is_over_is_not_said() -> None:
    assert SAID not in letter(now=PAUSE.until).text
    assert SAID not in letter(closing=True).text
    decision = Decision(Kind.SPEAK, Reason.KEPT, Statement.ALL_CLEAR, closing=True)
    ended = gap(None, Standing.KEPT, completed_at=NOON, pause=PAUSE)
    made = compose(
        snapshot(decision, Statement.ALL_CLEAR, gap=ended, low=None, high=None, next_update_by=None), House()
    )
    assert SAID not in made.text
