"""Reports that come before their promise: in sight while they wait, and never stuck."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from candor.intake import Origin, Submission
from candor.store.receipts import Answer
from candor.store.tally import Counting
from candor.store.unit_of_work import unit_of_work
from candor.web.http.problems import Problem
from delivery_svc.domain import MilestoneStatus, Report
from delivery_svc.handlers import PromisesHandler
from delivery_svc.service import matching
from delivery_svc.service.use_cases import UseCases
from delivery_svc.store import parked_rows, promise_rows
from tests.component.delivery.reports import (
    code,
    end_erasures,
    erased,
    hear,
    known,
    look,
    made,
    milestone,
    new,
    parked,
    referring,
    sent,
)
from tests.support.api import Api
from tests.support.clocks import NOON


async def report(api: Api, body: dict[str, Any]) -> dict[str, Any]:
    answer = await api.call("POST", "/v1/milestones", body)
    assert answer.status_code == 202, answer.text
    document: dict[str, Any] = answer.json()
    return document


async def test_a_report_without_its_promise_waits_in_sight(delivery_api: Api) -> None:
    promise_id = new("p")
    answer = await report(delivery_api, milestone(promise_id, reason="gate closed"))
    assert (answer["state"], answer["waits_for"]) == ("parked", "awaiting_promise")
    assert "has not heard of this promise yet" in answer["detail"]
    assert "need not be sent again" in answer["detail"]
    (item,) = await parked(delivery_api, promise_id=promise_id)
    assert (item["parked_id"], item["detail"]) == (answer["parked_id"], answer["detail"])
    assert (item["waits_for"], item["reason"], item["source"]) == ("awaiting_promise", "gate closed", "test-admin")


async def test_a_promise_that_comes_later_takes_what_waits(delivery_api: Api) -> None:
    promise_id, customer_id, name = new("p"), new("c"), new("UA 1")
    await report(delivery_api, milestone(promise_id, -10, milestone="arrived"))
    by_name = await report(delivery_api, referring(name, -50, milestone="departed"))
    assert by_name["waits_for"] == "awaiting_reference"
    assert f"POST /v1/parked/{by_name['parked_id']}/match" in by_name["detail"]
    await hear(delivery_api, made(promise_id, customer_id, name))
    messages = await sent(delivery_api, customer_id)
    assert [message.envelope.version for message in messages] == [1, 2]
    assert [message.data.milestone for message in messages] == ["departed", "arrived"]  # type: ignore[attr-defined]
    assert await parked(delivery_api, promise_id=promise_id) == []


async def test_hearing_of_a_promise_again_changes_nothing(delivery_api: Api) -> None:
    promise_id, customer_id = await known(delivery_api, name := new("UA 1"))
    await report(delivery_api, milestone(promise_id))
    await hear(delivery_api, made(promise_id, customer_id, name), made(promise_id, customer_id, name))
    await report(delivery_api, referring(name))
    assert [message.envelope.version for message in await sent(delivery_api, customer_id)] == [1, 2]


async def test_a_reference_of_two_promises_is_never_guessed(delivery_api: Api) -> None:
    name = new("UA 1")
    (first, customer), (second, _) = await known(delivery_api, name), await known(delivery_api, name)
    answer = await report(delivery_api, referring(name))
    assert answer["waits_for"] == "ambiguous_reference"
    matched = await delivery_api.call("POST", f"/v1/parked/{answer['parked_id']}/match", {"promise_id": first})
    assert matched.json() == {"state": "matched", "promise_id": first, "matched": 1, "rejected": 0}
    assert len(await sent(delivery_api, customer)) == 1
    assert second != first


async def test_two_promises_with_one_reference_in_one_batch_leave_it_to_a_person(delivery_api: Api) -> None:
    name = new("UA 1")
    answer = await report(delivery_api, referring(name))
    await hear(delivery_api, made(new("p"), new("c"), name), made(new("p"), new("c"), name))
    items = [item for item in await parked(delivery_api) if item["parked_id"] == answer["parked_id"]]
    assert [item["waits_for"] for item in items] == ["ambiguous_reference"]


async def test_a_match_by_hand_teaches_the_reference(delivery_api: Api) -> None:
    name = new("UA 1")
    promise_id, customer_id = await known(delivery_api)
    waiting = [await report(delivery_api, referring(name, -number)) for number in (30, 20, 10)]
    matched = await delivery_api.call("POST", f"/v1/parked/{waiting[1]['parked_id']}/match", {"promise_id": promise_id})
    assert matched.json()["matched"] == 3
    assert (await report(delivery_api, referring(name)))["state"] == "matched"
    assert len(await sent(delivery_api, customer_id)) == 4


async def test_a_match_by_hand_checks_what_it_is_given(delivery_api: Api) -> None:
    answer = await report(delivery_api, milestone(new("p")))
    path = f"/v1/parked/{answer['parked_id']}/match"
    unknown = await delivery_api.call("POST", path, {"promise_id": new("p")})
    assert unknown.status_code == 422
    assert unknown.json()["errors"][0]["pointer"] == "/promise_id"
    promise_id, _ = await known(delivery_api)
    nothing = await delivery_api.call("POST", f"/v1/parked/{new('x')}/match", {"promise_id": promise_id})
    assert (nothing.status_code, code(nothing)) == (404, "not_found")
    assert (await delivery_api.call("POST", path, {"promise_id": promise_id})).status_code == 200
    again = await delivery_api.call("POST", path, {"promise_id": promise_id})
    assert again.status_code == 404


async def test_a_match_that_would_open_a_finished_step_needs_a_correction(delivery_api: Api) -> None:
    promise_id, customer_id = await known(delivery_api)
    await report(delivery_api, milestone(promise_id, -60))
    answer = await report(delivery_api, referring(new("UA 1"), -30, status="started"))
    path = f"/v1/parked/{answer['parked_id']}/match"
    refused = await delivery_api.call("POST", path, {"promise_id": promise_id})
    assert (refused.status_code, code(refused)) == (409, "milestone_regressed")
    corrected = await delivery_api.call("POST", path, {"promise_id": promise_id, "correction": True})
    assert corrected.json()["matched"] == 1
    assert len(await sent(delivery_api, customer_id)) == 2


async def test_what_waited_and_contradicts_the_trail_is_kept_in_sight(delivery_api: Api) -> None:
    promise_id, customer_id, event = new("p"), new("c"), new("evt")
    await report(delivery_api, milestone(promise_id, -60))
    await report(delivery_api, milestone(promise_id, -30, status="started", event_id=event))
    await hear(delivery_api, made(promise_id, customer_id))
    assert len(await sent(delivery_api, customer_id)) == 1
    rejected = (await delivery_api.call("GET", "/v1/rejected", params={"limit": 200})).json()["items"]
    found = [item for item in rejected if item["event_id"] == event]
    assert [item["reason"] for item in found] == ["milestone_regressed"]
    assert await parked(delivery_api, promise_id=promise_id) == []


async def crossed(api: Api, promise_id: str, customer_id: str, body: dict[str, Any]) -> None:
    """The promise and the report arrive in two transactions of which neither sees the other."""
    async with unit_of_work(api.intake.database) as uow:
        await PromisesHandler().apply(uow, [], tick=False)
        await promise_rows.add_promises(
            uow, [(promise_id, customer_id, "[]", NOON)], [("ops", f"ref {promise_id}", promise_id)]
        )
        assert (await report(api, body))["state"] == "parked"


@pytest.mark.parametrize("named", [True, False])
async def test_transactions_that_pass_each_other_leave_nothing_stuck(delivery_api: Api, named: bool) -> None:
    promise_id, customer_id = new("p"), new("c")
    body = milestone(promise_id) if named else referring(f"ref {promise_id}")
    await crossed(delivery_api, promise_id, customer_id, body)
    assert await sent(delivery_api, customer_id) == []
    await look(delivery_api)
    assert len(await sent(delivery_api, customer_id)) == 1


async def test_the_round_finds_what_was_left_long_ago_some_a_transaction(
    delivery_api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(matching, "LOOK", 3)
    names = [(new("p"), new("c")) for _ in range(7)]
    for promise_id, customer_id in names:
        await crossed(delivery_api, promise_id, customer_id, milestone(promise_id))
    await delivery_api.intake.database.pool.execute("UPDATE parked SET parked_at = now() - interval '1 day'")
    await delivery_api.intake.database.pool.execute("UPDATE sweep SET place = 0")
    ids = [promise_id for promise_id, _ in names]
    waiting = "SELECT count(*) AS left FROM parked WHERE promise_id = ANY($1::text[])"
    left = [7]
    while left[-1]:
        await look(delivery_api)
        left.append((await delivery_api.rows(waiting, ids))[0]["left"])
        assert left[-2] - left[-1] <= 3
    for _, customer_id in names:
        assert len(await sent(delivery_api, customer_id)) == 1


async def test_the_round_passes_over_what_nobody_can_place_and_begins_anew_at_its_end(
    delivery_api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(matching, "LOOK", 3)
    for _ in range(7):
        await report(delivery_api, milestone(new("p")))
    await delivery_api.intake.database.pool.execute("UPDATE sweep SET place = 0")
    places = [0]
    while places[-1] or len(places) == 1:
        await look(delivery_api)
        places.append((await delivery_api.rows("SELECT place FROM sweep"))[0]["place"])
    assert len(places) > 3
    assert places[1:-1] == sorted(set(places[1:-1]))


async def test_a_promise_is_learnt_at_once_and_its_many_reports_by_and_by(
    delivery_api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(matching, "EACH", 2)
    monkeypatch.setattr(matching, "MOST", 3)
    promise_id, customer_id, name = new("p"), new("c"), new("UA 1")
    for minutes in range(-60, -50):
        await report(delivery_api, milestone(promise_id, minutes, milestone=f"step {minutes}"))
        await report(delivery_api, referring(name, minutes, milestone=f"named {minutes}"))
    await hear(delivery_api, made(promise_id, customer_id, name))
    passed = [len(await sent(delivery_api, customer_id))]
    assert passed[0] <= 3
    while await look(delivery_api):
        passed.append(len(await sent(delivery_api, customer_id)))
        # Three kinds of looking, each in a transaction of its own.
        assert passed[-1] - passed[-2] <= 9
    assert len(passed) > 2
    assert passed[-1] == 20
    assert await parked(delivery_api, promise_id=promise_id) == []
    assert await delivery_api.rows("SELECT * FROM arrival") == []


async def test_what_waits_is_counted_as_it_comes_and_goes(delivery_api: Api) -> None:
    database = delivery_api.intake.database
    counting = "SELECT source, waits_for, count(*) AS n FROM parked GROUP BY 1, 2"

    async def same() -> None:
        really = {(row["source"], row["waits_for"]): row["n"] for row in await delivery_api.rows(counting)}
        for most in (3, 10_000):
            async with unit_of_work(database) as uow:
                await parked_rows.TALLY.fold(uow, most)
                assert await parked_rows.TALLY.counts(uow) == really

    promise_id, name = new("p"), new("UA 1")
    for minutes in range(-60, -50):
        await report(delivery_api, milestone(promise_id, minutes, milestone=f"step {minutes}"))
    await report(delivery_api, referring(name))
    await same()
    await hear(delivery_api, made(new("p"), new("c"), name), made(new("p"), new("c"), name))
    await hear(delivery_api, made(promise_id, new("c")))
    await same()
    gauged: dict[str, float] = {}
    await Counting(
        database, parked_rows.TALLY, lambda counts: gauged.update({r: n for (_, r), n in counts.items()})
    ).count()
    assert gauged.get("ambiguous_reference", 0) >= 1


async def test_a_source_of_which_too_many_wait_is_refused_and_the_rest_of_the_batch_taken(delivery_api: Api) -> None:
    database, now = delivery_api.intake.database, delivery_api.intake.clock.now()
    promise_id, customer_id = await known(delivery_api)
    source = new("feed")

    def said(number: int, name: str) -> Submission[Any, Any]:
        command = Report(
            promise_id=name, reference=None, milestone=f"step {number}", status=MilestoneStatus.REACHED, at=now
        )
        return Submission("milestone.reported", command, Origin(new("e"), source, now), lambda _: Answer(202, b"{}"))

    few = UseCases(3, timedelta(days=1))
    batch = [said(n, promise_id if n == 4 else new("p")) for n in range(6)]
    async with unit_of_work(database) as uow:
        results = await few.apply(uow, batch)
    refused = [result.code for result in results if isinstance(result, Problem)]
    assert [isinstance(result, Problem) for result in results] == [False, False, False, True, False, True]
    assert refused == ["too_many_parked"] * 2
    assert len(await sent(delivery_api, customer_id)) == 1
    async with unit_of_work(database) as uow:
        (again,) = await few.apply(uow, [said(9, new("p"))])
        (other,) = await few.apply(uow, [replace(said(9, new("p")), origin=Origin(new("e"), new("feed"), now))])
    assert isinstance(again, Problem)
    assert again.status == 409
    assert not isinstance(other, Problem)


async def test_two_workers_and_two_people_pass_a_report_on_once(delivery_api: Api) -> None:
    promise_id, customer_id = new("p"), new("c")
    await crossed(delivery_api, promise_id, customer_id, milestone(promise_id))
    (item,) = await parked(delivery_api, promise_id=promise_id)
    path = f"/v1/parked/{item['parked_id']}/match"
    await asyncio.gather(
        look(delivery_api),
        look(delivery_api),
        delivery_api.call("POST", path, {"promise_id": promise_id}),
        delivery_api.call("POST", path, {"promise_id": promise_id}),
    )
    assert [message.envelope.version for message in await sent(delivery_api, customer_id)] == [1]


async def test_parked_reports_are_listed_in_pages_and_filtered(delivery_api: Api) -> None:
    promise_id = new("p")
    ids = [(await report(delivery_api, milestone(promise_id, -n)))["parked_id"] for n in (3, 2, 1)]
    found: list[str] = []
    path: str | None = f"/v1/parked?promise_id={promise_id}&limit=1&waits_for=awaiting_promise&source=test-admin"
    while path:
        page = await delivery_api.call("GET", path, role="viewer")
        found += [item["parked_id"] for item in page.json()["items"]]
        path = page.headers["link"][1:].partition(">")[0] if "link" in page.headers else None
    assert found == ids
    assert await parked(delivery_api, promise_id=promise_id, waits_for="awaiting_reference") == []
    assert await parked(delivery_api, promise_id=promise_id, system="ops") == []


async def test_an_erased_customer_leaves_nothing_here(delivery_api: Api) -> None:
    name = new("UA 1")
    promise_id, customer_id = await known(delivery_api, name)
    other_id, other = await known(delivery_api)
    event = new("evt")
    body = milestone(promise_id, event_id=event, reason="asked for a blanket")
    await report(delivery_api, body)
    await report(delivery_api, milestone(other_id))
    await hear(delivery_api, erased(customer_id))
    await end_erasures(delivery_api)
    assert await sent(delivery_api, customer_id) == []
    assert len(await sent(delivery_api, other)) == 1
    for table in ("promise", "reference", "milestone"):
        assert await delivery_api.rows(f"SELECT * FROM {table} WHERE promise_id = $1", promise_id) == []
    again = await delivery_api.call("POST", "/v1/milestones", body)
    assert (again.status_code, code(again)) == (409, "erased")


async def test_a_promise_made_and_erased_in_one_batch_is_gone(delivery_api: Api) -> None:
    promise_id, customer_id = new("p"), new("c")
    await report(delivery_api, milestone(promise_id))
    await hear(delivery_api, made(promise_id, customer_id), erased(customer_id))
    await end_erasures(delivery_api)
    assert await sent(delivery_api, customer_id) == []
    assert await delivery_api.rows("SELECT * FROM promise WHERE promise_id = $1", promise_id) == []


async def test_until_its_rows_are_gone_an_erased_promise_is_nowhere_taken_for_a_living_one(delivery_api: Api) -> None:
    customer_id, name = new("c"), new("UA 1")
    ids = [new("p") for _ in range(7)]
    await hear(delivery_api, *(made(promise_id, customer_id, name) for promise_id in ids))
    for promise_id in ids:
        for minutes in (-30, -20, -10):
            await report(delivery_api, milestone(promise_id, minutes, milestone=f"step {minutes}"))
    await hear(delivery_api, erased(customer_id))
    assert (await report(delivery_api, milestone(ids[0], -5)))["waits_for"] == "awaiting_promise"
    assert (await report(delivery_api, referring(name)))["waits_for"] == "awaiting_reference"
    # A copy of what was said before the erasure.
    await hear(delivery_api, made(ids[1], customer_id, name))
    other = new("c")
    await hear(delivery_api, made(ids[2], other))
    # The service's own eraser may have begun, or done it all.
    await end_erasures(delivery_api, 2)
    count = "SELECT promise_id FROM {} WHERE promise_id = ANY($1::text[])"
    assert [row["promise_id"] for row in await delivery_api.rows(count.format("promise"), ids)] == [ids[2]]
    for table in ("milestone", "reference"):
        assert await delivery_api.rows(count.format(table), ids) == []
    assert await sent(delivery_api, customer_id) == []
    assert await delivery_api.rows("SELECT FROM ingest WHERE key = $1", customer_id) == []


async def test_a_customer_who_comes_back_is_heard_of_again(delivery_api: Api) -> None:
    promise_id, customer_id = await known(delivery_api)
    await hear(delivery_api, erased(customer_id), made(promise_id, customer_id, time=NOON + timedelta(minutes=1)))
    await end_erasures(delivery_api)
    # The same word of the erasure again changes nothing.
    await hear(delivery_api, erased(customer_id))
    await end_erasures(delivery_api)
    assert (await report(delivery_api, milestone(promise_id)))["state"] == "matched"
