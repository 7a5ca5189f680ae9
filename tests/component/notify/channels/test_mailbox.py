"""Mails that come back into a real mailbox: what did not arrive goes another way, a forged one does nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from candor.ops.metrics import REGISTRY
from candor.ops.secret_files import SecretFile, credential
from candor.ops.trust import authorities
from candor.web.app import create_app
from notify_svc import wiring
from notify_svc.channels.email import imap, reports
from notify_svc.channels.email.imap import Found, Inbox, Place
from notify_svc.channels.email.settings import EmailSettings
from notify_svc.channels.email.smtp import EmailChannel
from notify_svc.compose.reach import Reach
from notify_svc.delivery import mailbox
from notify_svc.delivery.mailbox import Mailbox
from notify_svc.doctor import opened
from notify_svc.domain.facts import Rules
from notify_svc.settings import NotifySettings
from tests.component.notify.channels.test_pager import Pager
from tests.support.bounces import OUT_OF_OFFICE, reply, report
from tests.support.certificates import Authority
from tests.support.dovecot import PASSWORD, USER, Dovecot, dovecot
from tests.support.notify import OPENER, SENDER, Desk, contact, desk, gap, prepare, promise
from tests.support.servers import Databases
from tests.support.waiting import until

BOTH: dict[str, Any] = {"addresses": {"pager": "5501"}, "channels": ["email", "pager"]}


@dataclass
class Post:
    """A desk whose customer is reached by mail, else by pager, and the mailbox that mails come back to."""

    desk: Desk
    dovecot: Dovecot
    inbox: Inbox
    pager: Pager

    @property
    def mailbox(self) -> Mailbox:
        return Mailbox(self.desk.database, self.inbox, self.desk.speaker.reach, self.desk.clock)

    async def told(self) -> str:
        """A warning goes out by mail; its notice's id."""
        await self.desk.take(promise(), contact(**BOTH), gap(1))
        await self.desk.later(5)
        assert await self.desk.send() == 1
        return str((await self.desk.notices())[0]["notice_id"])

    async def back(self, *mails: bytes) -> None:
        """Mails come back and are read."""
        for raw in mails:
            self.dovecot.put(raw)
        while await self.mailbox.read():
            pass

    async def states(self) -> list[tuple[str, str, str]]:
        rows = await self.desk.notices()
        return [(row["channel"], row["delivery_state"], row["outcome"]) for row in rows]

    async def refused(self) -> list[str]:
        found: list[str] = await self.desk.database.pool.fetchval("SELECT refused_on FROM customer")
        return found

    async def said(self) -> list[tuple[str, str]]:
        rows = await self.desk.database.pool.fetch("SELECT said, code FROM mail_report ORDER BY created_at")
        return [tuple(row) for row in rows]


@pytest_asyncio.fixture(loop_scope="session")
async def post(databases: Databases, tmp_path: Path) -> AsyncIterator[Post]:
    authority = Authority(tmp_path)
    (tmp_path / "password").write_text(f"{PASSWORD}\n")
    pager = Pager()
    url = await databases.fresh(prepare)
    async with (
        dovecot(authority.sign("imap")) as server,
        desk(url, tmp_path, rules=Rules(joint_most=5), channels=[pager]) as made,
    ):
        settings = EmailSettings(
            mail_sender="promises@mail.test",
            imap_host="127.0.0.1",
            imap_port=server.port,
            imap_username=USER,
            imap_password_file=tmp_path / "password",
            imap_ca_file=authority.file,
        )
        inbox = settings.inbox()
        assert inbox is not None
        yield Post(made, server, inbox, pager)
    await databases.drop(url)


async def test_an_address_that_is_gone_is_not_tried_again_and_the_next_channel_tells(post: Post) -> None:
    name = await post.told()
    await post.back(report(name, "5.1.1"), report(name, "5.1.1"))
    assert await post.states() == [("email", "suppressed", "next_channel")]
    assert await post.refused() == ["email"]
    await post.desk.later(0)
    assert await post.desk.send() == 1
    assert len(post.pager.pages) == 1
    await post.back(report(name, "5.1.1"))
    await post.desk.later(0)
    assert await post.desk.send() == 0
    # Mails of the same words are one piece of news.
    assert await post.said() == [("gone", "5.1.1")]


async def test_what_is_returned_for_another_reason_goes_another_way_and_the_address_stays(post: Post) -> None:
    await post.back(report(await post.told(), "5.7.1"))
    assert await post.states() == [("email", "suppressed", "next_channel")]
    assert await post.refused() == []


@pytest.mark.parametrize(("status", "action"), [("5.2.2", "failed"), ("4.4.1", "delayed")])
async def test_a_full_mailbox_or_a_delay_is_shown_and_changes_nothing(post: Post, status: str, action: str) -> None:
    await post.back(report(await post.told(), status, action))
    assert await post.states() == [("email", "sent", "delivered")]
    assert await post.refused() == []
    assert [code for _, code in await post.said()] == [status]


async def test_an_out_of_office_is_recorded_and_never_answered(post: Post) -> None:
    name = await post.told()
    await post.back(reply(name, OUT_OF_OFFICE))
    await post.desk.later(0)
    assert await post.desk.send() == 0
    assert await post.said() == [("auto_reply", "")]
    assert len(post.desk.received()) == 1


async def test_a_persons_reply_shows_that_a_message_of_unknown_fate_arrived(post: Post) -> None:
    name = await post.told()
    await post.desk.database.pool.execute("UPDATE delivery SET state = 'unknown', unknown_since = now()")
    await post.desk.database.pool.execute("UPDATE notice SET state = 'unknown'")
    await post.back(reply(name))
    assert await post.states() == [("email", "sent", "delivered")]
    assert await post.said() == [("reply", "")]


@pytest.mark.parametrize(
    "forged",
    [
        {"name": "11111111-2222-5333-8444-555555555555"},
        {"address": "somebody@else.example"},
        {"domain": "mail.test.attacker.example"},
    ],
)
async def test_a_forged_report_does_nothing(post: Post, forged: dict[str, str]) -> None:
    name = await post.told()
    before = await post.states()
    await post.back(report(**{"name": name, **forged}))
    assert (await post.states(), await post.said(), await post.refused()) == (before, [], [])


async def test_a_joint_letter_that_came_back_is_told_anew_for_each_promise(post: Post) -> None:
    await post.desk.take(contact(**BOTH))
    events = [(promise(name, what=f"Flight {name}"), gap(1, name=name)) for name in ("p1", "p2")]
    await post.desk.take(*(one for pair in events for one in pair))
    await post.desk.later(5)
    assert await post.desk.send() == 1
    [letter] = {row["joint"] for row in await post.desk.notices()}
    await post.back(report(letter, "5.1.1"))
    assert await post.states() == [("email", "suppressed", "next_channel")] * 2
    await post.desk.later(0)
    while await post.desk.send():
        pass
    assert len(post.pager.pages) == 2


async def test_an_unreadable_mail_is_counted_and_passed_over(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    name = await post.told()

    def failing(raw: bytes, domain: str) -> object:
        if b"poison" in raw:
            raise LookupError("a charset that nobody knows")
        return reports.read(raw, domain)

    monkeypatch.setattr(mailbox, "read", failing)
    before = REGISTRY.get_sample_value("candor_mail_reports_total", {"reason": "unreadable"}) or 0
    await post.back(b"Subject: poison\r\n\r\n", b"\xff\x00 not a mail", report(name, "5.1.1"))
    assert REGISTRY.get_sample_value("candor_mail_reports_total", {"reason": "unreadable"}) == before + 1
    assert await post.refused() == ["email"]


async def test_a_turn_reads_a_few_of_many_and_goes_on_where_it_ended(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imap, "WINDOW", 7)
    for number in range(20):
        post.dovecot.put(f"Subject: {number}\r\n\r\n".encode())
    turns, place = list[Found](), Place()
    while not turns or turns[-1].more:
        turns.append(await asyncio.to_thread(post.inbox.after, place))
        place = turns[-1].place
    assert [len(turn.mails) for turn in turns] == [7, 7, 6]
    assert (place.uid, (await asyncio.to_thread(post.inbox.after, place)).mails) == (20, [])
    # A mailbox made anew has other UIDs.
    post.dovecot.empty()
    post.dovecot.put(b"Subject: new\r\n\r\n")
    [(uid, raw)] = (await asyncio.to_thread(post.inbox.after, place)).mails
    assert (uid, raw.startswith(b"Subject: new")) == (1, True)


async def test_of_a_huge_mail_only_the_beginning_is_read(post: Post) -> None:
    name = await post.told()
    await post.back(report(name, "5.1.1").replace(b"Subject: Probably late", b"X: y\r\n\r\n" + b"z" * 2_000_000))
    assert await post.refused() == ["email"]
    found = await asyncio.to_thread(post.inbox.after, Place())
    assert len(found.mails[0][1]) == imap.LARGEST


async def test_what_cannot_be_read_is_said_and_tried_again(post: Post, tmp_path: Path) -> None:
    (tmp_path / "wrong").write_text("not-the-password-1\n")
    wrong = replace(post.inbox, password=SecretFile(tmp_path / "wrong", credential))
    refused = Mailbox(post.desk.database, wrong, post.desk.speaker.reach, post.desk.clock)
    assert await refused.round() == mailbox.AGAIN_SECONDS
    with pytest.raises(ConnectionError, match="mailbox of bounces"):
        await refused.check()
    there = post.mailbox
    assert await there.round() == mailbox.EVERY_SECONDS
    await there.check()


async def test_another_authoritys_certificate_is_not_believed(post: Post, tmp_path: Path) -> None:
    stranger = Authority(tmp_path, "stranger")
    context = EmailSettings(
        imap_host="127.0.0.1",
        imap_username=USER,
        imap_password_file=tmp_path / "password",
        imap_ca_file=stranger.file,
    ).inbox()
    assert context is not None
    doubting = replace(context, port=post.dovecot.port)
    assert await Mailbox(post.desk.database, doubting, post.desk.speaker.reach, post.desk.clock).round() == 60


@pytest.mark.parametrize("left_out", ["imap_username", "imap_password_file"])
def test_a_mailbox_that_nobody_could_open_ends_the_start_in_words(tmp_path: Path, left_out: str) -> None:
    (tmp_path / "password").write_text(f"{PASSWORD}\n")
    given: dict[str, Any] = {"imap_username": USER, "imap_password_file": tmp_path / "password"}
    del given[left_out]
    with pytest.raises(ValueError, match="IMAP_HOST needs IMAP_USERNAME and IMAP_PASSWORD_FILE"):
        EmailSettings(imap_host="imap.example.com", **given).inbox()
    assert EmailSettings(**given).inbox() is None


async def test_a_process_with_a_mailbox_reads_it_and_is_ready_without(post: Post) -> None:
    app = create_app("notify", NotifySettings(), None, [])
    email = EmailChannel(post.desk.server, SENDER, post.inbox)
    reach = Reach(OPENER, {"email": email})
    [reading] = wiring._mailbox(app, post.desk.database, reach, post.desk.clock)
    name = await post.told()
    post.dovecot.put(report(name, "5.1.1"))
    task = asyncio.create_task(reading.run())

    async def heard() -> bool:
        return await post.refused() == ["email"]

    await until(heard)
    await reading.stop()
    await task
    assert wiring._mailbox(app, post.desk.database, post.desk.speaker.reach, post.desk.clock) == []


async def test_the_doctor_says_whether_the_mailbox_opens_and_what_mends_it(post: Post, tmp_path: Path) -> None:
    found = await opened(post.inbox)
    assert (found.name, found.ok, found.detail) == ("mailbox", True, f"{post.inbox.name} can be read")
    (tmp_path / "wrong").write_text("not-the-password-1\n")
    for wrong, name, mend in (
        ({"password": SecretFile(tmp_path / "wrong", credential)}, "mailbox", "IMAP_PASSWORD_FILE"),
        ({"folder": "Nowhere"}, "mailbox", "IMAP_FOLDER"),
        ({"port": 1}, "mailbox", "IMAP_PORT"),
        ({"context": authorities()}, "mailbox TLS", "IMAP_CA_FILE"),
    ):
        found = await opened(replace(post.inbox, **wrong))
        assert (found.name, found.ok) == (name, False)
        assert mend in found.mend
        assert "not-the-password" not in found.detail
