"""Options that the company offered are on the customer's page, and taken there once, as they stand."""

from __future__ import annotations

import asyncio
import re
from datetime import timedelta

from candor.contracts import Message, OfferChanged, OptionTaken
from candor.contracts.matters import OfferOption, OfferState
from candor.store.unit_of_work import unit_of_work
from notify_svc.page import texts
from notify_svc.service.expiry import expiries
from notify_svc.settings import NotifySettings
from tests.support.clocks import NOON
from tests.support.customer_page import Customers
from tests.support.notify import DUE, erased, event, revised, withdrawn

LATER = DUE + timedelta(days=2)


def offer(
    version: int = 1,
    state: OfferState = OfferState.OFFERED,
    name: str = "OF-1",
    *,
    minutes: int = 0,
    second: str = "later",
) -> Message:
    options = [
        OfferOption(name="a <free> month", kind="goodwill", value=150.0, currency="EUR"),
        OfferOption(name=second, kind="revised_terms", due=LATER),
    ]
    at = NOON + timedelta(minutes=minutes)
    taken = second if state is OfferState.TAKEN else None
    about = {"offer_id": name, "promise_id": "p1", "customer_id": "c1"}
    data = OfferChanged(**about, state=state, at=at, options=options, taken=taken)
    return event(data, version, at)


async def offered(site: Customers, *offers: Message) -> str:
    path = await site.warned()
    await site.desk.take(*offers)
    return path


async def key(site: Customers, path: str) -> str:
    return str(re.findall(r'name="offer" value="([^"]+)"', (await site.customer.get(path)).text)[0])


async def test_an_option_is_shown_without_what_it_costs_us_and_taken(site: Customers) -> None:
    path = await offered(site, offer())
    text = (await site.customer.get(path)).text
    assert texts.OPTIONS in text and "a &lt;free&gt; month" in text and "later: by Sun 10 Mar, 14:00" in text
    assert "150" not in text
    taken = await site.send(path, about="option", offer=await key(site, path), choice="1", words="works for us")
    assert taken.status_code == 303
    [found] = await site.answers(kind="option")
    assert (found["choice"], found["offer_id"], found["words"]) == ("later", "OF-1", "works for us")
    [told] = await site.options()
    assert told == OptionTaken(offer_id="OF-1", promise_id="p1", customer_id="c1", at=told.at, option="later")
    again = (await site.customer.get(path)).text
    assert texts.OPTIONS not in again and "<p>later: by Sun 10 Mar, 14:00</p>" in again


async def test_until_the_date_taken_stands_the_page_says_that_it_is_being_confirmed(site: Customers) -> None:
    path = await offered(site, offer())
    before = (await site.customer.get(path)).text
    assert "<strong>We promised: by Fri 8 Mar, 13:00.</strong>" in before and texts.READBACK in before
    await site.send(path, about="option", offer=await key(site, path), choice="1")

    async def confirming() -> bool:
        text = (await site.customer.get(path)).text
        said = "<strong>You chose: later, by Sun 10 Mar, 14:00. It is being confirmed.</strong>" in text
        # Neither as what holds without a word, nor as what we understood.
        assert ("<strong>We promised: by Fri 8 Mar, 13:00.</strong>" in text or texts.UNCHANGED in text) is False
        assert (texts.READBACK in text) is not said
        return said

    assert await confirming()
    assert "Until it is confirmed, this holds: by Fri 8 Mar, 13:00." in (await site.customer.get(path)).text
    stale = await site.send(path, about="readback", choice="right")
    assert stale.status_code == 409 and await site.answers(kind="readback") == []
    # The offer is heard of before the promise.
    await site.desk.take(offer(2, OfferState.TAKEN))
    assert await confirming()
    await site.desk.take(revised(LATER))
    assert not await confirming()
    assert "<strong>We promised: by Sun 10 Mar, 14:00.</strong>" in (await site.customer.get(path)).text


async def test_what_was_taken_of_an_offer_that_was_withdrawn_is_not_being_confirmed(site: Customers) -> None:
    path = await offered(site, offer())
    await site.send(path, about="option", offer=await key(site, path), choice="1")
    await site.desk.take(offer(2, OfferState.WITHDRAWN))
    text = (await site.customer.get(path)).text
    assert "being confirmed" not in text and texts.READBACK in text


async def test_an_option_without_a_time_is_said_by_its_name_alone(site: Customers) -> None:
    path = await offered(site, offer(), offer(name="OF-2", minutes=1))
    assert (await site.send(path, about="option", offer=await key(site, path), choice="0")).status_code == 303
    assert "<p>a &lt;free&gt; month</p>" in (await site.customer.get(path)).text


async def test_two_at_once_take_one(site: Customers) -> None:
    path = await offered(site, offer())
    name = await key(site, path)
    forms = [await site.form(path) for _ in range(2)]
    sent = [site.send(path, form=form, about="option", offer=name, choice="0") for form in forms]
    assert sorted(answer.status_code for answer in await asyncio.gather(*sent)) == [303, 409]
    assert len(await site.options()) == 1


async def test_what_is_not_offered_or_was_changed_meanwhile_is_not_taken(site: Customers) -> None:
    path = await offered(site, offer())
    name = await key(site, path)
    for bad in ("2", "-1", "x", "1" * 30, ""):
        answer = await site.send(path, about="option", offer=name, choice=bad)
        assert answer.status_code in (409, 422), bad
    assert (await site.send(path, about="option", offer="OF-2:1", choice="0")).status_code == 409
    await site.desk.take(offer(2, second="much later"))
    changed = await site.send(path, about="option", offer=name, choice="1")
    assert (changed.status_code, texts.NOT_ANY_MORE in changed.text) == (409, True)
    await site.desk.take(offer(3, OfferState.WITHDRAWN))
    assert (await site.send(path, about="option", offer="OF-1:3", choice="1")).status_code == 409
    assert await site.options() == []


async def test_offers_come_in_any_order_and_only_open_ones_of_open_promises_are_shown(site: Customers) -> None:
    path = await offered(
        site, offer(2, OfferState.DECLINED), offer(1), *(offer(1, name=f"O{n}", minutes=n) for n in range(4))
    )
    text = (await site.customer.get(path)).text
    assert re.findall(r'name="offer" value="([^"]+)"', text) == ["O3:1", "O2:1", "O1:1"]
    await site.desk.take(offer(1))
    assert (await site.customer.get(path)).text.count('name="offer"') == 3
    await site.desk.take(withdrawn())
    assert texts.OPTIONS not in (await site.customer.get(path)).text


async def test_an_erasure_takes_offers_and_nothing_of_before_comes_back(site: Customers) -> None:
    await offered(site, offer())
    await site.desk.take(offer(2, minutes=1), erased(time=NOON + timedelta(minutes=5)))
    await site.desk.end_erasures()
    await site.desk.take(offer(3, minutes=2))
    assert await site.desk.database.pool.fetchval("SELECT count(*) FROM offer") == 0
    await site.desk.take(offer(1, name="OF-9", minutes=6))
    assert await site.desk.database.pool.fetchval("SELECT count(*) FROM offer") == 1
    await site.desk.database.pool.execute("UPDATE offer SET changed_at = now() - interval '3000 days'")
    [rule] = [one for one in expiries(NotifySettings()) if one.table == "offer"]
    async with unit_of_work(site.desk.database) as uow:
        assert (await rule.step(uow, 10)).gone == 1
