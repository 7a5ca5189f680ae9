"""The owner says by a link in their message that they tell the customer themselves, or that it goes now."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio

from notify_svc.api.routes import taking
from notify_svc.domain.approval import Patience
from notify_svc.page import owner_texts
from notify_svc.page.owner_links import OwnerLinks
from notify_svc.service.waiting import Waiting
from tests.support.customer_page import SECRET, URL, Customers
from tests.support.notify import FINE, erased, gap, staff

LINKS = OwnerLinks(SECRET, URL)
TAKES = timedelta(minutes=10)
FORM = {"content-type": "application/x-www-form-urlencoded"}


@pytest_asyncio.fixture(loop_scope="session")
async def owned(site: Customers) -> Customers:
    """The owner of the promise has ten minutes; their link is served where customers' are."""
    site.app.include_router(taking.router)
    site.app.state.owner_links = LINKS
    desk = site.desk
    desk.rules = replace(desk.rules, owner_takes=TAKES)
    desk.speaker = replace(desk.speaker, rules=desk.rules, owner_links=LINKS)
    return site


async def told(site: Customers) -> str:
    """The owner has their message: the path of the link in it."""
    await site.desk.warned(staff(), owner="anna")
    await site.desk.send()
    [found] = re.findall(rf"{re.escape(URL)}(/p/[A-Za-z0-9_.-]+/owner)", site.letters()[-1])
    return str(found)


async def customers(site: Customers) -> dict[str, Any]:
    return [row for row in await site.desk.notices() if row["audience"] == "customer"][-1]


async def later(site: Customers, minutes: float) -> int:
    """Time passes; how many messages go out then."""
    site.desk.clock.advance(timedelta(minutes=minutes))
    await Waiting(site.desk.database, site.desk.speaker.reach, site.desk.clock, site.desk.rules, Patience()).once()
    return await site.desk.send()


async def test_if_nobody_acts_it_goes_out_in_time(owned: Customers) -> None:
    await told(owned)
    waits = await customers(owned)
    assert (waits["reason"], waits["awaits"]) == ("awaits_approval", "owner_first")
    assert await later(owned, 9) == 0
    assert await later(owned, 1) == 1
    assert ((await customers(owned))["state"], (await customers(owned))["approved_by"]) == ("sent", "")


async def test_looking_changes_nothing_as_mail_scanners_do(owned: Customers) -> None:
    path, before = await told(owned), await customers(owned)
    page = await owned.customer.get(path)
    assert page.status_code == 200
    assert owner_texts.TELL in page.text and owner_texts.SEND in page.text and "<script" not in page.text
    # The customer's own link is in their message alone.
    assert page.text.count("/p/") == 0
    assert await customers(owned) == before


async def test_send_now_sends_it_now(owned: Customers) -> None:
    path = await told(owned)
    assert (await owned.customer.post(path, data={"do": "send"})).status_code == 303
    assert await owned.desk.send() == 1
    assert (await customers(owned))["approved_by"] == "anna by their link"
    assert owner_texts.SENT in (await owned.customer.get(path)).text
    again = await owned.customer.post(path, data={"do": "send"})
    assert again.status_code == 422 and owner_texts.TOO_LATE in again.text
    rows = await owned.desk.database.pool.fetch("SELECT who, role, action FROM audit_log")
    assert [tuple(row) for row in rows] == [("staff/anna", "owner", "notice.owner_send")]


async def test_who_takes_it_over_records_what_they_said(owned: Customers) -> None:
    path = await told(owned)
    assert (await owned.customer.post(path, data={"do": "tell"})).status_code == 303
    assert await later(owned, 30) == 0
    page = await owned.customer.get(path)
    assert owner_texts.RECORD in page.text and owner_texts.TELL not in page.text
    empty = await owned.customer.post(path, data={"do": "said", "said": " "})
    assert empty.status_code == 422 and owner_texts.NO_WORDS in empty.text
    assert (
        await owned.customer.post(path, data={"do": "said", "said": "At six.", "answered": "Ok"})
    ).status_code == 303
    after = await customers(owned)
    assert (after["state"], after["reason"], after["body"]) == ("sent", "said_by_phone", "At six.")
    assert await later(owned, 60) == 0


async def test_what_was_taken_over_and_not_said_goes_out_after_all(owned: Customers) -> None:
    path = await told(owned)
    await owned.customer.post(path, data={"do": "tell"})
    assert await later(owned, 59) == 0
    # As if no update were due meanwhile, which would be decided anew.
    await owned.desk.database.pool.execute("UPDATE notice SET next_update_by = next_update_by + interval '1 day'")
    assert await later(owned, 1) == 1
    assert (await customers(owned))["state"] == "sent"


async def test_what_waits_for_somebody_besides_is_nobodys_again_and_waits_on(owned: Customers) -> None:
    link = await told(owned)
    # As for a key account, of which somebody is to read every letter.
    await owned.desk.database.pool.execute("UPDATE notice SET awaits = 'key_account,owner_first' WHERE awaits <> ''")
    assert (await owned.customer.post(link, data={"do": "tell"})).status_code == 303
    taken = await customers(owned)
    assert taken["taken_by"] != ""
    # As if no update were due meanwhile, which would be decided anew.
    await owned.desk.database.pool.execute("UPDATE notice SET next_update_by = next_update_by + interval '1 day'")
    assert await later(owned, 61) == 0
    waits = await customers(owned)
    assert (waits["notice_id"], waits["reason"]) == (taken["notice_id"], "awaits_approval")
    assert (waits["taken_by"], waits["taken_until"]) == ("", None)


async def test_what_is_no_longer_so_is_not_sent_by_a_late_click(owned: Customers) -> None:
    path = await told(owned)
    await owned.desk.take(gap(2, FINE), tick=True)
    await later(owned, 0)
    late = await owned.customer.post(path, data={"do": "send"})
    assert late.status_code == 422
    assert owner_texts.NOT_SAID in late.text and await owned.desk.send() == 0


@pytest.mark.parametrize("token", ["", "x", "a.b", "A" * 600])
async def test_a_link_that_is_not_ours_opens_nothing(owned: Customers, token: str) -> None:
    path = await told(owned)
    signed = path.removeprefix("/p/").removesuffix("/owner")
    for one in (token or "-", ("A" if signed[0] != "A" else "B") + signed[1:], "p1"):
        for answer in (
            await owned.customer.get(f"/p/{one}/owner"),
            await owned.customer.post(f"/p/{one}/owner", data={"do": "send"}),
        ):
            assert answer.status_code == 401
    assert (await customers(owned))["reason"] == "awaits_approval"


async def test_a_former_owner_and_an_erased_customer_have_no_page(owned: Customers) -> None:
    path = await told(owned)
    other = f"/p/{LINKS.address((await customers(owned))['notice_id'], 'kim').rpartition('/p/')[2]}"
    assert (await owned.customer.get(other)).status_code == 401
    await owned.desk.take(erased(time=owned.desk.clock.now()))
    assert (await owned.customer.get(path)).status_code == 401


async def test_a_form_that_is_none_does_nothing(owned: Customers) -> None:
    path = await told(owned)
    assert (await owned.customer.post(path, data={"do": "no"})).status_code == 422
    many = await owned.customer.post(path, content=b"a=1&b=2&c=3&d=4", headers=FORM)
    assert many.status_code == 400


async def test_where_nothing_waits_the_owner_has_no_link(owned: Customers) -> None:
    owned.desk.speaker = replace(owned.desk.speaker, rules=replace(owned.desk.rules, owner_takes=timedelta(0)))
    await owned.desk.warned(staff(), owner="anna")
    await owned.desk.send()
    await owned.desk.send()
    assert len(owned.letters()) == 2 and "/owner" not in "".join(owned.letters())


async def test_without_an_owner_nothing_waits(owned: Customers) -> None:
    await owned.desk.warned()
    assert await owned.desk.send() == 1
