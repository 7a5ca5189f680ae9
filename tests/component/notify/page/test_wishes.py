"""A wish that is not met is on the customer's page and in their next letter, in approved words and while it is open."""

from __future__ import annotations

import json
from datetime import date, timedelta

import pytest

from candor.contracts import Message, WishChanged, WishState
from candor.store.unit_of_work import unit_of_work
from notify_svc.page import texts
from notify_svc.service.expiry import expiries
from notify_svc.settings import NotifySettings
from notify_svc.store.wishes import SHOWN
from tests.support.clocks import NOON
from tests.support.customer_page import Customers
from tests.support.notify import erased, event, gap

LATER = (NOON + timedelta(days=30)).date()
LINE = (
    "You wished for: <one> on Saturday. What you can do until then: we come at 7:00. We look at it again on Sun 7 Apr."
)


def wish(
    version: int = 1,
    state: WishState = WishState.OPEN,
    name: str = "WI-1",
    *,
    minutes: int = 0,
    promise: str | None = "p1",
    words: str | None = "<one> on Saturday",
    workaround: str | None = "we come at 7:00.",
    day: date = LATER,
    customer: str = "c1",
) -> Message:
    at = NOON + timedelta(minutes=minutes)
    data = WishChanged(
        wish_id=name,
        promise_id=promise,
        customer_id=customer,
        state=state,
        at=at,
        public_text=words,
        workaround=workaround,
        look_again_on=day,
        department="operations",
    )
    return event(data, version, at)


async def shown(site: Customers, *said: Message) -> str:
    """The customer's page after this was said."""
    path = await site.warned()
    await site.desk.take(*said)
    return (await site.customer.get(path)).text


async def test_it_is_shown_as_text_with_its_workaround_and_the_day(site: Customers) -> None:
    text = await shown(site, wish(), wish(name="WI-2", promise=None, words="a lift", workaround=None))
    assert texts.WISHES in text and LINE.replace("<one>", "&lt;one&gt;") in text
    # What is about no promise is on each page of its customer.
    assert "You wished for: a lift. We look at it again on" in text and "operations" not in text


@pytest.mark.parametrize(
    "said",
    [
        [wish(words=None)],
        [wish(), wish(2, WishState.MET)],
        [wish(2, WishState.DECLINED), wish()],
        [wish(promise="p9")],
        [wish(promise=None, customer="c9")],
    ],
)
async def test_nothing_is_shown_without_approved_words_or_of_what_is_over_or_another_s(
    site: Customers, said: list[Message]
) -> None:
    assert texts.WISHES not in await shown(site, *said)


async def test_a_day_that_is_over_is_not_named_as_one_to_come(site: Customers) -> None:
    text = await shown(site, wish(day=NOON.date() - timedelta(days=1)), wish(name="WI-2", day=NOON.date()))
    assert "We wanted to look at it again on Thu 7 Mar, and have no answer for you yet." in text
    assert "We look at it again on Fri 8 Mar." in text


async def test_of_many_those_looked_at_first_are_shown_and_the_others_counted(site: Customers) -> None:
    many = [wish(name=f"W{n:02}", words=f"w{n:02}!", day=LATER + timedelta(days=n)) for n in range(SHOWN + 2)]
    text = await shown(site, *reversed(many))
    assert "w00!" in text and f"w{SHOWN:02}!" not in text and "2 more are not shown." in text


async def test_the_next_letter_names_it_in_one_line_while_it_stands_as_it_is(site: Customers) -> None:
    await shown(site, wish(), wish(name="WI-2", words="a lift", day=LATER + timedelta(days=1)))
    # The warning went out before anything was wished.
    assert LINE not in site.letters()[-1]
    await site.desk.later(60, gap(2, None))
    [waits] = [one for one in await site.desk.notices() if one["state"] == "pending"]
    assert LINE in waits["body"].replace("\n", " ") and "a lift" not in waits["body"]
    assert json.loads(waits["evidence"])["wishes"] == ["WI-1:1"]
    # Changed while it waits: it is composed anew, with what is said now.
    await site.desk.take(wish(2, workaround="we come on Friday", minutes=61))
    for _ in range(3):
        await site.desk.send()
        await site.desk.later(1)
    assert len(site.letters()) == 2
    assert "we come on Friday" in site.letters()[-1] and "we come at 7:00" not in site.letters()[-1]


async def test_what_the_lint_objects_to_stays_out_of_letters_and_the_letter_goes(site: Customers) -> None:
    await shown(site, wish(words="as soon as possible"))
    await site.desk.later(60, gap(2, None))
    [waits] = [one for one in await site.desk.notices() if one["state"] == "pending"]
    assert "wished" not in waits["body"] and "wish" in json.loads(waits["evidence"])["left_out"]


async def test_an_erasure_takes_wishes_and_nothing_of_before_comes_back(site: Customers) -> None:
    await shown(site, wish())
    await site.desk.take(wish(2, minutes=1), erased(time=NOON + timedelta(minutes=5)))
    await site.desk.end_erasures()
    await site.desk.take(wish(3, minutes=2))
    assert await left(site) == 0
    await site.desk.take(wish(1, name="WI-8", minutes=6), wish(2, WishState.MET, "WI-9", minutes=6))
    await site.desk.database.pool.execute("UPDATE wish SET changed_at = now() - interval '3000 days'")
    [rule] = [one for one in expiries(NotifySettings()) if one.table == "wish"]
    async with unit_of_work(site.desk.database) as uow:
        # What is open is still to be looked at.
        assert (await rule.step(uow, 10)).gone == 1
    assert await left(site) == 1


async def left(site: Customers) -> int:
    return int(await site.desk.database.pool.fetchval("SELECT count(*) FROM wish"))
