"""A customer leaves our messages without signing in, by the page or by one click in their mail program."""

from __future__ import annotations

import re

import pytest

from candor.ops.metrics import REGISTRY
from notify_svc.page import texts
from tests.support.customer_page import URL, Customers
from tests.support.notify import contact, gap, promise, staff

FORM = {"content-type": "application/x-www-form-urlencoded"}


async def test_a_mail_names_where_to_leave_and_one_post_there_is_enough(site: Customers) -> None:
    path = await site.warned()
    [mail] = site.desk.received()
    named = mail.parsed()["List-Unsubscribe"]
    assert named == f"<{URL}{path}/stop>"
    assert mail.parsed()["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    way = re.sub(rf"^<{re.escape(URL)}|>$", "", named)
    before = REGISTRY.get_sample_value("candor_unsubscribed_total", {"state": "stopped"}) or 0
    for body, headers in ((b"List-Unsubscribe=One-Click", FORM), (b"", {})):
        assert (await site.customer.post(way, content=body, headers=headers)).status_code == 303
    assert REGISTRY.get_sample_value("candor_unsubscribed_total", {"state": "stopped"}) == before + 1
    await site.desk.later(60, gap(2, None))
    assert await site.desk.send() == 0
    assert (await site.desk.states())[-1][1:] == ("suppressed", "unsubscribed")


async def test_looking_changes_nothing(site: Customers) -> None:
    path = await site.warned()
    page = await site.customer.get(path)
    assert f'href="{path}/stop">{texts.STOP_LINK}' in page.text
    answer = await site.customer.get(f"{path}/stop")
    assert answer.status_code == 200
    assert f'action="{path}/stop"' in answer.text
    assert texts.STOP_BUTTON in answer.text
    assert (await site.customer.get(f"{path}/resume")).status_code == 405
    await site.desk.later(60, gap(2, None))
    assert await site.desk.send() == 1


async def test_what_waits_is_not_sent_to_who_has_left(site: Customers) -> None:
    path = await site.warned()
    await site.desk.take(promise("p2"), gap(1, name="p2"))
    await site.desk.later(5)
    await site.customer.post(f"{path}/stop", headers=FORM)
    assert await site.desk.send() == 1
    assert len(site.desk.received()) == 1
    assert ("warning", "suppressed", "unsubscribed") in await site.desk.states()


async def test_their_own_word_stands_whatever_contact_others_give_until_they_take_it_back(site: Customers) -> None:
    path = await site.warned()
    await site.customer.post(f"{path}/stop", headers=FORM)
    stopped = await site.customer.get(f"{path}/stop")
    assert texts.STOPPED in stopped.text
    await site.desk.take(contact(version=2, consent=True))
    await site.desk.later(60, gap(2, None))
    assert await site.desk.send() == 0
    assert (await site.customer.post(f"{path}/resume", headers=FORM)).status_code == 303
    assert texts.STOP_BUTTON in (await site.customer.get(f"{path}/stop")).text
    await site.desk.later(1)
    assert await site.desk.send() == 1


@pytest.mark.parametrize("way", ["stop", "resume"])
async def test_no_other_link_leaves_for_anybody(site: Customers, way: str) -> None:
    path = await site.warned()
    for wrong in (f"{path[:-1]}x", "/p/x", f"{path}.{path[3:]}"):
        answer = await site.customer.post(f"{wrong}/{way}", headers=FORM)
        assert (answer.status_code, "This link has ended" in answer.text) == (401, True)
    assert (await site.staff.post(f"{path}/{way}", headers=FORM)).status_code == 404
    assert await site.desk.database.pool.fetchval("SELECT count(*) FROM customer WHERE stopped_at IS NOT NULL") == 0


async def test_an_owner_has_nothing_to_leave(site: Customers) -> None:
    await site.desk.warned(staff(), owner="anna")
    while await site.desk.send():
        await site.desk.later(1)
    owners, customers_ = (mail.parsed()["List-Unsubscribe"] for mail in site.desk.received())
    assert owners is None
    assert customers_ is not None
