"""A letter names one wish that is not met yet, in one line and in approved words alone, and never a day gone by."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from candor.contracts import Statement
from notify_svc.compose.house import House
from notify_svc.compose.letter import Letter, compose
from notify_svc.domain.facts import Decision, Kind, Reason
from notify_svc.domain.wished import Wished
from tests.support.clocks import NOON
from tests.unit.notify.compose.test_languages import ALL, ENGLISH, OTHERS
from tests.unit.notify.facts import snapshot

WARNING = Decision(Kind.SPEAK, Reason.SLIP_HELD, Statement.WARNING)
TODAY = NOON.date()
WISH = Wished("WI-1:2", "4711 <b>", "4712.", date(2013, 4, 7))


def letter(wish: Wished | None = WISH, locale: str = "en_GB", **known: Any) -> Letter:
    return compose(snapshot(WARNING, wished=wish, locale=locale, **known), House())


def test_it_is_one_line_with_the_workaround_and_the_day() -> None:
    made = letter()
    line = "You wished for: 4711 <b>. What you can do until then: 4712. We look at it again on Sun 7 Apr."
    assert line in made.text.splitlines() and made.findings == ()
    assert "4711 &lt;b&gt;. What you can do" in made.html and "<b>." not in made.html
    without = letter(WISH._replace(workaround="")).text.splitlines()
    assert "You wished for: 4711 <b>. We look at it again on Sun 7 Apr." in without
    assert "wished" not in letter(None).text


@pytest.mark.parametrize("language", ALL)
def test_in_every_language_it_passes_the_lint_and_reads_as_its_own(language: str) -> None:
    made, plain = letter(WISH._replace(what="4711"), language), letter(None, language)
    assert made.findings == () and all(name in made.text for name in ("4711", "4712"))
    added = "\n".join({*made.text.splitlines()} - {*plain.text.splitlines()})
    assert language not in OTHERS or not ENGLISH.findall(added), added


@pytest.mark.parametrize(
    ("wish", "named", "left_out"),
    [
        (WISH._replace(what="a guaranteed Saturday"), "", "wish"),
        (WISH._replace(workaround="shortly, on a Friday"), "4711", "workaround"),
    ],
)
def test_words_that_are_not_fit_are_left_out_alone_and_never_hold_the_letter(
    wish: Wished, named: str, left_out: str
) -> None:
    made = letter(wish)
    assert made.findings == () and left_out in dict(made.left_out)
    assert ("You wished for: " + named in made.text) is bool(named)
    assert "guaranteed" not in made.text and "shortly" not in made.text


@given(st.integers(min_value=-400, max_value=400))
def test_no_letter_names_a_day_that_is_over(days: int) -> None:
    made = letter(WISH._replace(look_again_on=TODAY + timedelta(days=days)))
    assert ("You wished for" in made.text) is (days >= 0)
    assert made.findings == ()
