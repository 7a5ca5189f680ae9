"""The letter that asks: whole in every language, its questions word for word, short where there is little room."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

import pytest

from notify_svc.channels import Channel, Form
from notify_svc.compose.asking import Asking, asking
from notify_svc.compose.contact import Contact
from notify_svc.compose.house import House
from notify_svc.compose.reach import Route
from notify_svc.compose.signer import Signer
from notify_svc.compose.words import language_of
from notify_svc.domain.lint import lint_own
from tests.support.clocks import NOON
from tests.unit.notify.compose.test_languages import ALL, ENGLISH
from tests.unit.notify.facts import promise

QUESTIONS = ("4711 <b>?", "4712")


@dataclass(frozen=True)
class _Channel:
    form: Form


def made(locale: str = "en_GB", form: Form | None = None, *, linked: bool = True, what: str = "4713") -> Asking:
    contact = Contact(language=locale.replace("_", "-"), zone="America/New_York")
    route = Route(cast("Channel", _Channel(form or Form())), contact, "a", "r")
    about: Any = promise(what=what)
    return asking(about, QUESTIONS, route, House(), Signer("4714"), NOON, linked=linked)


@pytest.mark.parametrize("locale", ALL)
@pytest.mark.parametrize("linked", [True, False])
def test_in_every_language_it_is_whole_honest_and_its_own(locale: str, linked: bool) -> None:
    letter, language = made(locale, linked=linked), language_of(locale)
    assert letter.language == language
    for part in (letter.subject, letter.text):
        assert not lint_own(part, language), part
        if language != "en":
            found = set(ENGLISH.findall(part.replace("New York", ""))) - ({"our"} if language == "fr" else set())
            assert not found, found
    assert "4713" in letter.subject and all(one in letter.text for one in ("4711 <b>?", "4712", "4713", "4714"))
    assert "4711 &lt;b&gt;?" in letter.html and "<b>?" not in letter.html


def test_it_reads_so() -> None:
    text = made(what="Espresso machine").text
    assert (
        text
        == """Hello,

To do this as you need it, we need an answer from you: Espresso machine.

We promised: by Fri 8 Mar, 13:00.

What we still need to know from you:
- 4711 <b>?
- 4712

Please answer on the page behind the link below.

4714 looks after this for you: reply to this message.

All times are New York time (UTC-05:00).
"""
    )


def test_where_there_is_little_room_it_asks_for_an_answer_and_what_has_none_is_an_error() -> None:
    short = made(form=Form(subject=False, html=False, longest=160))
    assert short.html == "" and len(short.text) <= 160 and "4711" not in short.text and "4713" in short.text
    with pytest.raises(ValueError, match="longer"):
        made(form=Form(longest=160), what="x" * 160)
