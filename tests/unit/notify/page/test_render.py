"""The page as HTML: read in order, nothing that could run, nothing of others taken for markup."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

import pytest

from candor.contracts import NoticeState, Pause, Statement
from notify_svc.compose.localize import Localizer
from notify_svc.domain.facts import Announcement, DateGiven, Reason
from notify_svc.domain.history import NoticeEntry
from notify_svc.page import texts
from notify_svc.page.render import content
from notify_svc.page.view import State, View
from notify_svc.store.page_links import Said
from tests.support.clocks import NOON
from tests.unit.notify.facts import DUE, HIGH, LOW, NEW_YORK, minutes

CIVIL = Localizer(NEW_YORK, "en_GB", NOON)
URL = "https://promises.example.com"


class _Words(HTMLParser):
    """Reads a page as a text browser does: words in their order, a line a block."""

    def __init__(self) -> None:
        super().__init__()
        self.lines = [""]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in {"p", "strong", "h2", "h3", "ul", "li", "div", "details", "summary", "br"}, tag
        assert {name for name, _ in attrs} <= {"class", "open"}
        if tag != "strong":
            self.lines.append("")

    def handle_data(self, data: str) -> None:
        # Ends of lines in the source are blanks: what shows them by style alone is not read so.
        self.lines[-1] += re.sub(r"\s+", " ", data)


def words(html: str) -> list[str]:
    reader = _Words()
    reader.feed(html)
    return [line.strip() for line in reader.lines if line.strip()]


def shown(**changes: Any) -> View:
    known = View(what="Espresso machine", first_due=DUE, due=DUE, dates=(), state=State.RANGE, low=LOW, high=HIGH)
    return replace(known, **changes)


def message(body: str = "We are late.", state: NoticeState = NoticeState.SENT, subject: str = "Late") -> Said:
    told = Announcement(Statement.WARNING, NOON, LOW, HIGH, DUE)
    return Said(NoticeEntry("n1", 1, Statement.WARNING, state, Reason.SLIP_HELD, False, told), NOON, subject, body)


def read(view: View, *said: Said, count: int | None = None) -> list[str]:
    return words(content(view, said, len(said) if count is None else count, CIVIL, URL))


def test_the_page_reads_in_order_without_style() -> None:
    moved = (
        DateGiven(NOON, DUE + minutes(60), True, "you asked for it."),
        DateGiven(NOON + minutes(5), DUE + minutes(120), False),
    )
    view = shown(due=DUE + minutes(60), dates=moved, said_at=NOON, next_by=DUE)
    assert read(view, message()) == [
        "We promised: by Fri 8 Mar, 14:00.",
        "What changed",
        "We promised at first: by Fri 8 Mar, 13:00.",
        "On Fri 8 Mar, 07:00 it became: by Fri 8 Mar, 14:00. Reason given: you asked for it.",
        "On Fri 8 Mar, 07:05 we named another time: by Fri 8 Mar, 15:00. You have not agreed to it, "
        "so what we promised stays.",
        "Now",
        "Not done yet. We expect it between Fri 8 Mar, 13:40 and 14:20.",
        "We said so on Fri 8 Mar, 07:00.",
        "You hear from us by Fri 8 Mar, 13:00, sooner if this changes.",
        "What we said to you, and when",
        "Fri 8 Mar, 07:00: Late",
        "We are late.",
        "All times are New York time (UTC-05:00).",
    ]


def test_what_is_missing_is_said_plainly() -> None:
    found = read(shown(missed=True, next_by=DUE), message("", NoticeState.UNKNOWN, ""), count=23)
    assert texts.UNCHANGED in found and texts.UNSURE in found and texts.GONE in found
    assert "22 older messages are not shown." in found
    assert any(
        line.startswith("We said that you hear from us by Fri 8 Mar, 13:00. That time has passed") for line in found
    )
    assert texts.SAID_NONE in read(shown())


def test_messages_are_folded_except_one_that_may_not_have_come() -> None:
    sent, unsure = message("We are late."), message("We are later.", NoticeState.UNKNOWN)
    html = content(shown(), [unsure, sent], 2, CIVIL, URL)
    first, second = html.split("<details")[1:]
    assert first.startswith(" open><summary><h3>") and "We are later." in first and texts.UNSURE in first
    assert second.startswith("><summary><h3>") and "We are late." in second
    assert html.count("</details>") == 2 and html.index("</details>") > html.index("We are later.")


@pytest.mark.parametrize("state", State)
def test_every_state_has_its_words(state: State) -> None:
    ranged = state is State.RANGE
    found = read(shown(state=state, low=LOW if ranged else None, high=HIGH if ranged else None))
    place = found.index("Now") + 1
    assert found[place].endswith(".")
    assert "%(" not in "".join(found)


def test_nothing_that_others_wrote_becomes_markup() -> None:
    bad = '<script>alert(1)</script><img src=x onerror="x">%(low)s 100 %'
    said = message(f"{bad}\nsecond line", subject=bad)
    view = shown(state=State.WITHDRAWN, low=None, high=None, reason=bad, dates=(DateGiven(NOON, DUE, False, bad),))
    html = content(view, [said], 1, CIVIL, URL)
    assert "<script" not in html and "<img" not in html
    assert [bad, "second line"] == words(html)[-3:-1]


def test_since_when_we_wait_for_them_and_until_when_the_time_stands_still() -> None:
    pause = Pause(since=NOON - minutes(90), until=NOON + minutes(3 * 1440), public_reason="which <day> suits you.")
    page = read(shown(pause=pause))
    at = page.index(
        "We have been waiting for you since Fri 8 Mar, 05:30. Until you answer, and at most until Mon 11 Mar, 08:00, "
        "the time of this promise stands still."
    )
    assert page[at + 1] == "What we wait for: which <day> suits you."
    assert "What we wait for" not in " ".join(read(shown(pause=Pause(since=pause.since, until=pause.until))))
