"""What is offered about a promise stands in its letters, side by side with what the company offers everybody."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from candor.contracts import Statement
from notify_svc.compose.house import House
from notify_svc.compose.letter import Letter, compose
from notify_svc.domain.facts import Decision, Kind, Reason
from notify_svc.domain.offered import LEAST, MOST, Offered, open_at
from tests.support.clocks import NOON
from tests.unit.notify.compose.test_languages import ALL, ENGLISH, OTHERS
from tests.unit.notify.facts import DUE, minutes, snapshot

WARNING = Decision(Kind.SPEAK, Reason.SLIP_HELD, Statement.WARNING)
LATER = Offered("OF-1:3", "4711", DUE + minutes(90))
SOONER = Offered("OF-1:3", "4712", DUE - minutes(30))
PLAIN = Offered("OF-2:1", "a free month")


def letter(*offered: Offered, locale: str = "en_GB", **known: Any) -> Letter:
    return compose(snapshot(known.pop("decision", WARNING), offered=offered, locale=locale, **known), House())


def test_each_option_has_its_strength_and_weakness_behind_those_of_the_house() -> None:
    made = letter(LATER, SOONER, PLAIN)
    assert made.findings == ()
    assert made.text.partition("What you can do:")[2].partition("Next update")[0].strip().splitlines()[9:] == [
        "- 4711, by Fri 8 Mar, 14:30: reply that you take it.",
        "  In favour: Once you take it, that is what we promise.",
        "  Against: It is later than we promised.",
        "- 4712, by Fri 8 Mar, 12:30: reply that you take it.",
        "  In favour: Once you take it, that is what we promise.",
        "  Against: The date until now does not count any more then.",
        "- a free month: reply that you take it.",
        "  In favour: What we promised stays as it is.",
        "  Against: It comes no earlier by that.",
    ]
    assert made.html.count("<tr") == 7


@pytest.mark.parametrize("language", ALL)
def test_in_every_language_it_passes_the_lint_and_reads_as_its_own(language: str) -> None:
    made = letter(LATER, SOONER, Offered("OF-2:1", "4713"), locale=language)
    assert made.findings == () and all(name in made.text for name in ("4711", "4712", "4713"))
    found = set(ENGLISH.findall(made.text.replace("New York", ""))) - ({"our"} if language == "fr" else set())
    assert language not in OTHERS or not found, found


def test_a_name_that_is_not_fit_is_left_out_alone_and_never_holds_the_letter() -> None:
    made = letter(PLAIN, Offered("OF-3:1", "guaranteed, shortly"))
    assert made.findings == () and "guaranteed" not in made.text and "a free month" in made.text
    assert "offer" in dict(made.left_out)


def test_a_name_is_one_line_and_no_markup() -> None:
    made = letter(Offered("OF-3:1", "<b>one</b>\n- two {{ 7*7 }}"))
    assert "- <b>one</b> - two {{ 7*7 }}: reply" in made.text and "<b>one" not in made.html


def test_what_has_expired_is_not_offered_and_of_many_only_some_are() -> None:
    edge = NOON + LEAST
    gone, last = Offered("OF-1:1", "x", edge - timedelta(seconds=1)), Offered("OF-1:1", "y", edge)
    assert open_at([gone, last, PLAIN], NOON) == (last, PLAIN)
    assert len(open_at([PLAIN] * 9, NOON)) == MOST


def test_a_letter_with_the_most_and_longest_of_them_fits_every_channel_of_whole_letters() -> None:
    long = [Offered("OF-1:1", "W" * 500, DUE + minutes(90))] * MOST
    assert len(letter(*long, locale="fr").text) < 5_000


def test_where_nothing_is_to_be_chosen_nothing_is_offered() -> None:
    clear = Decision(Kind.SPEAK, Reason.RECOVERED, Statement.ALL_CLEAR)
    ranged: dict[str, Any] = {"low": None, "high": None, "next_update_by": None}
    assert "4711" not in letter(LATER, decision=clear, statement=Statement.ALL_CLEAR, **ranged).text
