"""*Next update by* is a promise of ours: kept by a message in time, else broken, and counted."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from candor.contracts import Standing
from candor.store.unit_of_work import unit_of_work
from notify_svc.delivery.announced import Announced
from notify_svc.store import updates
from tests.support.clocks import NOON
from tests.support.customer_page import Customers
from tests.support.notify import FINE, contact, gap, withdrawn


async def named(site: Customers) -> datetime:
    """Until when the customer was told to hear next."""
    [row] = [row for row in await site.desk.notices() if row["next_update_by"] and not row["update_state"]]
    by: datetime = row["next_update_by"]
    return by


async def judged(site: Customers) -> list[str]:
    """What became of each next update, oldest first."""
    await Announced(site.desk.database, site.desk.clock).judge()
    return [row["update_state"] for row in await site.desk.notices() if row["next_update_by"]]


async def test_a_message_in_time_keeps_it(site: Customers) -> None:
    await site.warned()
    by = await named(site)
    assert await judged(site) == [""]
    site.desk.clock.set(by - timedelta(minutes=5))
    await site.desk.take(gap(2, None), tick=True)
    await site.desk.send()
    assert await judged(site) == ["", ""]
    site.desk.clock.set(by + timedelta(seconds=1))
    assert (await judged(site))[0] == "kept"


async def test_an_all_clear_in_time_keeps_it(site: Customers) -> None:
    await site.warned()
    by = await named(site)
    await site.desk.later(30, gap(2, FINE))
    await site.desk.send()
    site.desk.clock.set(by + timedelta(seconds=1))
    assert await judged(site) == ["kept"]


async def test_without_a_message_it_is_broken_which_the_page_says_and_staff_find(site: Customers) -> None:
    path = await site.warned()
    by = await named(site)
    site.desk.clock.set(by)
    assert await judged(site) == [""]
    site.desk.clock.set(by + timedelta(seconds=1))
    assert await judged(site) == ["broken"]
    text = (await site.customer.get(path)).text
    assert "That time has passed, and we have not written." in text
    assert "We named 1 time for a next message, and kept 0." in text
    found = (await site.staff.get("/v1/next-updates?update_state=broken")).json()["items"]
    assert [(one["promise_id"], one["update_state"]) for one in found] == [("p1", "broken")]
    assert (await site.staff.get("/v1/next-updates?update_state=kept")).json()["items"] == []
    assert (await site.staff.get("/v1/next-updates?update_state=late")).status_code == 422
    # A message after it does not mend it.
    await site.desk.take(gap(2, None), tick=True)
    await site.desk.send()
    assert (await judged(site))[0] == "broken"


@pytest.mark.parametrize("how", ["withdrawn", "done"])
async def test_what_was_over_by_then_needed_none(site: Customers, how: str) -> None:
    await site.warned()
    by = await named(site)
    if how == "withdrawn":
        await site.desk.take(withdrawn())
    else:
        await site.desk.take(gap(2, None, Standing.BROKEN, completed=by - timedelta(minutes=1)))
    site.desk.clock.set(by + timedelta(minutes=1))
    assert await judged(site) == ["not_needed"]


@pytest.mark.parametrize("how", ["stop", "stop/updates", "contact"])
async def test_who_wants_none_by_then_is_not_owed_one(site: Customers, how: str) -> None:
    path = await site.warned()
    by = await named(site)
    if how == "contact":
        await site.desk.take(contact(version=2, purposes=["warnings"]))
        site.desk.clock.set(by)
        await site.desk.take(gap(2, at=by), tick=True)
    else:
        # Judged before anything is decided again: their own word is enough.
        await site.customer.post(f"{path}/{how}")
    site.desk.clock.set(by + timedelta(minutes=1))
    assert await judged(site) == ["not_needed"]


async def test_who_leaves_warnings_is_still_owed_one(site: Customers) -> None:
    path = await site.warned()
    by = await named(site)
    await site.customer.post(f"{path}/stop/warnings")
    site.desk.clock.set(by + timedelta(minutes=1))
    assert await judged(site) == ["broken"]


async def test_a_message_of_unknown_fate_promises_nothing_and_keeps_nothing(site: Customers) -> None:
    await site.warned()
    by = await named(site)
    pool = site.desk.database.pool
    await site.desk.take(gap(2, None), tick=True)
    await pool.execute("UPDATE notice SET state = 'unknown', changed_at = $1 WHERE state = 'pending'", NOON)
    site.desk.clock.set(by + timedelta(days=9))
    await Announced(site.desk.database, site.desk.clock).judge()
    rows = await site.desk.notices()
    assert {(row["state"], row["update_state"]) for row in rows} <= {("sent", "broken"), ("unknown", "")}


_ADD = """
INSERT INTO notice (notice_id, customer_id, addressee, promise_id, episode, statement, state, reason, spoken_for,
  version, closing, next_update_by, subject, body, html, evidence, findings, gap_version, reply_to, decided_at,
  changed_at, audience, owner, traceparent, public_words)
VALUES ($1, 'c9', 'c9', 'p9', 1, 'update', 'sent', 'delivered', 'update_due', 1, false, $2, 's', 'b', '', '{}', '[]', 1,
  '', $3, $3, 'customer', 'no_owner', '', true)"""


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(st.integers(1, 300), st.none() | st.integers(1, 300)), min_size=1, max_size=8),
    st.integers(0, 3000),
    st.integers(1, 8),
)
async def test_each_time_is_judged_once_by_the_message_after_it_however_few_at_once(
    site: Customers, story: list[tuple[int, int | None]], now: int, most: int
) -> None:
    pool = site.desk.database.pool
    await pool.execute("DELETE FROM notice")
    at, sent = NOON, []
    for number, (pause, wait) in enumerate(story):
        at += timedelta(minutes=pause)
        by = at + timedelta(minutes=wait) if wait else None
        sent.append((at, by))
        await pool.execute(_ADD, f"n{number}", by, at)
    moment = NOON + timedelta(minutes=now)
    counted = 0
    while True:
        async with unit_of_work(site.desk.database) as uow:
            some = (await updates.judge(uow, moment, most)).total()
        if not some:
            break
        assert some <= most
        counted += some
    expected = []
    for place, (_, by) in enumerate(sent):
        if by is None or by >= moment:
            expected.append("")
        else:
            expected.append("kept" if any(later <= by for later, _ in sent[place + 1 :]) else "broken")
    rows = await pool.fetch("SELECT update_state FROM notice ORDER BY decided_at, seq")
    assert [row["update_state"] for row in rows] == expected
    assert counted == len([one for one in expected if one])
    async with unit_of_work(site.desk.database) as uow:
        tally = await updates.of_promise(uow, "p9")
    assert (tally.kept, tally.broken) == (expected.count("kept"), expected.count("broken"))
