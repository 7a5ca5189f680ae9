"""Signed links to the customer's page: what is not ours opens nothing, and a message carries one."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from candor.contracts import NoticeState, Statement
from candor.web.security.signing import Signing
from notify_svc.channels import Form
from notify_svc.domain.facts import Reason
from notify_svc.page.links import SALT, Links, linked, without_links
from notify_svc.page.texts import LINK
from notify_svc.store.notices import Notice
from tests.unit.notify.facts import told

SECRET = "0123456789abcdef" * 4
OTHER = "fedcba9876543210" * 4
URL = "https://promises.example.com"
LINKS = Links(SECRET, URL)
ID = "AbCdEfGhIjKlMnOpQrStUv"
TOKEN = LINKS.address(ID).removeprefix(f"{URL}/p/")
LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-"


def mutated(text: str, place: int, letter: str, how: str) -> str:
    place %= len(text)
    if how == "cut":
        return text[:place]
    if how == "insert":
        return text[:place] + letter + text[place:]
    return text[:place] + letter + text[place + 1 :]


@settings(max_examples=10_000, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from(LETTERS), st.sampled_from(("change", "insert", "cut")))
def test_of_10_000_tries_to_forge_a_link_none_opens(place: int, letter: str, how: str) -> None:
    forged = mutated(TOKEN, place, letter, how)
    assert LINKS.read(forged) == (ID if forged == TOKEN else "")


@settings(max_examples=500, deadline=None)
@given(st.text(max_size=400))
def test_any_text_is_read_and_opens_nothing(text: str) -> None:
    assert LINKS.read(text) == ""


@pytest.mark.parametrize(
    "token",
    [
        Links(OTHER, URL).address(ID).rpartition("/")[2],
        Signing(SECRET, "candor-answers").dumps(ID),
        Signing(SECRET, SALT).dumps([ID]),
        Signing(SECRET, SALT).dumps(7),
        "x" * 5000,
        "",
    ],
)
def test_of_another_secret_another_kind_or_another_shape_is_none(token: str) -> None:
    assert LINKS.read(token) == ""


def test_a_link_is_read_with_each_live_secret_and_signed_with_the_first() -> None:
    live = [SECRET]
    links = Links(lambda: tuple(live), URL)
    before = links.address(ID)
    live.insert(0, OTHER)
    assert links.read(before.rpartition("/")[2]) == ID
    assert links.address(ID) != before
    live.remove(SECRET)
    assert links.read(before.rpartition("/")[2]) == ""
    assert links.read(links.address(ID).rpartition("/")[2]) == ID


def notice(**changes: object) -> Notice:
    known = Notice(
        notice_id="n1",
        addressee="c1",
        customer_id="c1",
        promise_id="p1",
        episode=1,
        statement=Statement.WARNING,
        state=NoticeState.PENDING,
        reason=Reason.SLIP_HELD,
        spoken_for=Reason.SLIP_HELD,
        told=told(),
        body="Late.\n\nAll times are UTC.\n",
        html="<html><body>\n<p>Late.</p>\n</body></html>",
    )
    return replace(known, **changes)  # type: ignore[arg-type]


def test_a_message_carries_its_link_in_text_and_html() -> None:
    address = LINKS.address(ID)
    carried = linked(notice(), address, Form())
    assert carried.body == f"Late.\n\nAll times are UTC.\n\n{LINK}: {address}\n"
    assert carried.html.count(f'<a href="{address}">{LINK}</a>') == 1
    assert carried.html.endswith("</p>\n</body></html>")


def test_without_a_page_or_room_a_message_stays_as_it_is() -> None:
    assert linked(notice(), "", Form()) == notice()
    assert linked(notice(), LINKS.address(ID), Form(longest=60)) == notice()
    room = len(linked(notice(), LINKS.address(ID), Form()).body)
    assert linked(notice(), LINKS.address(ID), Form(longest=room)).body != notice().body
    assert linked(notice(html=""), LINKS.address(ID), Form(html=False)).html == ""


def test_what_is_shown_of_a_message_has_no_link() -> None:
    words = "Late.\n\nAll times are UTC."
    assert without_links(linked(notice(), LINKS.address(ID), Form()).body, URL) == words
    other = f"See {URL}.example/p and https://example.com/p/1.\n"
    assert without_links(other, URL) == other.strip()
