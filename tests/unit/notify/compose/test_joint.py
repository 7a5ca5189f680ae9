"""One letter about several promises: a table in the customer's words, then each message, and its end once."""

from __future__ import annotations

from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

import pytest

from candor.contracts import Standing, Statement
from notify_svc.channels import Form
from notify_svc.compose.house import House
from notify_svc.compose.joint import Line, Part, joined, line_of
from notify_svc.compose.letter import LETTER, compose
from notify_svc.compose.words import languages
from notify_svc.domain.facts import CalledOff, Decision, Kind, Move, Reason
from notify_svc.domain.identity import joint_id
from tests.support.clocks import NOON
from tests.unit.notify.facts import DUE, HIGH, LOW, gap, minutes, promise, snapshot

ADDRESS = "https://promises.example.com/p/{}.x"
NONE: dict[str, Any] = {"low": None, "high": None, "next_update_by": None}


def decision(statement: Statement, reason: Reason = Reason.SLIP_HELD, *, closing: bool = False) -> Decision:
    return Decision(Kind.SPEAK, reason, statement, {"gap": "gap-1"}, closing=closing)


def part(statement: Statement, what: str, locale: str = "en_GB", number: int = 0, **changes: Any) -> Part:
    """A message as it was composed, with a link of its own below."""
    said = snapshot(decision(statement), statement, promise=promise(what=what), locale=locale, **changes)
    letter = compose(said, House(company="Example"))
    link = ADDRESS.format(number)
    html = letter.html.replace("</body>", f'<p><a href="{link}">page</a></p>\n</body>')
    return Part(statement=statement, line=line_of(said), text=f"{letter.text}\n{link}\n", html=html)


class Cells(HTMLParser):
    """The cells of the first table, and each heading."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self._tag = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self._tag = tag

    def handle_data(self, data: str) -> None:
        if self._tag in ("th", "td", "h2") and data.strip():
            self.found.append(data.strip())


@pytest.mark.parametrize("language", sorted(languages()))
def test_in_every_language_each_promise_has_its_row_and_its_whole_message(language: str) -> None:
    names = ["4711", "4712", "4713"]
    locale = {"en": "en_GB"}.get(language, language)
    parts = [part(Statement.WARNING, name, locale, int(name)) for name in names]
    subject, text, html = joined(parts, LETTER)
    assert "3" in subject
    for one in parts:
        first = one.text.split("\n\n")[1]
        assert text.count(first) == 1
        assert text.count(f"{one.line.low}") >= 2
        assert text.count(ADDRESS.format(one.line.what)) == html.count(ADDRESS.format(one.line.what)) == 1
    cells = Cells(html).found
    assert [cell for cell in cells if cell in names] == names * 2
    assert cells.count(parts[0].line.due) == 3
    # Who writes, and the zone of the times, once.
    for ending in parts[0].text.strip().split("\n\n")[-3:-1]:
        assert (parts[0].text.count(ending), text.count(ending)) == (1, 1)
        assert html.count(ending.splitlines()[-1]) == 1


def test_bad_news_first() -> None:
    said = [
        part(Statement.ALL_CLEAR, "fine", **NONE),
        part(Statement.WARNING, "late"),
        part(Statement.CANCELLED, "gone", **NONE, gap=gap(None, Standing.CANCELLED)),
    ]
    _, text, _ = joined(said, LETTER)
    assert text.index("1. gone") < text.index("2. late") < text.index("3. fine")
    assert "Now: cancelled" in text
    assert "Now: as promised" in text


def test_what_others_named_stays_text() -> None:
    _, text, html = joined([part(Statement.WARNING, "<b>x</b> {{ 7*7 }}"), part(Statement.WARNING, "b")], LETTER)
    assert "<b>x</b> {{ 7*7 }}" in text
    assert "&lt;b&gt;x&lt;/b&gt; {{ 7*7 }}" in html
    assert "<b>x" not in html


def test_a_message_of_its_own_words_keeps_them_where_the_ends_differ() -> None:
    one, other = part(Statement.WARNING, "a"), part(Statement.WARNING, "b")
    other = replace(other, text=other.text.replace("Example", "Another"))
    _, text, _ = joined([one, other], LETTER)
    assert (text.count("\nExample\n"), text.count("\nAnother\n")) == (1, 1)


def test_without_html_there_is_none() -> None:
    parts = [replace(part(Statement.WARNING, name), html="") for name in ("a", "b")]
    assert joined(parts, Form(html=False))[2] == ""


@pytest.mark.parametrize(
    ("changes", "statement", "reason", "closing", "now"),
    [
        ({"low": LOW, "high": HIGH}, Statement.WARNING, Reason.SLIP_HELD, False, "range"),
        (NONE, Statement.WARNING, Reason.SLIP_HELD, False, "open"),
        (NONE, Statement.ALL_CLEAR, Reason.RECOVERED, False, "as_promised"),
        (NONE, Statement.CANCELLED, Reason.CALLED_OFF, True, "cancelled"),
        (NONE | {"gap": gap(None, Standing.KEPT, completed_at=NOON)}, Statement.ALL_CLEAR, Reason.KEPT, True, "done"),
        (
            {"move": Move("ev-r", NOON, DUE, DUE + minutes(1440), agreed=False)},
            Statement.UPDATE,
            Reason.DATE_MOVED,
            False,
            "moved",
        ),
    ],
)
def test_a_row_says_what_holds_now(
    changes: dict[str, Any], statement: Statement, reason: Reason, closing: bool, now: str
) -> None:
    called = promise(called_off=CalledOff("ev-w", NOON, ours=True))
    said = snapshot(decision(statement, reason, closing=closing), statement, promise=called, **changes)
    line: Line = line_of(said)
    assert (line.now, line.due) == (now, "Fri 8 Mar, 13:00")
    assert bool(line.moved) == (now == "moved")


def test_a_letters_id_is_of_its_notices_in_any_order_and_of_no_others() -> None:
    assert joint_id(["a", "b"]) == joint_id(["b", "a"])
    assert len({joint_id(found) for found in (["a", "b"], ["a", "c"], ["a", "b", "c"], ["ab"])}) == 4
