"""An erasure reaches what was sent about a customer: by promise, by its name elsewhere, or by a result alone."""

from __future__ import annotations

from typing import Any

from candor.intake.requests.erasing import StoredRequests
from candor.store.erasing import begin
from candor.store.unit_of_work import unit_of_work
from delivery_svc.store import erasures
from tests.component.delivery.reports import end_erasures, erased, hear, known, milestone, moment, new, referring
from tests.support.api import Api
from tests.support.clocks import NOON


async def report(api: Api, data: dict[str, Any]) -> str:
    """A report by webhook; the id of its stored request."""
    name = new("evt")
    assert (await api.webhook("milestone.reported", data, webhook_id=name)).status_code == 202
    vault = api.intake.arrivals.vault
    for row in await api.rows("SELECT request_id, sealed FROM request ORDER BY received_at DESC"):
        content = vault.open(row["sealed"])
        if content is not None and content.webhook_id == name:
            return str(row["request_id"])
    raise AssertionError(name)


async def left(api: Api, *ids: str) -> list[str]:
    rows = await api.rows("SELECT request_id FROM request WHERE request_id = ANY($1::text[])", list(ids))
    there = {row["request_id"] for row in rows}
    return [one for one in ids if one in there]


async def test_all_that_names_the_customers_promise_goes_and_nothing_else(delivery_api: Api) -> None:
    reference, other = new("ref"), new("ref")
    promise_id, customer_id = await known(delivery_api, reference)
    stranger, _ = await known(delivery_api, other)
    taken = await report(delivery_api, milestone(promise_id))
    refused = await report(delivery_api, milestone(promise_id, status="redated"))
    unread = [
        await report(delivery_api, one | {"status": "huh"}) for one in (milestone(promise_id), referring(reference))
    ]
    by_name = await report(delivery_api, referring(reference))
    parked = await report(delivery_api, milestone(new("p")))
    others = [await report(delivery_api, one) for one in (milestone(stranger), referring(other))]
    garbage = await report(delivery_api, {"milestone": 7, "at": moment(0)})
    await hear(delivery_api, erased(customer_id))
    await end_erasures(delivery_api)
    found = await left(delivery_api, taken, refused, *unread, by_name, parked, *others, garbage)
    assert found == [parked, *others, garbage]


async def test_a_customer_with_many_requests_is_erased_a_few_at_a_time(delivery_api: Api) -> None:
    promise_id, customer_id = await known(delivery_api)
    ids = [await report(delivery_api, milestone(promise_id, -60 + n, milestone=f"step-{n}")) for n in range(7)]
    async with unit_of_work(delivery_api.intake.database) as uow:
        mark = await begin(uow, customer_id, 1, NOON)
        steps = [await StoredRequests().step(uow, mark, 3) for _ in range(3)]
        assert [step.more for step in steps] == [True, True, False]
        await uow.connection.execute("DELETE FROM erasure WHERE customer_id = $1", customer_id)
    assert await left(delivery_api, *ids) == []


async def test_what_comes_after_the_mark_stays(delivery_api: Api) -> None:
    promise_id, customer_id = await known(delivery_api)
    before = await report(delivery_api, milestone(promise_id))
    async with unit_of_work(delivery_api.intake.database) as uow:
        mark = await begin(uow, customer_id, 1, NOON)
        # Else the service's own background would do what is tried here.
        await uow.connection.execute("DELETE FROM erasure WHERE customer_id = $1", customer_id)
    after = await report(delivery_api, milestone(promise_id, milestone="later"))
    async with unit_of_work(delivery_api.intake.database) as uow:
        assert not (await StoredRequests().step(uow, mark, 100)).more
    assert await left(delivery_api, before, after) == [after]


async def test_a_promise_that_is_ended_when_it_is_heard_of_again_takes_its_requests_along(delivery_api: Api) -> None:
    promise_id, customer_id = await known(delivery_api)
    mine = await report(delivery_api, milestone(promise_id))
    async with unit_of_work(delivery_api.intake.database) as uow:
        await begin(uow, customer_id, 1, NOON)
        assert await erasures.end_doomed(uow, [promise_id])
        await uow.connection.execute("DELETE FROM erasure WHERE customer_id = $1", customer_id)
    assert await left(delivery_api, mine) == []
