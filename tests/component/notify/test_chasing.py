"""What is still open about a need is asked for by one letter before work starts; then its owner hears of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from candor.contracts import Message, Standing
from candor.store.unit_of_work import unit_of_work
from notify_svc.briefs import kept, unanswered
from notify_svc.domain.chase import Chase
from notify_svc.domain.facts import Rules
from notify_svc.domain.quiet import quiet_hours
from notify_svc.service.chasing import SETTLES, Chaser
from tests.component.notify.page.test_clarifications import ANSWERED, WITHDRAWN, question
from tests.support.customer_page import Customers, customers
from tests.support.notify import FINE, Desk, contact, erased, gap, promise, staff, withdrawn

BEFORE, OWNER_AFTER = timedelta(hours=3), timedelta(hours=2)
"""The promise is due at NOON + 6 h: it is asked for from NOON + 3 h on."""


@pytest_asyncio.fixture(loop_scope="session")
async def site(desk_: Desk, tmp_path: Path) -> AsyncIterator[Customers]:
    async with customers(desk_, tmp_path) as made:
        yield made


def chaser(site: Customers, rules: Rules | None = None) -> Chaser:
    desk = site.desk
    chase, links = Chase(BEFORE, OWNER_AFTER), site.app.state.links
    return Chaser(desk.database, desk.speaker.reach, desk.clock, rules or desk.rules, desk.speaker.houses, chase, links)


async def fine(site: Customers, *asked: Message, owner: str | None = "anna", **reached: Any) -> None:
    """A promise that goes well, its customer, and what is asked about it."""
    known = contact(**reached)
    await site.desk.take(promise(owner=owner), staff(), known, gap(1, FINE), *asked)
    await site.fresh()


async def hours(site: Customers, number: float, rules: Rules | None = None) -> list[str]:
    """Time passes, what is open is looked at, and what waits goes out; all letters until then."""
    site.desk.clock.advance(timedelta(hours=number))
    await chaser(site, rules).once()
    await site.desk.send()
    return site.letters()


async def asked_of(site: Customers) -> list[tuple[str, str]]:
    return [(one["state"], one["reason"]) for one in await site.desk.notices() if one["audience"] == "asked"]


async def owner_mails(site: Customers) -> list[list[str]]:
    async with unit_of_work(site.desk.database) as uow:
        return [await unanswered.said(uow, one) or [] for one in await kept.waiting(uow)]


async def test_they_are_asked_for_once_shortly_before_and_say_nothing_of_how_it_stands(site: Customers) -> None:
    await fine(site, question(), question(name="CL-2", minutes=1))
    assert await hours(site, 2.9) == []
    [letter] = await hours(site, 0.2)
    assert letter.index("CL-1: <which> door?") < letter.index("CL-2: <which> door?") < letter.index("/p/")
    assert await hours(site, 1) == [letter] and await asked_of(site) == [("sent", "delivered")]
    told = await site.desk.database.pool.fetchval("SELECT count(*) FROM outbox WHERE topic = 'notices'")
    assert told == 0
    # What goes wrong afterwards is the first word about it, and the page has said nothing else.
    page = (await site.customer.get(site.link())).text
    assert "We have written nothing to you about this yet." in page
    record = await site.desk.database.pool.fetch("SELECT kind, words, way FROM customer_record")
    assert [(one["kind"], one["way"], one["words"] == letter.replace("\r\n", "\n")) for one in record] == [
        ("question", "email", True)
    ]
    await site.desk.take(gap(2))
    await site.desk.later(5)
    assert [one["statement"] for one in await site.desk.notices() if one["audience"] == "customer"] == ["warning"]


async def test_a_question_that_comes_later_waits_for_others_and_is_asked_for_alone(site: Customers) -> None:
    await fine(site, question())
    assert len(await hours(site, 3.1)) == 1
    await site.desk.take(question(name="CL-2", minutes=3 * 60 + 6))
    late = SETTLES / timedelta(hours=1)
    assert len(await hours(site, late - 0.1)) == 1
    letters = await hours(site, 0.1)
    assert len(letters) == 2 and "CL-2" in letters[-1] and "CL-1" not in letters[-1]


@pytest.mark.parametrize(
    "end", [question(2, ANSWERED), question(2, WITHDRAWN), withdrawn(), gap(2, None, Standing.KEPT)]
)
async def test_what_is_answered_withdrawn_or_over_is_never_asked_for(site: Customers, end: Message) -> None:
    await fine(site, question(), end)
    assert await hours(site, 4) == [] and await asked_of(site) == []
    assert await hours(site, 4) == [] and await owner_mails(site) == []


async def test_what_is_answered_while_the_letter_waits_is_left_out_and_the_rest_is_asked_for(site: Customers) -> None:
    await fine(site, question(), question(name="CL-2"))
    site.desk.clock.advance(BEFORE + timedelta(minutes=1))
    await chaser(site).once()
    await site.desk.take(question(2, ANSWERED))
    await site.desk.send()
    assert site.letters() == [] and await asked_of(site) == [("suppressed", "superseded")]
    [letter] = await hours(site, 0.1)
    assert "CL-2" in letter and "CL-1" not in letter


async def test_by_several_processes_at_once_they_are_asked_for_once(site: Customers) -> None:
    await fine(site, question())
    site.desk.clock.advance(BEFORE)
    await asyncio.gather(*(chaser(site).once() for _ in range(4)))
    assert await asked_of(site) == [("pending", "question_open")]


@pytest.mark.parametrize(
    ("reached", "reason"), [({"consent": False}, "no_consent"), ({"purposes": ["updates"]}, "purpose_not_wanted")]
)
async def test_who_wants_no_such_letter_gets_none_until_they_do_and_the_owner_hears(
    site: Customers, reached: dict[str, Any], reason: str
) -> None:
    await fine(site, question(), **reached)
    assert await hours(site, 3.1) == [] and await asked_of(site) == [("suppressed", reason)]
    assert await hours(site, 2.1) == [] and await owner_mails(site) == [["Still open: CL-1: <which> door?"]]
    await site.desk.take(contact(version=2))
    assert len(await hours(site, 0.1)) == 1


async def test_customers_are_left_in_peace_in_their_quiet_hours_and_above_the_daily_cap(site: Customers) -> None:
    await fine(site, question(), quiet="08:00-10:30")
    # 10:01 in New York.
    assert await hours(site, 3.02) == [] and await asked_of(site) == []
    assert await hours(site, 0.4, Rules(daily_cap=0, quiet=quiet_hours("none"))) == []
    assert await hours(site, 0.1, Rules(daily_cap=0)) == [] and await asked_of(site) == []
    assert len(await hours(site, 0)) == 1


async def test_the_owner_hears_once_of_what_is_still_open_after_that(site: Customers) -> None:
    await fine(site, question(), question(name="CL-2"))
    await hours(site, 3.1)
    await site.desk.take(question(2, ANSWERED))
    await hours(site, 1.9)
    assert await owner_mails(site) == []
    for _ in range(2):
        await hours(site, 0.2)
        assert await owner_mails(site) == [["Still open: CL-2: <which> door?"]]
    await site.desk.take(question(2, WITHDRAWN, "CL-2"))
    assert await owner_mails(site) == [[]]


async def test_an_erasure_ends_the_letter(site: Customers) -> None:
    await fine(site, question())
    site.desk.clock.advance(BEFORE)
    await chaser(site).once()
    await site.desk.take(erased())
    await site.desk.end_erasures()
    assert await hours(site, 1) == [] and await site.desk.notices() == []
