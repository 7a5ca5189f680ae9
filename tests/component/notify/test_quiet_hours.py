"""Quiet hours of customers: what is due in them is decided anew when they end."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest_asyncio

from notify_svc.domain.facts import Rules
from notify_svc.domain.quiet import quiet_hours
from tests.support.clocks import NOON
from tests.support.notify import DUE, FINE, LATE, Desk, contact, desk, gap, prepare, promise
from tests.support.servers import Databases

# NOON is 7 in the morning in New York, where the customer is; the promise is due at 13:00 there.
QUIET = Rules(quiet=quiet_hours("21:00-08:00"))
WAITING = ("warning", "suppressed", "quiet_hours")


@pytest_asyncio.fixture(loop_scope="session")
async def quiet(databases: Databases, tmp_path: Path) -> AsyncIterator[Desk]:
    url = await databases.fresh(prepare)
    async with desk(url, tmp_path, rules=QUIET) as found:
        yield found
    await databases.drop(url)


async def test_a_warning_waits_for_the_morning_and_goes_out_then(quiet: Desk) -> None:
    await quiet.take(promise(), contact(), gap(1))
    await quiet.later(5)
    assert await quiet.states() == [WAITING]
    await quiet.later(54)
    assert await quiet.send() == 0
    await quiet.later(1)
    assert await quiet.send() == 1
    assert len(quiet.received()) == 1
    assert await quiet.states() == [WAITING, ("warning", "sent", "delivered")]


async def test_what_is_no_longer_so_in_the_morning_is_not_told(quiet: Desk) -> None:
    await quiet.take(promise(), contact(), gap(1))
    await quiet.later(5)
    await quiet.later(30, gap(2, FINE, at=NOON + timedelta(minutes=35)))
    await quiet.later(40)
    assert await quiet.send() == 0
    assert await quiet.states() == [WAITING]


async def test_a_warning_that_would_come_too_late_does_not_wait(quiet: Desk) -> None:
    soon = NOON + timedelta(minutes=90)
    await quiet.take(promise(held_due=soon, latest_due=soon, first_due=soon), contact(), gap(1, due=soon))
    await quiet.later(5)
    assert await quiet.send() == 1


async def test_a_contact_has_hours_of_its_own_or_none(quiet: Desk) -> None:
    await quiet.take(promise(), contact(quiet="none"), gap(1))
    await quiet.take(promise("p2", "c2"), contact("c2", quiet="06:30-09:00"), gap(1, name="p2", customer="c2"))
    await quiet.later(5)
    assert await quiet.send() == 1
    await quiet.later(60)
    assert await quiet.send() == 0
    await quiet.later(60)
    assert await quiet.send() == 1


async def test_what_the_night_overtook_on_its_way_waits_too(databases: Databases, tmp_path: Path) -> None:
    url = await databases.fresh(prepare)
    async with desk(url, tmp_path, rules=Rules(quiet=quiet_hours("07:30-08:30"))) as found:
        await found.take(promise(), contact(), gap(1, LATE))
        await found.later(5)
        assert await found.states() == [("warning", "pending", "slip_held")]
        found.clock.advance(timedelta(minutes=30))
        assert await found.send() == 1
        assert found.received() == []
        assert ("warning", "suppressed", "quiet_hours") in await found.states()
        await found.later(60)
        assert await found.send() == 1
        assert len(found.received()) == 1
    await databases.drop(url)


def test_the_promise_is_due_in_the_customers_afternoon() -> None:
    assert timedelta(hours=6) == DUE - NOON
