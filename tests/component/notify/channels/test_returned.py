"""What Twilio reports later: what did not arrive goes by the next channel, what nobody knew of is settled."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
from fastapi import FastAPI
from starlette.responses import JSONResponse

from candor.ops.secret_files import SecretFile, credential
from candor.store.unit_of_work import unit_of_work
from candor.web.app import create_app
from notify_svc.api.routes import callbacks
from notify_svc.channels import Form
from notify_svc.channels.sms.channel import SmsChannel
from notify_svc.channels.sms.reports import signature
from notify_svc.channels.sms.settings import Account
from notify_svc.delivery import returned
from notify_svc.settings import NotifySettings
from tests.component.notify.channels.test_pager import PAGED, Pager
from tests.support.hooks import Hook
from tests.support.notify import Desk, contact, desk, gap, prepare, promise, staff
from tests.support.servers import Databases
from tests.support.stand_in import slow, standing_in

TOKEN = "twilio-auth-token-20418"
URL = "https://candor.example.com/v1/callbacks/sms"
SID = "SM0000000000000000000000000020418a"
REACHED: dict[str, Any] = {"addresses": {"phone": "+15005550009"}, "channels": ["sms", "email"]}


class Phones:
    """A desk whose customer prefers text messages, the stand-in for Twilio, and a client that reports to us."""

    def __init__(self, desk: Desk, twilio: Hook, client: httpx.AsyncClient) -> None:
        self.desk = desk
        self.twilio = twilio
        self.client = client

    async def told(self) -> str:
        """A warning goes out by text message; the id of its delivery."""
        await self.desk.take(promise(), contact(**REACHED), gap(1))
        await self.desk.later(5)
        assert await self.desk.send() == 1
        found: str = await self.desk.database.pool.fetchval("SELECT delivery_id FROM delivery")
        return found

    async def report(self, delivery_id: str, signed: str | None = None, **fields: str) -> int:
        said = {"MessageSid": SID, **fields}
        proof = signature(TOKEN, f"{URL}/{delivery_id}", said.items()) if signed is None else signed
        headers = {"x-twilio-signature": proof}
        answer = await self.client.post(f"/v1/callbacks/sms/{delivery_id}", data=said, headers=headers)
        return answer.status_code


@pytest_asyncio.fixture(loop_scope="session")
async def phones(databases: Databases, tmp_path: Path) -> AsyncIterator[Phones]:
    (tmp_path / "token").write_text(f"{TOKEN}\n")
    url = await databases.fresh(prepare)
    twilio = Hook(said=lambda: JSONResponse({"sid": SID, "status": "queued"}, 201))
    async with standing_in(twilio):
        token = SecretFile(tmp_path / "token", credential)
        account = Account(twilio.base, "AC00000000000000000000000000000418", token, "+15005550006", 1, URL)
        async with desk(url, tmp_path, channels=[SmsChannel(account, 10)]) as found:
            app: FastAPI = create_app("notify", NotifySettings(), None, [callbacks.router])
            app.state.database, app.state.clock, app.state.reach = found.database, found.clock, found.speaker.reach
            transport = httpx.ASGITransport(app)
            async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
                yield Phones(found, twilio, client)
    await databases.drop(url)


async def states(desk: Desk) -> list[tuple[str, str, str]]:
    rows = await desk.database.pool.fetch("SELECT channel, state, outcome FROM delivery ORDER BY created_at")
    return [tuple(row) for row in rows]


async def test_what_did_not_arrive_goes_by_mail_once_however_often_it_is_reported(phones: Phones) -> None:
    delivery = await phones.told()
    for _ in range(2):
        assert await phones.report(delivery, MessageStatus="undelivered", ErrorCode="30003") == 204
    assert await states(phones.desk) == [("sms", "suppressed", "next_channel")]
    await phones.desk.later(0)
    assert await phones.desk.send() == 1
    assert await phones.report(delivery, MessageStatus="failed", ErrorCode="30003") == 204
    await phones.desk.later(1)
    assert await phones.desk.send() == 0
    assert await states(phones.desk) == [("sms", "suppressed", "next_channel"), ("email", "sent", "delivered")]
    assert len(phones.desk.received()) == 1
    refused = await phones.desk.database.pool.fetchval("SELECT refused_on FROM customer WHERE customer_id = 'c1'")
    assert refused == []


async def test_a_number_that_is_gone_is_not_tried_again(phones: Phones) -> None:
    delivery = await phones.told()
    assert await phones.report(delivery, MessageStatus="failed", ErrorCode="30005") == 204
    refused = await phones.desk.database.pool.fetchval("SELECT refused_on FROM customer WHERE customer_id = 'c1'")
    assert refused == ["sms"]


async def test_an_owner_whose_message_came_back_is_told_by_mail_and_before_the_customer(
    databases: Databases, tmp_path: Path
) -> None:
    url = await databases.fresh(prepare)
    async with desk(url, tmp_path, channels=[Pager(form=Form(subject=False, html=False))]) as found:
        await found.take(staff("anna", **PAGED), promise(owner="anna"), contact(), gap(1))
        await found.later(5)
        assert await found.send() == 1
        delivery = await found.database.pool.fetchval("SELECT delivery_id FROM delivery WHERE channel = 'pager'")
        async with unit_of_work(found.database) as uow:
            reach, now = found.speaker.reach, found.clock.now()
            assert await returned.came_back(uow, reach, delivery, "", now, gone=False)
        # The customer's waits for the owner's, and both are decided again.
        assert {state for _, state, _ in await found.states()} == {"suppressed"}
        await found.later(0)
        assert await found.send() == 1
        assert await found.send() == 1
        told = [mail.recipients for mail in found.received()]
        assert told == [("anna@company.example",), ("pat@customer.example",)]
    await databases.drop(url)


async def test_without_another_channel_a_person_looks(phones: Phones) -> None:
    delivery = await phones.told()
    await phones.desk.take(contact(version=2, email="", addresses=REACHED["addresses"], channels=["sms"]))
    assert await phones.report(delivery, MessageStatus="undelivered", ErrorCode="30003") == 204
    assert await states(phones.desk) == [("sms", "failed", "returned")]
    assert await phones.desk.states() == [("warning", "failed", "returned")]


async def test_what_nobody_knew_of_is_settled_by_a_report(phones: Phones) -> None:
    phones.twilio.faults.append(slow(5))
    delivery = await phones.told()
    assert await states(phones.desk) == [("sms", "unknown", "outcome_unknown")]
    assert await phones.report(delivery, MessageStatus="delivered") == 204
    assert await states(phones.desk) == [("sms", "sent", "delivered")]
    [notice] = await phones.desk.notices()
    assert (notice["state"], notice["provider_id"]) == ("sent", SID)
    await phones.desk.later(30)
    assert phones.desk.received() == []


async def test_a_report_that_is_not_twilios_changes_nothing(phones: Phones) -> None:
    delivery = await phones.told()
    before = await states(phones.desk)
    for signed in ("", "x", signature("another", f"{URL}/{delivery}", [("MessageSid", SID)]), "ü"):
        fields = {"MessageStatus": "undelivered"}
        assert await phones.report(delivery, signed.encode("ascii", "replace").decode(), **fields) == 401
    # Signed for another delivery.
    elsewhere = signature(TOKEN, f"{URL}/other", {"MessageSid": SID, "MessageStatus": "undelivered"}.items())
    assert await phones.report(delivery, elsewhere, MessageStatus="undelivered") == 401
    assert await states(phones.desk) == before
    assert await phones.report("nobody-knows-it", MessageStatus="undelivered") == 204


@pytest.mark.parametrize("raw", [b"a=%ff", b"\xff=1", b"&".join(b"f%d=1" % number for number in range(70))])
async def test_what_is_no_form_is_refused(phones: Phones, raw: bytes) -> None:
    headers = {"content-type": "application/x-www-form-urlencoded", "x-twilio-signature": "x"}
    answer = await phones.client.post("/v1/callbacks/sms/x", content=raw, headers=headers)
    assert answer.status_code in (400, 401)
