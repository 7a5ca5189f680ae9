"""What is provably unsent goes to the next channel of the contact, once; what may have been sent goes nowhere."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from candor.local.mailbox.smtp import Fault
from notify_svc.channels import Fate
from notify_svc.domain.owner import OwnerWord
from tests.component.notify.channels.test_pager import PAGED, Pager, deliveries
from tests.support.notify import Desk, contact, desk, gap, prepare, promise, staff
from tests.support.servers import Databases


@pytest.fixture
def pager() -> Pager:
    return Pager()


@pytest_asyncio.fixture(loop_scope="session")
async def paged(databases: Databases, tmp_path: Path, pager: Pager) -> AsyncIterator[Desk]:
    """A desk with e-mail and a pager, and a customer who has both and prefers the pager."""
    url = await databases.fresh(prepare)
    async with desk(url, tmp_path, channels=[pager]) as found:
        yield found
    await databases.drop(url)


async def told(desk: Desk, **changes: Any) -> None:
    await desk.take(promise(**changes), contact(**PAGED), gap(1))
    await desk.later(5)


@pytest.mark.parametrize("fate", [Fate.REFUSED, Fate.REFUSED_RECIPIENT])
async def test_what_the_first_channel_refuses_goes_by_the_next_one(paged: Desk, pager: Pager, fate: Fate) -> None:
    pager.script = [fate]
    await told(paged)
    assert await paged.send() == 1
    assert await paged.states() == [("warning", "suppressed", "next_channel")]
    await paged.later(0)
    assert await paged.send() == 1
    assert await deliveries(paged) == [("pager", "suppressed", "next_channel"), ("email", "sent", "delivered")]
    assert (len(pager.pages), len(paged.received())) == (0, 1)
    assert {*await paged.states()} == {("warning", "sent", "delivered")}
    refused = await paged.database.pool.fetchval("SELECT refused_on FROM customer WHERE customer_id = 'c1'")
    assert refused == (["pager"] if fate is Fate.REFUSED_RECIPIENT else [])


async def test_what_no_attempt_could_send_goes_by_the_next_one(paged: Desk, pager: Pager) -> None:
    pager.script = [Fate.LATER] * 12
    await told(paged)
    for _ in range(12):
        assert await paged.send() == 1
        await paged.retry_now()
    assert await paged.states() == [("warning", "suppressed", "next_channel")]
    await paged.later(0)
    await paged.send()
    assert (len(pager.pages), len(paged.received())) == (0, 1)


async def test_what_may_have_been_sent_goes_by_no_other(paged: Desk, pager: Pager) -> None:
    pager.script = [Fate.UNKNOWN]
    await told(paged)
    await paged.send()
    await paged.later(20)
    assert await paged.send() == 0
    assert await paged.states() == [("warning", "unknown", "outcome_unknown")]
    assert paged.received() == []


async def test_after_the_last_channel_a_person_looks(paged: Desk, pager: Pager) -> None:
    pager.script = [Fate.REFUSED]
    paged.faults.kind, paged.faults.left = Fault.REFUSE, 1
    await told(paged)
    await paged.send()
    await paged.later(0)
    await paged.send()
    assert {*await paged.states()} == {("warning", "failed", "refused")}
    await paged.later(20)
    assert await paged.send() == 0
    assert (pager.pages, paged.received()) == ([], [])


async def test_a_new_contact_begins_with_its_first_channel_again(paged: Desk, pager: Pager) -> None:
    pager.script = [Fate.REFUSED_RECIPIENT]
    await told(paged)
    await paged.send()
    await paged.take(contact(version=2, addresses={"pager": "555 02"}, channels=["pager"], email=""))
    await paged.later(0)
    await paged.send()
    assert [page.address for page in pager.pages] == ["55502"]


async def test_an_owner_is_told_by_the_next_channel_too_and_before_the_customer(paged: Desk, pager: Pager) -> None:
    pager.script = [Fate.REFUSED]
    await paged.take(staff("anna", **PAGED), promise(owner="anna"), contact(), gap(1))
    await paged.later(5)
    await paged.send()
    assert pager.pages == []
    await paged.later(0)
    await paged.send()
    assert [mail.recipients for mail in paged.received()] == [("anna@company.example",)]
    [owner] = {notice["owner"] for notice in await paged.notices() if notice["state"] == "pending"}
    assert owner == OwnerWord.WAITING
