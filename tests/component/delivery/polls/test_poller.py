"""Polls of another system: what webhooks lost is found once, in bounded pages, whatever goes wrong on the way."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Any

import pytest

from candor.clients.pages import Asked, Page
from candor.intake.polling import book
from candor.intake.polling.poller import LONGEST_WAIT, PollsFailingError, backoff
from candor.ops.metrics import REGISTRY
from candor.store.unit_of_work import unit_of_work
from tests.component.delivery.polls.conftest import NOW, Desk, sources
from tests.support.api import Api
from tests.support.stand_in import raw, status
from tests.support.waiting import until


async def reports(api: Api, name: str) -> list[dict[str, Any]]:
    return await api.rows("SELECT * FROM parked WHERE promise_id = $1 ORDER BY seq", f"PR-{name}")


def reconciled(name: str, outcome: str) -> float:
    return REGISTRY.get_sample_value("candor_reconciled_total", {"source": name, "outcome": outcome}) or 0.0


async def test_what_no_webhook_brought_is_found_and_what_one_did_is_known(desk: Desk) -> None:
    heard, lost = desk.put("heard-1", 40), desk.put("lost-1", 30)
    assert (await desk.webhook(heard)).json()["accepted"] == 1
    row = await desk.run()
    assert (row["new"], row["known"], row["refused"], row["failures"]) == (1, 1, 0, 0)
    assert (reconciled(desk.name, "new"), reconciled(desk.name, "known")) == (1.0, 1.0)
    [report] = await reports(desk.api, "lost-1")
    assert (report["source"], report["milestone"], report["at"]) == (
        "parcels",
        "in transit",
        datetime.fromisoformat(lost["updated_at"]),
    )
    assert len(await reports(desk.api, "heard-1")) == 1
    # The webhook comes after all, hours late.
    assert (await desk.webhook(lost)).json() == {"accepted": 0, "replayed": 1, "rejected": []}


async def test_a_second_run_finds_only_what_changed_since(desk: Desk) -> None:
    desk.put("again-1", 60)
    first = await desk.run()
    assert first["reached"] == NOW - timedelta(minutes=60)
    assert first["since"] == NOW - timedelta(minutes=70)
    desk.put("again-1", 5, "Delivered")
    # It was changed before the first run and shown only now: the overlap finds it.
    desk.put("hidden-1", 66)
    second = await desk.run()
    assert (second["new"], second["reached"]) == (3, NOW - timedelta(minutes=5))
    assert [one["milestone"] for one in await reports(desk.api, "again-1")] == ["in transit", "delivered"]
    third = await desk.run()
    assert (third["new"], third["since"]) == (3, NOW - timedelta(minutes=15))


async def test_pages_go_on_where_a_killed_process_was(desk: Desk) -> None:
    for number in range(35):
        desk.put(f"many-{number}", 300 - number)
    first = await desk.step()
    assert (first["page"], first["new"], first["ended_at"]) == ("10", 10, None)
    # Killed after the events of the second page were saved, and before its cursor was.
    async with unit_of_work(desk.api.intake.database) as uow:
        assert await book.claim(uow, desk.name, book.Terms(900, 600, 86_400, 300), "killed") is not None
    killed = desk.poller()
    page = await killed._client(desk.name, desk.poll()).page(Asked(first["since"], "10"))
    await killed._taken(desk.name, desk.poll(), page)
    assert not await desk.poller().step(desk.name, desk.poll())
    await desk.api.intake.database.pool.execute("UPDATE poll SET held_until = now() WHERE name = $1", desk.name)
    last = await desk.run()
    assert (last["new"], last["known"]) == (25, 10)
    assert (last["since"], last["ended_at"] is not None) == (NOW - timedelta(minutes=266 + 10), True)
    taken = await desk.api.rows("SELECT count(*) FROM parked WHERE promise_id LIKE 'PR-many-%'")
    assert taken[0]["count"] == 35


async def test_who_was_too_slow_moves_no_cursor(desk: Desk) -> None:
    desk.put("slow-1", 10)
    terms = book.Terms(900, 600, 86_400, 300)
    async with unit_of_work(desk.api.intake.database) as uow:
        asked = await book.claim(uow, desk.name, terms, "slow")
    assert asked is not None
    await desk.api.intake.database.pool.execute("UPDATE poll SET held_until = now() WHERE name = $1", desk.name)
    await desk.step()
    async with unit_of_work(desk.api.intake.database) as uow:
        page = Page([], NOW, None)
        assert not await book.taken(uow, desk.name, terms, "slow", page, book.Counts(new=7))
        await book.failed(uow, desk.name, "slow", "too late", 60, anew=True)
    row = await desk.row()
    assert (row["new"], row["reached"], row["error"]) == (1, NOW - timedelta(minutes=10), "")


async def test_the_other_systems_patience_is_ours(desk: Desk) -> None:
    desk.there.faults += [status(429, retry_after="120"), status(503), status(500)]
    seconds = []
    for _ in range(3):
        row = await desk.step()
        seconds.append((row["due"] - row["error_at"]).total_seconds())
    assert seconds == pytest.approx([120, backoff(1, 0.5), backoff(2, 0.5)])
    assert (row["failures"], row["error"]) == (3, "status 500")
    desk.put("patient-1", 10)
    row = await desk.run()
    assert (row["failures"], row["error"], row["new"]) == (0, "", 1)


def test_waits_grow_to_an_hour_and_differ() -> None:
    assert [backoff(number, 1.0) for number in range(3)] == [5.0, 10.0, 20.0]
    assert backoff(3, 0.0) == 0.5 * backoff(3, 1.0)
    assert backoff(10_000, 1.0) == LONGEST_WAIT


async def test_a_token_that_expires_is_said_until_there_is_another(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.there.token = "asat_2"
    poller = desk.poller()
    row = await desk.step(poller)
    assert row["error"] == "status 401: it does not accept our token, or what that may read"
    assert (row["due"] - row["error_at"]).total_seconds() >= 60
    with pytest.raises(PollsFailingError, match=f"{desk.name}: status 401"):
        await poller.check()
    listed = await desk.api.call("GET", "/v1/polls", role="viewer", params={"limit": 200})
    [item] = [one for one in listed.json()["items"] if one["source"] == desk.name]
    assert (item["state"], item["failures"], item["error"]) == ("failing", 1, row["error"])
    monkeypatch.setenv("AFTERSHIP_KEY", "asat_2")
    assert (await desk.step(poller))["failures"] == 0
    await poller.check()


async def test_a_cursor_that_the_system_forgot_begins_the_run_again(desk: Desk) -> None:
    for number in range(15):
        desk.put(f"forgot-{number}", 100 - number)
    first = await desk.step()
    desk.there.faults.append(status(400))
    row = await desk.step()
    assert (row["page"], row["since"], row["error"]) == ("", first["since"], "status 400")
    assert (await desk.run())["new"] == 15


async def test_a_budget_ends_with_the_hour(desk: Desk) -> None:
    desk.file.write_text(sources(desk.name, desk.there.base, requests_an_hour=2))
    await desk.step()
    await desk.step()
    poller = desk.poller()
    await desk.api.intake.database.pool.execute(
        "UPDATE poll SET due = now(), hour = date_trunc('hour', now()), requests = 2 WHERE name = $1", desk.name
    )
    assert not await poller.step(desk.name, desk.poll())
    assert len(desk.there.asked) == 2
    await desk.api.intake.database.pool.execute(
        "UPDATE poll SET hour = hour - interval '1 hour' WHERE name = $1", desk.name
    )
    assert await poller.step(desk.name, desk.poll())
    assert (await desk.row())["requests"] == 1


async def test_of_two_processes_one_is_at_a_page(desk: Desk) -> None:
    desk.put("two-1", 10)
    pollers = [desk.poller() for _ in range(4)]
    outcomes = await asyncio.gather(*(one.step(desk.name, desk.poll()) for one in pollers))
    assert sorted(outcomes) == [False, False, False, True]
    assert len(desk.there.asked) == 1


async def test_what_a_mapping_cannot_read_is_listed_and_holds_nothing_up(desk: Desk) -> None:
    desk.put("odd-1", 20, "Beamed")
    desk.put("even-1", 10)
    row = await desk.run()
    assert (row["new"], row["refused"]) == (1, 1)
    rejected = (await desk.api.call("GET", "/v1/rejected", params={"source": "parcels"})).json()["items"]
    assert any("nothing for 'Beamed'" in one["detail"] for one in rejected)


async def test_answers_of_another_shape_are_said_and_change_nothing(desk: Desk) -> None:
    for body in (b"[]", b"{}", b'{"data": {"trackings": [{}]}}', b"x" * 100):
        desk.there.faults.append(raw(body))
        row = await desk.step()
        assert row["error"]
        assert (row["reached"], row["new"], row["refused"]) == (None, 0, 0)


async def test_the_running_service_polls_by_itself(desk: Desk) -> None:
    desk.put("itself-1", 10)
    poller = desk.poller()
    assert await poller.round() == 1.0

    async def found() -> bool:
        return bool(await reports(desk.api, "itself-1"))

    await until(found)
    listed = (await desk.api.call("GET", "/v1/polls", role="viewer", params={"limit": 200})).json()
    [item] = [one for one in listed["items"] if one["source"] == desk.name]
    assert (item["state"], item["new"], item["requests"]) == ("waiting", 1, 1)
    assert listed["total_exact"]
    assert "asat_1" not in str(listed)
