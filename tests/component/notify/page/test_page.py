"""The customer's page: reached by the link in a message, at a host of its own, and by nothing else."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx
import pytest

from candor.contracts import PromiseRevised, PromiseWithdrawn
from candor.contracts.promise import AskedBy
from notify_svc.page import texts
from notify_svc.page.links import Links
from notify_svc.store import page_links
from tests.support.customer_page import SECRET, URL, Customers, key
from tests.support.notify import DUE, contact, erased, event, gap, promise, staff


def safe(answer: httpx.Response) -> None:
    """A page with nothing that could run, be framed, be kept, or say its address to anybody."""
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-") and "frame-ancestors 'none'" in policy
    assert "script" not in policy and "<script" not in answer.text
    assert (answer.headers["referrer-policy"], answer.headers["cache-control"]) == ("no-referrer", "no-store")
    assert answer.headers["x-robots-tag"] == "noindex"
    assert "set-cookie" not in answer.headers and "http" not in answer.text.replace("http-equiv", "")


async def ended(site: Customers, path: str) -> None:
    answer = await site.customer.get(path)
    assert (answer.status_code, "This link has ended" in answer.text) == (401, True), path
    safe(answer)


async def test_the_link_in_a_message_shows_what_was_promised_and_said(site: Customers) -> None:
    path = await site.warned()
    answer = await site.customer.get(path)
    assert answer.status_code == 200
    safe(answer)
    assert "<h1>What we promised: Flight UA 1545, EWR to IAH</h1>" in answer.text
    assert "<header>Example Airlines</header>" in answer.text
    assert "We expect it between Fri 8 Mar, 13:40 and 14:20." in answer.text
    assert "All times are New York time" in answer.text
    # What was said is there to the word, without the address by which it is read.
    words = site.letters()[0].replace("\r\n", "\n").split(f"\n\n{texts.LINK}")[0]
    assert words in answer.text.replace("<br>", "\n").replace("&quot;", '"').replace("&#x27;", "'")
    assert URL not in answer.text and "pat@customer.example" not in answer.text


async def test_html_has_the_link_and_the_owner_has_none(site: Customers) -> None:
    await site.desk.warned(staff(), owner="anna")
    while await site.desk.send():
        await site.desk.later(1)
    owners, customers_ = site.letters()
    assert URL not in owners and URL in customers_
    html = site.desk.received()[1].parsed().get_body(("html",))
    assert html is not None and f'<a href="{URL}{site.link()}">' in html.get_content()
    first = site.desk.received()[0].parsed().get_body(("html",))
    assert first is not None and URL not in first.get_content()


async def test_there_is_one_link_a_promise_which_ends_30_days_after_its_newest_message(site: Customers) -> None:
    first = await site.warned()
    site.system.advance(timedelta(days=29))
    await site.desk.later(60, gap(2, None))
    await site.desk.send()
    assert site.link() == first
    site.system.advance(timedelta(days=30) - timedelta(seconds=1))
    assert (await site.customer.get(first)).status_code == 200
    site.system.advance(timedelta(seconds=1))
    await ended(site, first)


async def test_a_link_that_staff_revoke_opens_nothing_and_the_next_message_has_another(site: Customers) -> None:
    path = await site.warned()
    [found] = (await site.staff.get("/v1/page-links?promise_id=p1")).json()["items"]
    assert (found["customer_id"], found["revoked_at"]) == ("c1", None)
    assert found["link_id"] not in path and SECRET not in str(found)
    way = f"/v1/page-links/{found['link_id']}/revoke"
    assert (await site.staff.post(way, headers=key("viewer"))).status_code == 403
    revoked = await site.staff.post(way, headers=key("operator"))
    assert (revoked.status_code, revoked.json()["revoked_by"]) == (200, "operator-1")
    await ended(site, path)
    assert (await site.staff.post(way)).status_code == 409
    assert (await site.staff.post("/v1/page-links/none/revoke")).status_code == 404
    acts = await site.desk.database.pool.fetch("SELECT action, outcome FROM audit_log ORDER BY id")
    assert [(row["action"], row["outcome"]) for row in acts if row["action"] != "POST"] == [
        ("page_link.revoke", "done"),
        ("page_link.revoke", "conflict"),
    ]
    await site.desk.later(60, gap(2, None))
    await site.desk.send()
    assert site.link() != path
    assert (await site.customer.get(site.link())).status_code == 200
    newest = (await site.staff.get("/v1/page-links?customer_id=c1")).json()["items"]
    assert [item["revoked_by"] for item in newest] == ["", "operator-1"]


async def test_an_erasure_ends_the_link_with_its_batch_and_then_its_row(site: Customers) -> None:
    path = await site.warned()
    await site.desk.take(erased())
    await ended(site, path)
    await site.desk.end_erasures()
    assert await site.desk.database.pool.fetchval("SELECT count(*) FROM page_link") == 0
    await site.desk.take(contact(version=9, time=DUE), promise(time=DUE, version=9))
    await ended(site, path)


async def test_forged_replayed_and_foreign_links_are_answered_alike(site: Customers) -> None:
    path = await site.warned()
    other = Links("fedcba9876543210" * 4, URL).address("AbCdEfGhIjKlMnOpQrStUv").removeprefix(URL)
    none = site.app.state.links.address("AbCdEfGhIjKlMnOpQrStUv").removeprefix(URL)
    body, _, signature = path.rpartition(".")
    flipped = f"{body}.{'A' if signature[0] != 'A' else 'B'}{signature[1:]}"
    answers = [await site.customer.get(one) for one in (other, none, flipped, f"{path}.", "/p/x", f"/p/{'x' * 2000}")]
    assert {(one.status_code, one.text) for one in answers} == {(401, answers[0].text)}
    for one in answers:
        safe(one)


async def test_a_forged_link_costs_the_same_look_into_the_database(
    site: Customers, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[str] = []
    opened = page_links.opened

    async def counted(uow: Any, link_id: str, now: Any) -> Any:
        looks.append(link_id)
        return await opened(uow, link_id, now)

    monkeypatch.setattr(page_links, "opened", counted)
    none = site.app.state.links.address("AbCdEfGhIjKlMnOpQrStUv").removeprefix(URL)
    await ended(site, "/p/forged")
    await ended(site, none)
    assert looks == ["", "AbCdEfGhIjKlMnOpQrStUv"]


async def test_the_page_is_at_its_own_host_alone_and_nothing_else_is_there(site: Customers) -> None:
    path = await site.warned()
    refused = await site.staff.get(path)
    assert (refused.status_code, refused.json()["code"]) == (404, "not_found")
    for other in ("/v1/notices", "/livez", "/metrics", "/docs", "/openapi.json", "/", "/px"):
        answer = await site.customer.get(other, headers=key("admin"))
        assert (answer.status_code, "This link has ended" in answer.text) == (404, True), other
        safe(answer)


async def test_dates_that_were_given_and_a_withdrawal_are_shown_with_their_public_reasons(site: Customers) -> None:
    path = await site.warned()
    later, latest = DUE + timedelta(hours=2), DUE + timedelta(hours=5)
    agreed = PromiseRevised("p1", "c1", later, later, AskedBy.CUSTOMER, True, "secret", "you asked for it")
    offered = PromiseRevised("p1", "c1", latest, later, AskedBy.COMPANY, False, "secret")
    await site.desk.take(event(agreed, 2), event(offered, 3))
    text = (await site.customer.get(path)).text
    assert "We promised: by Fri 8 Mar, 15:00." in text and "We promised at first: by Fri 8 Mar, 13:00." in text
    assert "it became: by Fri 8 Mar, 15:00. Reason given: you asked for it." in text
    assert "we named another time: by Fri 8 Mar, 18:00. You have not agreed to it" in text
    await site.desk.take(event(PromiseWithdrawn("p1", "c1", "secret", "the site is closed"), 4))
    text = (await site.customer.get(path)).text
    assert "This promise was withdrawn." in text and "Reason given: the site is closed." in text
    assert "secret" not in text


async def test_where_facts_are_too_old_nothing_is_said_of_now(site: Customers) -> None:
    path = await site.warned()
    await site.fresh(61)
    assert texts.STATES["stale"] in (await site.customer.get(path)).text
    await site.fresh(30)
    assert texts.STATES["stale"] not in (await site.customer.get(path)).text


async def test_a_contact_that_is_gone_leaves_the_page_in_the_promises_zone(site: Customers) -> None:
    path = await site.warned()
    await site.desk.database.pool.execute("UPDATE customer SET sealed = 'x' WHERE customer_id = 'c1'")
    assert "New York time" in (await site.customer.get(path)).text


async def test_without_a_page_messages_have_no_link(site: Customers) -> None:
    site.desk.speaker = site.desk.speaker.__class__(
        site.desk.speaker.reach, site.desk.speaker.rules, site.desk.speaker.houses
    )
    await site.desk.warned()
    await site.desk.send()
    assert URL not in site.letters()[0]
    assert await site.desk.database.pool.fetchval("SELECT count(*) FROM page_link") == 0
