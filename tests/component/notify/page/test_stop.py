"""A customer leaves our messages without signing in, by the page or by one click in their mail program."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from candor.contracts import Standing
from candor.ops.metrics import REGISTRY
from notify_svc.delivery.announced import Announced
from notify_svc.page import texts
from tests.support.customer_page import URL, Customers
from tests.support.notify import LATE, contact, gap, promise, staff

FORM = {"content-type": "application/x-www-form-urlencoded"}
IN_PARTS = {"content-type": "multipart/form-data; boundary=cut"}
CLICK = b"List-Unsubscribe=One-Click"
PARTS = b'--cut\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--cut--\r\n'


async def test_a_mail_names_where_to_leave_and_one_post_there_is_enough(site: Customers) -> None:
    path = await site.warned()
    [mail] = site.desk.received()
    named = mail.parsed()["List-Unsubscribe"]
    assert named == f"<{URL}{path}/stop>"
    assert mail.parsed()["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    way = re.sub(rf"^<{re.escape(URL)}|>$", "", named)
    before = REGISTRY.get_sample_value("candor_unsubscribed_total", {"state": "stopped"}) or 0
    # A mail program is sent nowhere else: many would go there by a GET.
    for body, headers, status in ((CLICK, FORM, 200), (PARTS, IN_PARTS, 200), (b"", {}, 303)):
        assert (await site.customer.post(way, content=body, headers=headers)).status_code == status
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


@pytest.mark.parametrize("way", ["stop", "resume", "stop/updates", "resume/warnings"])
async def test_no_other_link_leaves_for_anybody(site: Customers, way: str) -> None:
    path = await site.warned()
    for wrong in (f"{path[:-1]}x", "/p/x", f"{path}.{path[3:]}"):
        answer = await site.customer.post(f"{wrong}/{way}", headers=FORM)
        assert (answer.status_code, "This link has ended" in answer.text) == (401, True)
    assert (await site.staff.post(f"{path}/{way}", headers=FORM)).status_code == 404
    changed = "SELECT count(*) FROM customer WHERE stopped_at IS NOT NULL OR left_purposes <> '{}'"
    assert await site.desk.database.pool.fetchval(changed) == 0


async def test_an_owner_has_nothing_to_leave(site: Customers) -> None:
    await site.desk.warned(staff(), owner="anna")
    while await site.desk.send():
        await site.desk.later(1)
    owners, customers_ = (mail.parsed()["List-Unsubscribe"] for mail in site.desk.received())
    assert owners is None
    assert customers_ is not None


async def judged(site: Customers) -> list[str]:
    await Announced(site.desk.database, site.desk.clock).judge()
    return [row["update_state"] for row in await site.desk.notices() if row["next_update_by"]]


async def test_who_leaves_updates_is_still_warned_and_no_announced_one_counts_as_broken(site: Customers) -> None:
    path = await site.warned()
    assert "You hear from us by" in (await site.customer.get(path)).text
    for _ in range(2):
        assert (await site.customer.post(f"{path}/stop/updates", headers=FORM)).status_code == 303
    assert "You hear from us by" not in (await site.customer.get(path)).text
    [first] = await site.desk.notices()
    site.desk.clock.set(first["next_update_by"])
    await site.desk.take(gap(2, LATE, at=site.desk.clock.now()), tick=True)
    assert await site.desk.send() == 0
    assert (await site.desk.states())[-1] == ("update", "suppressed", "purpose_not_wanted")
    site.desk.clock.set(first["next_update_by"] + timedelta(minutes=1))
    assert await judged(site) == ["not_needed"]
    done = site.desk.clock.now()
    await site.desk.later(5, gap(3, None, Standing.BROKEN, completed=done, at=done))
    assert await site.desk.send() == 1
    assert (await site.desk.states())[-1] == ("update", "sent", "delivered")


async def test_each_purpose_is_left_and_wanted_again_by_itself(site: Customers) -> None:
    path = await site.warned()
    before = await site.customer.get(f"{path}/stop")
    assert [f'action="{path}/{way}"' in before.text for way in ("stop", "stop/warnings", "stop/updates")] == [True] * 3
    await site.customer.post(f"{path}/stop/warnings", headers=FORM)
    left = (await site.customer.get(f"{path}/stop")).text
    assert (texts.RESUME_ONE["warnings"] in left, texts.STOP_ONE["updates"] in left) == (True, True)
    # The contact that others bring takes nothing back.
    await site.desk.take(contact(version=2, purposes=["warnings", "updates"]), promise("p2"), gap(1, name="p2"))
    await site.desk.later(5)
    assert ("warning", "suppressed", "purpose_not_wanted") in await site.desk.states()
    await site.customer.post(f"{path}/resume/warnings", headers=FORM)
    await site.desk.later(1)
    assert await site.desk.send() == 1
    assert texts.STOP_ONE["warnings"] in (await site.customer.get(f"{path}/stop")).text


async def test_only_what_the_company_may_write_for_is_offered_to_be_left(site: Customers) -> None:
    path = await site.warned()
    await site.desk.take(contact(version=2, purposes=["warnings"]))
    page = (await site.customer.get(f"{path}/stop")).text
    assert (texts.STOP_BUTTON in page, texts.STOP_SOME in page) == (True, False)
    await site.customer.post(f"{path}/stop", headers=FORM)
    assert texts.STOP_SOME not in (await site.customer.get(f"{path}/stop")).text


async def test_a_purpose_that_there_is_not_is_left_by_nobody(site: Customers) -> None:
    path = await site.warned()
    for way in ("stop/surveys", "resume/all"):
        assert (await site.customer.post(f"{path}/{way}", headers=FORM)).status_code == 404
    assert await site.desk.database.pool.fetchval("SELECT left_purposes FROM customer WHERE customer_id = 'c1'") == []
