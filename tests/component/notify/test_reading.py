"""The read model: versions decide, order of arrival does not, and what is unknown is not made up."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from candor.contracts import Message, PromiseRestated, PromiseSettled, PromiseState, Standing, Verdict
from candor.messaging.consumer import Work
from candor.store.unit_of_work import unit_of_work
from notify_svc.handlers import NotifyHandler
from notify_svc.store import read_model
from tests.support.clocks import NOON
from tests.support.notify import (
    DUE,
    FINE,
    LATE,
    Desk,
    assigned,
    contact,
    departed_late,
    erased,
    event,
    gap,
    promise,
    removed,
    revised,
    withdrawn,
)


async def known(desk: Desk, name: str = "p1") -> read_model.PromiseRecord:
    async with unit_of_work(desk.database) as uow:
        return (await read_model.promises(uow, [name]))[name]


async def customer(desk: Desk, name: str = "c1") -> read_model.Customer:
    async with unit_of_work(desk.database) as uow:
        return (await read_model.customers(uow, [name]))[name]


async def test_a_promise_is_read_as_it_was_made(desk_: Desk) -> None:
    made = promise(tolerance_s=900, deliverer="team north", accepted=False, what="A  move\n of boxes")
    await desk_.take(made)
    found = (await known(desk_)).promise
    assert found is not None
    assert (found.what, found.held_due, found.tolerance) == ("A move of boxes", DUE, timedelta(minutes=15))
    assert (found.deliverer, found.accepted, found.event_id) == ("team north", False, made.envelope.id)


async def test_the_newest_version_of_a_promise_stands(desk_: Desk) -> None:
    later = revised(DUE + timedelta(days=1))
    await desk_.take(promise(), later, promise())
    await desk_.take(promise())
    found = await known(desk_)
    assert found.promise is not None
    assert (found.promise_version, found.promise.held_due) == (2, DUE + timedelta(days=1))
    assert found.promise.event_id == later.envelope.id


async def test_who_delivers_follows_the_hand_off(desk_: Desk) -> None:
    asked, taken = assigned("team north", accepted=False), assigned("team north", version=3)
    await desk_.take(promise(), asked)
    found = (await known(desk_)).promise
    assert found is not None
    assert (found.deliverer, found.accepted, found.held_due) == ("team north", False, DUE)
    await desk_.take(taken, asked)
    found = (await known(desk_)).promise
    assert found is not None
    assert (found.deliverer, found.accepted) == ("team north", True)


@pytest.mark.parametrize(
    ("state", "ended", "withdrawn_", "disputed"),
    [
        (PromiseState.MADE, None, False, False),
        (PromiseState.KEPT, Standing.KEPT, False, False),
        (PromiseState.BROKEN, Standing.BROKEN, False, False),
        (PromiseState.DISPUTED, None, False, True),
        (PromiseState.WITHDRAWN, None, True, False),
    ],
)
async def test_a_promise_that_is_restated_is_what_the_event_says_and_nothing_of_before(
    desk_: Desk, state: PromiseState, ended: Standing | None, withdrawn_: bool, disputed: bool
) -> None:
    held = DUE + timedelta(days=1)
    late = event(
        PromiseRestated(promise_id="p1", customer_id="c1", state=state, latest_due=held, held_due=held), version=4
    )
    verdict = event(PromiseSettled("p1", "c1", Verdict.BROKEN, DUE), version=2)
    await desk_.take(promise(), verdict, withdrawn(version=3), late)
    found = (await known(desk_)).promise
    assert found is not None
    assert (found.ended, found.withdrawn, found.disputed) == (ended, withdrawn_, disputed)
    assert (found.held_due, found.event_id) == (held, late.envelope.id)
    await desk_.take(withdrawn(version=3))
    again = (await known(desk_)).promise
    assert again == found


async def test_a_promise_that_was_withdrawn_and_is_restated_as_kept_in_one_batch_calls_nothing_off(
    desk_: Desk,
) -> None:
    late = event(
        PromiseRestated(promise_id="p1", customer_id="c1", state=PromiseState.KEPT, latest_due=DUE, held_due=DUE),
        version=3,
    )
    await desk_.take(promise(), contact(), gap(1, LATE))
    await desk_.later(5)
    before = await desk_.states()
    await desk_.take(withdrawn(), late, tick=True)
    assert [found for found in await desk_.states() if found[0] == "cancelled"] == []
    assert len(before) == 1


async def test_a_date_that_was_only_told_moves_nothing(desk_: Desk) -> None:
    made = promise()
    await desk_.take(made, revised(DUE))
    found = (await known(desk_)).promise
    assert found is not None
    assert found.event_id == made.envelope.id


async def test_a_change_of_a_promise_that_was_never_read_is_left(desk_: Desk) -> None:
    await desk_.take(revised(DUE), withdrawn(version=3))
    assert await desk_.database.pool.fetchval("SELECT count(*) FROM promise WHERE promise IS NOT NULL") == 0
    await desk_.take(promise())
    assert (await known(desk_)).promise_version == 1


@pytest.mark.parametrize("order", [(1, 2, 3), (3, 2, 1), (2, 3, 1), (1, 3, 2)])
async def test_the_newest_gap_stands_whatever_came_last(desk_: Desk, order: tuple[int, ...]) -> None:
    for version in order:
        await desk_.take(gap(version, LATE if version == 3 else FINE))
    found = await known(desk_)
    assert found.gap is not None
    assert found.gap.forecast is not None
    assert (found.gap_version, found.gap.forecast.p_slip) == (3, LATE.p_slip)


async def test_a_gap_is_read_with_its_facts(desk_: Desk) -> None:
    await desk_.take(gap(1, facts=[departed_late()]))
    found = (await known(desk_)).gap
    assert found is not None
    [fact] = found.facts
    assert (fact.kind, fact.event_id, fact.minutes, fact.public_reason) == (
        "milestone_late",
        "ev-d",
        47,
        "late inbound aircraft",
    )


async def test_the_newest_contact_stands_and_a_removed_one_stays_removed(desk_: Desk) -> None:
    first, second = contact(), contact(version=2, email="sam@customer.example")
    await desk_.take(second, first)
    assert (await customer(desk_)).contact_version == 2
    await desk_.take(removed(version=3), second, first)
    assert (await customer(desk_)).sealed is None


async def test_a_disputed_promise_is_left_to_people(desk_: Desk) -> None:
    disputed = event(PromiseSettled("p1", "c1", Verdict.DISPUTED, NOON), 2)
    await desk_.take(promise(), contact(), disputed, gap(1))
    await desk_.later(5)
    assert await desk_.states() == [("warning", "suppressed", "disputed")]
    kept = event(PromiseSettled("p1", "c1", Verdict.BROKEN, NOON), 3)
    await desk_.take(kept, gap(2, None, Standing.BROKEN))
    assert (await desk_.states())[-1] == ("warning", "pending", "not_kept")


async def test_a_gap_of_somebody_forgotten_makes_no_new_row(desk_: Desk) -> None:
    await desk_.take(promise(), erased())
    await desk_.take(gap(1, at=NOON + timedelta(days=2)))
    assert await desk_.database.pool.fetchval("SELECT count(*) FROM promise") == 0


async def test_what_is_due_is_only_looked_at_by_the_owner_of_its_partition(desk_: Desk) -> None:
    await desk_.take(promise(), contact(), gap(1))
    desk_.clock.advance(timedelta(minutes=5))
    handler = NotifyHandler(desk_.speaker, desk_.clock, lambda _: 0.0)
    async with unit_of_work(desk_.database) as uow:
        await handler.apply(uow, [Work(1, [])], tick=True)
    assert await desk_.states() == []
    async with unit_of_work(desk_.database) as uow:
        await handler.apply(uow, [Work(0, [])], tick=True)
    assert await desk_.states() == [("warning", "pending", "slip_held")]


async def test_freshness_is_told_for_each_partition_on_a_tick(desk_: Desk) -> None:
    desk_.lag = float("inf")
    await desk_.take(tick=True)
    rows = await desk_.database.pool.fetch("SELECT partition, lag_seconds FROM freshness")
    assert [tuple(row) for row in rows] == [(0, 1e9)]


async def test_a_handler_that_rolls_back_leaves_nothing(desk_: Desk) -> None:
    handler = NotifyHandler(desk_.speaker, desk_.clock, lambda _: 0.0)

    async def undone() -> None:
        async with unit_of_work(desk_.database) as uow:
            await handler.apply(uow, [Work(0, [promise(), contact(), gap(1)])], tick=True)
            raise LookupError("on purpose")

    with pytest.raises(LookupError):
        await undone()
    assert await desk_.database.pool.fetchval("SELECT count(*) FROM promise") == 0
    await desk_.warned()
    assert len(await desk_.states()) == 1


def stream(count: int) -> list[Message]:
    found: list[Message] = []
    for number in range(count):
        name = f"p{number}"
        found += [promise(name, name), contact(name), gap(1, name=name, customer=name)]
    return found


async def test_a_batch_says_the_same_as_its_events_one_by_one(desk_: Desk) -> None:
    events = stream(6)
    await desk_.take(*events[:9])
    for item in events[9:]:
        await desk_.take(item)
    await desk_.later(5)
    states = await desk_.states()
    assert states == [("warning", "pending", "slip_held")] * 6


async def test_evidence_is_kept_with_the_notice(desk_: Desk) -> None:
    at = datetime(2013, 3, 8, 12, tzinfo=UTC)
    await desk_.take(promise(), contact(), gap(1, at=at))
    await desk_.later(5)
    evidence: dict[str, Any] = msgspec.json.decode((await desk_.notices())[0]["evidence"])
    assert evidence["decision"]["since"] == at.isoformat()
    assert {item["says"] for item in evidence["support"]} == {"promised", "slip_held", "range"}
