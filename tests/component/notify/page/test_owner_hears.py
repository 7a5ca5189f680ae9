"""The owner of a promise hears by mail what its customer answered, once, and nothing of a customer who was erased."""

from __future__ import annotations

import pytest

from notify_svc.briefs.sender import Addressed, BriefSender
from tests.support.customer_page import Customers
from tests.support.notify import OPENER, erased, event, removed, staff

BOARD = "https://candor.example.com"


def sender(site: Customers, board: str = BOARD) -> BriefSender:
    desk = site.desk
    channel = desk.speaker.reach.channels["email"]
    return BriefSender(desk.database, channel, OPENER, desk.clock, Addressed({}, board), desk.patience)


async def warned(site: Customers) -> str:
    """A customer was warned of a promise whose owner is Anna."""
    await site.desk.warned(staff(), owner="anna")
    while await site.desk.send():
        await site.desk.later(1)
    await site.fresh()
    return site.link()


def mails(site: Customers) -> list[tuple[str, str]]:
    """Recipient and text of what Anna got beside her heads-up."""
    texts = zip(site.desk.received(), site.letters(), strict=True)
    return [(mail.recipients[0], text) for mail, text in texts if "does not see it" in text]


async def test_the_owner_hears_what_was_answered_and_where_the_promise_is_once(site: Customers) -> None:
    path = await warned(site)
    await site.send(path, about="readback", choice="wrong", words="two machines")
    for _ in range(3):
        await sender(site).once()
    [(recipient, text)] = mails(site)
    assert recipient == "anna@company.example"
    for words in ("c1 answered whether we understood", "What we understood is wrong.", "two machines"):
        assert words in text
    assert f"{BOARD}/board/promises/p1" in text and "/p/" not in text.replace("/board/promises/", "")
    assert site.desk.received()[-1].parsed()["subject"] == "Your customer answered whether we understood"


@pytest.mark.parametrize("how", ["erased", "removed"])
async def test_of_an_erased_customer_and_to_an_owner_without_address_nothing_goes(site: Customers, how: str) -> None:
    path = await warned(site)
    await site.send(path, about="question", words="my name is Pat")
    await site.desk.take(erased() if how == "erased" else event(removed("staff/anna").data, 2))
    await sender(site).once()
    assert mails(site) == []
    outcomes = await site.desk.database.pool.fetch("SELECT state, outcome FROM brief_mail")
    assert [tuple(row) for row in outcomes] == ([("suppressed", "erased")] if how == "erased" else [])


async def test_without_a_board_there_is_no_link_and_without_an_owner_no_mail(site: Customers) -> None:
    path = await warned(site)
    await site.send(path, about="question", words="when?")
    await sender(site, "").once()
    [(_, text)] = mails(site)
    assert "asked a question" in text and "The promise:" not in text


async def test_nobody_hears_of_a_promise_without_an_owner(site: Customers) -> None:
    path = await site.warned()
    await site.send(path, about="question", words="when?")
    assert await site.desk.database.pool.fetchval("SELECT count(*) FROM brief") == 0
