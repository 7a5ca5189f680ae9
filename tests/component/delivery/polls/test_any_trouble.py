"""Whatever goes wrong between us and another system, in whatever order, every shipment is found, and found once."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
from starlette.responses import Response

from candor.clients.pages import Asked, Page
from candor.intake.polling import book
from candor.store.unit_of_work import unit_of_work
from tests.component.delivery.polls.conftest import NOW, Desk
from tests.component.delivery.reports import new
from tests.support.stand_in import raw, status

pytestmark = pytest.mark.asyncio(loop_scope="session")
FAULTS: tuple[Callable[[], Awaitable[Response] | Response], ...] = (
    status(429, retry_after="9"),
    status(429, x_ratelimit_reset="5"),
    status(500),
    status(503),
    status(400),
    status(401),
    status(302, location="http://127.0.0.1:1/"),
    raw(b"<html>"),
    raw(b'{"data": {}}'),
    raw(b'{"data": {"trackings": [{"id": 1}]}}'),
)


async def killed_midway(desk: Desk) -> None:
    """A process that takes a page's events and ends before it moves the cursor; its lease runs out."""
    await desk.api.intake.database.pool.execute("UPDATE poll SET due = now() WHERE name = $1", desk.name)
    async with unit_of_work(desk.api.intake.database) as uow:
        asked = await book.claim(uow, desk.name, book.Terms(900, 600, 86_400, 10_000), "killed")
    if asked is None:
        return
    poller, faults = desk.poller(), list(desk.there.faults)
    desk.there.faults.clear()
    try:
        page = await poller._client(desk.name, desk.poll()).page(asked)
    finally:
        desk.there.faults.extend(faults)
    some = page._replace(bodies=page.bodies[: len(page.bodies) // 2])
    await poller._taken(desk.name, desk.poll(), some)
    await desk.api.intake.database.pool.execute("UPDATE poll SET held_until = now() WHERE name = $1", desk.name)


async def found(desk: Desk, mark: str) -> list[tuple[str, str]]:
    query = "SELECT promise_id, milestone FROM parked WHERE promise_id LIKE $1"
    return [(row["promise_id"], row["milestone"]) for row in await desk.api.rows(query, f"PR-{mark}-%")]


@pytest.mark.parametrize("seed", range(4))
async def test_all_are_found_once(desk: Desk, seed: int) -> None:
    chance, mark, told = random.Random(seed), new(f"seed{seed}"), set[tuple[str, str]]()
    shipments: dict[str, dict[str, Any]] = {}
    for turn in range(45):
        for _ in range(chance.randrange(4)):
            # Each change is a minute later than all before it; some are shown late, within the overlap.
            name, tag = f"{mark}-{chance.randrange(25)}", chance.choice(("InTransit", "OutForDelivery", "Delivered"))
            if (f"PR-{name}", tag) not in {(f"PR-{one}", said["tag"]) for one, said in shipments.items()}:
                minutes = 120 - turn - chance.random()
                shipments[name] = desk.put(name, minutes, tag)
        what = chance.random()
        if what < 0.35:
            desk.there.faults.append(chance.choice(FAULTS))
            await desk.step()
            desk.there.faults.clear()
        elif what < 0.5 and turn:
            await killed_midway(desk)
        elif what < 0.7 and shipments:
            answer = await desk.webhook(shipments[chance.choice(sorted(shipments))])
            assert answer.status_code == 202
        else:
            await desk.run()
    # The first may end a run that began long ago; what changed meanwhile is for the next.
    await desk.run()
    last = await desk.run()
    told = {
        (f"PR-{name}", {"InTransit": "in transit", "OutForDelivery": "out for delivery"}.get(one["tag"], "delivered"))
        for name, one in shipments.items()
    }
    seen = await found(desk, mark)
    assert told <= set(seen), f"seed {seed}"
    by_state = await desk.api.rows(
        "SELECT promise_id, milestone, at, count(*) AS times FROM parked WHERE promise_id LIKE $1"
        " GROUP BY 1, 2, 3 HAVING count(*) > 1",
        f"PR-{mark}-%",
    )
    assert by_state == [], f"seed {seed}"
    assert (last["failures"], last["page"], last["refused"]) == (0, "", 0)


async def test_where_a_search_ends_early_the_run_begins_anew_from_the_latest_change(desk: Desk) -> None:
    terms = book.Terms(900, 600, 86_400, 100)
    database = desk.api.intake.database

    async def page(late: float, following: str | None) -> dict[str, Any]:
        await database.pool.execute("UPDATE poll SET due = now() WHERE name = $1", desk.name)
        async with unit_of_work(database) as uow:
            assert await book.claim(uow, desk.name, terms, "me") is not None
            given = Page([], NOW - timedelta(minutes=late), following)
            assert await book.taken(uow, desk.name, terms, "me", given, book.Counts(1, 2, 3))
        return await desk.row()

    first = await page(50, "100")
    start = first["since"]
    assert (first["page"], first["ended_at"]) == ("100", None)
    anew = await page(40, "")
    assert (anew["page"], anew["since"], anew["ended_at"]) == ("", NOW - timedelta(minutes=40), None)
    assert anew["since"] > start
    within = await page(30, "7")
    assert within["since"] == NOW - timedelta(minutes=40)
    # An older page changes nothing about how far we are.
    over = await page(45, None)
    assert (over["reached"], over["since"]) == (NOW - timedelta(minutes=30), NOW - timedelta(minutes=40))
    assert (over["new"], over["known"], over["refused"]) == (4, 8, 12)
    assert over["ended_at"] is not None


async def test_a_run_that_finds_nothing_goes_back_no_further(desk: Desk) -> None:
    first = await desk.run()
    assert (first["reached"], first["ended_at"] is not None) == (None, True)
    again = await desk.run()
    assert again["since"] == first["since"]
    [(_, path, query, _), (_, _, same, _)] = desk.there.asked
    assert path == "/tracking/2026-01/trackings"
    assert query == same
    assert Asked(first["since"]).page == ""
