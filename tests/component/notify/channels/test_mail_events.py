"""What a mail provider reports by webhook: acted on once, as what comes back into a mailbox is; forged, not at all."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
from fastapi import FastAPI

from candor.ops.metrics import REGISTRY
from candor.web.app import create_app
from notify_svc.api.routes import callbacks
from notify_svc.channels.email.events import Provider
from notify_svc.channels.email.smtp import EmailChannel
from notify_svc.settings import NotifySettings
from tests.component.notify.channels.test_mailbox import BOTH
from tests.component.notify.channels.test_pager import Pager
from tests.support.notify import Desk, contact, desk, gap, prepare, promise
from tests.support.servers import Databases
from tests.unit.notify.channels.test_mail_events import Request, bounced, events, sendgrid


@dataclass
class Post:
    """A desk whose customer is reached by mail, else by pager, and a client that reports as SendGrid does."""

    desk: Desk
    pager: Pager
    client: httpx.AsyncClient

    async def told(self) -> str:
        """A warning goes out by mail; its Message-ID."""
        await self.desk.take(promise(), contact(**BOTH), gap(1))
        await self.desk.later(5)
        assert await self.desk.send() == 1
        return f"<{(await self.desk.notices())[0]['notice_id']}@mail.test>"

    async def report(self, *said: dict[str, Any], request: Request | None = None) -> tuple[int, dict[str, Any]]:
        headers, raw = request or sendgrid(*said, at=datetime.now(UTC))
        sent = {**headers, "content-type": "application/json"}
        answer = await self.client.post("/v1/callbacks/mail", content=raw, headers=sent)
        return answer.status_code, answer.json()

    async def states(self) -> list[tuple[str, str, str]]:
        rows = await self.desk.notices()
        return [(row["channel"], row["delivery_state"], row["outcome"]) for row in rows]

    async def customer(self) -> tuple[list[str], bool]:
        [row] = await self.desk.database.pool.fetch("SELECT refused_on, stopped_at FROM customer")
        return list(row["refused_on"]), row["stopped_at"] is not None


@pytest_asyncio.fixture(loop_scope="session")
async def post(databases: Databases, tmp_path: Path) -> AsyncIterator[Post]:
    url, pager = await databases.fresh(prepare), Pager()
    async with desk(url, tmp_path, channels=[pager]) as made:
        channel = made.speaker.reach.channels["email"]
        assert isinstance(channel, EmailChannel)
        channel.events = events(tmp_path, Provider.SENDGRID)
        app: FastAPI = create_app("notify", NotifySettings(), None, [callbacks.router])
        app.state.database, app.state.clock, app.state.reach = made.database, made.clock, made.speaker.reach
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            yield Post(made, pager, client)
    await databases.drop(url)


async def test_an_address_that_is_gone_is_told_of_once_by_the_next_channel(post: Post) -> None:
    event = bounced(**{"smtp-id": await post.told()})
    for _ in range(2):
        assert await post.report(event) == (200, {"taken": 1, "passed_over": 0})
    assert await post.states() == [("email", "suppressed", "next_channel")]
    assert await post.customer() == (["email"], False)
    await post.desk.later(0)
    assert await post.desk.send() == 1 and len(post.pager.pages) == 1
    assert (await post.report(event))[0] == 200
    await post.desk.later(1)
    assert await post.desk.send() == 0 and len(post.pager.pages) == 1
    assert await post.desk.database.pool.fetchval("SELECT count(*) FROM mail_report") == 1


@pytest.mark.parametrize(("event", "status"), [("deferred", "4.4.1"), ("bounce", "5.2.2")])
async def test_what_ends_by_itself_is_shown_and_changes_nothing(post: Post, event: str, status: str) -> None:
    said = bounced(event, status, **{"smtp-id": await post.told()})
    assert (await post.report(said))[1]["taken"] == 1
    assert (await post.states(), await post.customer()) == ([("email", "sent", "delivered")], ([], False))


async def test_who_complains_gets_nothing_more(post: Post) -> None:
    said = bounced("spamreport", **{"smtp-id": await post.told()})
    assert (await post.report(said))[1]["taken"] == 1
    assert await post.customer() == ([], True)
    await post.desk.later(600, gap(2, None))
    assert await post.desk.send() == 0
    assert (await post.desk.notices())[-1]["reason"] == "unsubscribed"


async def test_what_is_of_no_message_of_ours_is_counted_and_does_nothing(post: Post) -> None:
    name = await post.told()
    before, labels = await post.states(), {"reason": "not_ours"}
    counted = REGISTRY.get_sample_value("candor_mail_reports_total", labels) or 0.0
    others = [
        bounced(**{"smtp-id": "<11111111-2222-5333-8444-555555555555@mail.test>"}),
        bounced(**{"smtp-id": name, "email": "somebody@else.example"}),
        bounced("open", **{"smtp-id": name}),
    ]
    assert await post.report(*others) == (200, {"taken": 0, "passed_over": 3})
    assert (await post.states(), await post.customer()) == (before, ([], False))
    assert REGISTRY.get_sample_value("candor_mail_reports_total", labels) == counted + 3


async def test_what_is_forged_changed_or_not_set_up_is_answered_alike(post: Post) -> None:
    headers, raw = sendgrid(bounced(**{"smtp-id": await post.told()}), at=datetime.now(UTC))
    changed = raw.replace(b"5.1.1", b"5.1.2")
    answers = [await post.report(request=one) for one in ((headers, changed), ({}, raw))]
    channel = post.desk.speaker.reach.channels["email"]
    assert isinstance(channel, EmailChannel)
    channel.events = None
    answers.append(await post.report(request=(headers, raw)))
    assert {(status, body["code"]) for status, body in answers} == {(401, "bad_signature")}
    assert await post.customer() == ([], False)
