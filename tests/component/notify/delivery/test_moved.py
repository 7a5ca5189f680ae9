"""A contact that changes while a message is on its way: a no of the old address says nothing of the new one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest

from candor.contracts import Message as Event
from notify_svc.channels import Begin, Message, Outcome
from notify_svc.channels.email.smtp import EmailChannel
from notify_svc.compose.reach import Reach
from notify_svc.delivery.postman import Patience, Postman
from notify_svc.delivery.reconcile import Reconciler
from tests.component.notify.channels.smtp_script import Script, serving
from tests.support.notify import OPENER, SENDER, Desk, contact, removed, staff

SAM: dict[str, Any] = {"version": 2, "email": "sam@customer.example"}


class Overtaken(EmailChannel):
    """The real channel; `before` happens ahead of the last look, `after` once the server has answered."""

    before: Callable[[], Awaitable[Any]] | None = None
    after: Callable[[], Awaitable[Any]] | None = None

    async def send(self, message: Message, begin: Begin) -> Outcome:
        async def overtaken() -> bool:
            if self.before:
                await self.before()
            return await begin()

        outcome = await super().send(message, overtaken)
        if self.after:
            await self.after()
        return outcome


async def attempt(desk: Desk, channel: EmailChannel) -> None:
    postman = Postman(desk.database, Reach(OPENER, {"email": channel}), desk.clock, desk.rules, desk.patience)
    await Reconciler(postman).once()


async def refused(desk: Desk, answer: str, *meanwhile: Event) -> None:
    """An attempt that the server refuses, while events about the contact are read."""
    script = Script(rcpt=answer)
    async with serving(script):
        channel = Overtaken(replace(desk.server, port=script.port), SENDER)
        channel.after = lambda: desk.take(*meanwhile)
        await attempt(desk, channel)


async def refused_on(desk: Desk, who: str = "c1") -> list[str]:
    found: list[str] = await desk.database.pool.fetchval("SELECT refused_on FROM customer WHERE customer_id = $1", who)
    return found


NO_USER, FULL = "550 5.1.1 no such user", "552 5.2.2 full"


@pytest.mark.parametrize("answer", [NO_USER, FULL])
async def test_a_refusal_of_the_old_address_leaves_the_new_one_to_be_tried(desk_: Desk, answer: str) -> None:
    await desk_.warned()
    await refused(desk_, answer, contact(**SAM))
    assert await refused_on(desk_) == []
    assert await desk_.states() == [("warning", "pending", "try_later")]
    await desk_.retry_now()
    assert await desk_.send() == 1
    [mail] = desk_.received()
    assert mail.recipients == ("sam@customer.example",)


async def test_a_refusal_counts_where_the_contact_changed_and_its_address_did_not(desk_: Desk) -> None:
    await desk_.warned()
    await refused(desk_, NO_USER, contact(version=2, name="Patricia"))
    assert await refused_on(desk_) == ["email"]
    assert (await desk_.states())[0] == ("warning", "failed", "refused")


async def test_the_last_of_all_tries_does_not_give_up_a_new_address(desk_: Desk) -> None:
    desk_.patience = Patience(lease=30, saving=2, attempts=1)
    await desk_.warned()
    await refused(desk_, "450 later", contact(**SAM))
    assert await desk_.states() == [("warning", "pending", "try_later")]


async def test_a_refusal_of_an_address_that_was_removed_ends_without_one(desk_: Desk) -> None:
    await desk_.warned()
    await refused(desk_, NO_USER, removed())
    await desk_.retry_now()
    await desk_.send()
    assert (await desk_.states())[0] == ("warning", "suppressed", "no_contact")
    assert await refused_on(desk_) == []


async def test_an_owners_new_address_is_not_refused_for_the_old_one_either(desk_: Desk) -> None:
    await desk_.warned(staff(), owner="anna")
    await refused(desk_, NO_USER, staff(version=2, email="anna.b@company.example"))
    assert await refused_on(desk_, "staff/anna") == []
    await desk_.retry_now()
    await desk_.send()
    assert desk_.received()[0].recipients == ("anna.b@company.example",)


async def test_nothing_is_sent_to_an_address_that_changed_just_before_data(desk_: Desk) -> None:
    await desk_.warned()
    channel = Overtaken(desk_.server, SENDER)
    channel.before = lambda: desk_.take(contact(**SAM))
    await attempt(desk_, channel)
    assert desk_.received() == []
    await desk_.retry_now()
    await desk_.send()
    assert [mail.recipients for mail in desk_.received()] == [("sam@customer.example",)]
