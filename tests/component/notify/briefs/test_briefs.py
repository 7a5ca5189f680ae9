"""The weekly brief by mail, over a real mail server: once to each recipient, late rather than twice, never too late."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes, policy
from typing import Any

import pytest

from candor.store.unit_of_work import unit_of_work
from notify_svc.briefs.sender import Addressed, BriefSender
from notify_svc.channels.email.smtp import EmailChannel
from notify_svc.delivery import switches
from tests.component.notify.channels.smtp_script import Script, serving
from tests.support.briefs import ADDRESSED, BOARD, BOSS, HEAD, weekly
from tests.support.notify import OPENER, SENDER, Desk


def sender(desk: Desk, addressed: Addressed = ADDRESSED, **server: Any) -> BriefSender:
    channel = EmailChannel(replace(desk.server, **server), SENDER)
    return BriefSender(desk.database, channel, OPENER, desk.clock, addressed, desk.patience)


async def states(desk: Desk) -> list[tuple[str, str, str]]:
    """(brief, state, outcome) of every mail."""
    query = "SELECT brief_id, state, outcome FROM brief_mail ORDER BY brief_id, state, outcome"
    return [tuple(row) for row in await desk.database.pool.fetch(query)]


async def due_now(desk: Desk) -> None:
    await desk.database.pool.execute("UPDATE brief_mail SET next_at = now() WHERE state = 'pending'")


def recipients(desk: Desk) -> list[str]:
    return sorted(one.recipients[0] for one in desk.received())


async def test_each_recipient_gets_it_once_however_often_it_comes(desk_: Desk) -> None:
    await desk_.take(weekly(), weekly("sales"), weekly("success"))
    assert await sender(desk_).once() == 3
    # The same again, said differently: it is known.
    await desk_.take(weekly(text="something else."), weekly("sales"))
    assert await sender(desk_).once() == 0
    assert recipients(desk_) == [BOSS, BOSS, HEAD]
    assert {state for _, state, _ in await states(desk_)} == {"sent"}


async def test_it_reads_as_text_and_as_html_and_its_links_lead_to_the_board(desk_: Desk) -> None:
    await desk_.take(weekly("sales"))
    await sender(desk_, replace(ADDRESSED, recipients={"sales": (HEAD,)})).once()
    [received] = desk_.received()
    mail = message_from_bytes(received.raw, policy=policy.default)
    assert mail["Subject"] == "Weekly brief for sales, 8 March 2013"
    text, html = [part.get_content().replace("\r\n", "\n") for part in mail.iter_parts()]
    assert "- acme <b>waits</b>.\n" in text
    assert f"{BOARD}/board/promises/PR%201" in text
    assert "reply to it" in text
    # What somebody wrote never becomes markup.
    assert "acme &lt;b&gt;waits&lt;/b&gt;." in html
    assert f'<a href="{BOARD}/board/promises/PR%201"' in html
    assert 'name="viewport"' in html
    assert "help@mail.test" in mail["Reply-To"]


async def test_nobody_gets_it_while_there_are_no_recipients_and_a_new_one_within_the_day(desk_: Desk) -> None:
    await desk_.take(weekly())
    assert await sender(desk_, Addressed({}, "")).once() == 0
    desk_.clock.advance(timedelta(hours=23))
    assert await sender(desk_).once() == 1
    assert recipients(desk_) == [BOSS]


@pytest.mark.parametrize("off", [{"sending": False}, {"killed": True}])
async def test_it_waits_while_sending_is_off(desk_: Desk, off: dict[str, bool]) -> None:
    async with unit_of_work(desk_.database) as uow:
        await switches.turn(uow, "kim", **off)
    await desk_.take(weekly())
    assert await sender(desk_).once() == 0
    assert await states(desk_) == [("2013-W10", "pending", "")]
    async with unit_of_work(desk_.database) as uow:
        await switches.turn(uow, "kim", sending=True, killed=False)
    assert await sender(desk_).once() == 1


async def test_after_a_day_it_is_not_sent_any_more_and_its_text_is_gone(desk_: Desk) -> None:
    async with unit_of_work(desk_.database) as uow:
        await switches.turn(uow, "kim", sending=False)
    await desk_.take(weekly())
    await sender(desk_).once()
    desk_.clock.advance(timedelta(days=1, seconds=1))
    async with unit_of_work(desk_.database) as uow:
        await switches.turn(uow, "kim", sending=True)
    assert await sender(desk_).once() == 0
    assert [one[1:] for one in await states(desk_)] == [("suppressed", "too_late")]
    assert await desk_.database.pool.fetchval("SELECT count(*) FROM brief WHERE sections IS NOT NULL") == 0
    # One that comes when its day is over is not begun.
    await desk_.take(weekly("sales"))
    assert await sender(desk_).once() == 0
    assert desk_.received() == []
    assert len(await states(desk_)) == 1


async def test_who_was_taken_out_meanwhile_gets_nothing(desk_: Desk) -> None:
    async with unit_of_work(desk_.database) as uow:
        await switches.turn(uow, "kim", sending=False)
    await desk_.take(weekly("sales"))
    await sender(desk_).once()
    async with unit_of_work(desk_.database) as uow:
        await switches.turn(uow, "kim", sending=True)
    await sender(desk_, replace(ADDRESSED, recipients={"sales": (BOSS,)})).once()
    assert recipients(desk_) == [BOSS]
    assert {one[1:] for one in await states(desk_)} == {("sent", "delivered"), ("suppressed", "not_a_recipient")}


@pytest.mark.parametrize(
    ("step", "answer", "state"),
    [
        ("rcpt", "550 5.1.1 no such user", ("failed", "refused_recipient")),
        ("rcpt", "451 try later", ("pending", "later")),
        ("dot", "554 no", ("failed", "refused")),
        ("dot", "451 try later", ("pending", "later")),
        ("dot", "cut", ("unknown", "outcome_unknown")),
    ],
)
async def test_what_the_mail_server_says_decides(desk_: Desk, step: str, answer: str, state: tuple[str, str]) -> None:
    await desk_.take(weekly())
    script = Script(takes=False)
    setattr(script, step, answer)
    async with serving(script):
        assert await sender(desk_, port=script.port).once() == 1
        assert [one[1:] for one in await states(desk_)] == [state]
    await due_now(desk_)
    # Only what is provably unsent and may yet go out is tried again.
    assert await sender(desk_).once() == (state[0] == "pending")


async def test_of_two_senders_one_sends(desk_: Desk) -> None:
    await desk_.take(*(weekly(f"d{number}") for number in range(9)))
    addressed = Addressed({f"d{number}": (BOSS,) for number in range(9)}, BOARD)
    counts = await asyncio.gather(*(sender(desk_, addressed).once() for _ in range(3)))
    assert sum(counts) == len(desk_.received()) == 9


async def test_without_its_mail_server_it_is_tried_again_and_then_given_up(desk_: Desk) -> None:
    await desk_.take(weekly())
    for _ in range(desk_.patience.attempts):
        await due_now(desk_)
        assert await sender(desk_, port=1).once() == 1
    assert [one[1:] for one in await states(desk_)] == [("failed", "later")]
