"""A source whose requests are completed by a call: stored, answered, and processed by a background."""

from __future__ import annotations

import asyncio
import secrets
from collections import Counter
from collections.abc import AsyncIterator, Collection, Sequence
from datetime import datetime
from typing import Any

import httpx
import msgspec
import pytest
import pytest_asyncio

from candor.intake import metrics
from candor.intake.event import Event
from candor.intake.requests import queue
from candor.intake.requests.background import AT_ONCE, WaitingRequests
from candor.intake.source import Incoming, Items, Outcome, Reply, canonical, counted
from candor.web.http import strict_json
from candor.web.http.problems import Problem
from candor.web.security.schemes import Bearer, Scheme
from candor.web.security.webhooks import Webhook
from tests.component.delivery.reports import known, new, sent
from tests.component.delivery.sources.taking import taking
from tests.support.api import Api
from tests.support.clocks import NOON
from tests.support.servers import Databases
from tests.support.waiting import until

TOKEN = secrets.token_urlsafe(32)
MAY = {"delivery-svc": ["milestone.reported"]}
SENDERS = ("thin", "thin-east", "thin-gone")


class Thin:
    """Sends `{"job": id}` alone; what happened is asked of `system`, whose answers a test gives by job."""

    name = "thin"
    media_types: Sequence[str] = ("application/json",)
    schemes: Sequence[Scheme] = (Bearer(),)

    def __init__(self) -> None:
        self.system: dict[str, Any] = {}
        self.asked: Counter[str] = Counter()
        self.at_once = self.most_at_once = 0

    async def complete(self, webhook: Webhook) -> Webhook:
        job = strict_json.loads_object(webhook.raw)["job"]
        self.asked[job] += 1
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            await asyncio.sleep(0)
            found = self.system[job]
            if isinstance(found, list):
                found = found.pop(0) if len(found) > 1 else found[0]
            if isinstance(found, asyncio.Event):
                await found.wait()
                found = {"status": "reached"}
            if isinstance(found, BaseException):
                raise found
            return webhook._replace(raw=msgspec.json.encode({"job": job, **found}))
        finally:
            self.at_once -= 1

    def read(self, webhook: Webhook, known: Collection[str], now: datetime) -> Items:
        whole = strict_json.loads_object(webhook.raw)
        data = {"promise_id": whole["job"], "milestone": "arrived", "status": whole["status"], "at": NOON.isoformat()}
        return [Incoming(f"{whole['job']}:arrived", Event("milestone.reported", NOON, data), canonical(whole))]

    def answer(self, webhook: Webhook, outcomes: Sequence[Outcome]) -> Reply:
        return counted(outcomes, 200)


@pytest.fixture(scope="module")
def thin() -> Thin:
    return Thin()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def thin_api(
    postgres: str, databases: Databases, thin: Thin, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Api]:
    senders = {name: {"source": "thin", "secrets": [TOKEN], "events": MAY} for name in SENDERS}
    async with taking(postgres, databases, tmp_path_factory.mktemp("thin"), senders, sources=[thin]) as api:
        yield api


async def post(api: Api, job: str, sender: str = "thin", **more: Any) -> httpx.Response:
    headers = {"authorization": f"Bearer {TOKEN}"}
    return await api.client.post(f"/v1/webhooks/{sender}", json={"job": job, **more}, headers=headers)


async def request(api: Api, job: str) -> dict[str, Any]:
    """The newest request about a job, found by opening what is stored."""
    for row in await api.rows("SELECT * FROM request ORDER BY received_at DESC"):
        content = api.intake.arrivals.vault.open(row["sealed"])
        if content is not None and msgspec.json.decode(content.body).get("job") == job:
            return row
    return {}


async def state(api: Api, job: str, *wanted: str) -> dict[str, Any]:
    """The request about a job once it is in one of these states; makes what waits due meanwhile."""
    found: dict[str, Any] = {}

    async def there() -> bool:
        nonlocal found
        await api.rows("UPDATE request SET next_at = now() WHERE state = 'waiting' AND reason <> ''")
        found = await request(api, job)
        return found["state"] in wanted

    await until(there, seconds=240, pause=0.1)
    return found


async def test_it_is_answered_before_its_system_is_asked_and_processed_afterwards(thin_api: Api, thin: Thin) -> None:
    promise_id, customer_id = await known(thin_api)
    thin.system[promise_id] = gate = asyncio.Event()
    answer = await post(thin_api, promise_id)
    assert (answer.status_code, answer.json()) == (200, {"accepted": 0, "replayed": 0, "rejected": []})
    assert (await request(thin_api, promise_id))["state"] == "waiting"
    await until(lambda: thin.asked[promise_id] == 1)
    assert await sent(thin_api, customer_id) == []
    gate.set()
    row = await state(thin_api, promise_id, "processed")
    (message,) = await sent(thin_api, customer_id)
    assert (message.envelope.source, message.envelope.id) == ("delivery-svc/thin", f"{promise_id}:arrived")
    assert {"customer/" + customer_id, "promise/" + promise_id} == set(row["about"])
    assert (row["completed"], row["next_at"], row["tries"]) == (None, None, 1)


async def test_a_system_that_is_away_is_asked_again_and_what_waits_is_taken_once(thin_api: Api, thin: Thin) -> None:
    promise_id, customer_id = await known(thin_api)
    away = Problem.unavailable("overloaded", retry_after=3)
    thin.system[promise_id] = [away, RuntimeError("bug"), {"status": "reached"}]
    await post(thin_api, promise_id)
    await until(lambda: thin.asked[promise_id] == 1)
    row = await state(thin_api, promise_id, "processed")
    assert (row["tries"], thin.asked[promise_id]) == (3, 3)
    assert len(await sent(thin_api, customer_id)) == 1


async def test_a_pause_asked_for_is_kept(thin_api: Api, thin: Thin) -> None:
    promise_id = new("p")
    thin.system[promise_id] = Problem.unavailable("overloaded", retry_after=3_000)
    await post(thin_api, promise_id)
    await until(lambda: thin.asked[promise_id] == 1)

    async def left() -> float:
        sql = "SELECT extract(epoch FROM next_at - now())::float8 AS s FROM request WHERE request_id = $1"
        name = (await request(thin_api, promise_id))["request_id"]
        return float((await thin_api.rows(sql, name))[0]["s"])

    async def kept() -> bool:
        return await left() > 2_000

    await until(kept)


async def test_what_no_other_try_would_change_is_refused_in_sight(thin_api: Api, thin: Thin) -> None:
    promise_id = new("p")
    thin.system[promise_id] = Problem.not_found("the job is gone")
    await post(thin_api, promise_id)
    row = await state(thin_api, promise_id, "refused")
    assert row["reason"] == "not_found: the job is gone"
    items = (await thin_api.call("GET", "/v1/rejected", params={"source": "thin"})).json()["items"]
    assert [(one["reason"], one["detail"]) for one in items if one["request"] == row["request_id"]] == [
        ("not_found", "the job is gone")
    ]


async def test_after_its_tries_it_is_given_up_in_sight_and_a_person_replays_it(thin_api: Api, thin: Thin) -> None:
    promise_id, customer_id = await known(thin_api)
    thin.system[promise_id] = Problem.unavailable("overloaded")
    before = metrics.REQUESTS.labels("thin", "failed")._value.get()
    await post(thin_api, promise_id)
    await until(lambda: thin.asked[promise_id] == 1)
    name = (await request(thin_api, promise_id))["request_id"]
    await thin_api.rows("UPDATE request SET tries = $2 WHERE request_id = $1", name, queue.MOST_TRIES - 2)
    row = await state(thin_api, promise_id, "failed")
    assert (row["tries"], thin.asked[promise_id]) == (queue.MOST_TRIES, 3)
    assert row["reason"].startswith(f"given up after {queue.MOST_TRIES} tries: ")
    assert metrics.REQUESTS.labels("thin", "failed")._value.get() == before + 1
    listed = (await thin_api.call("GET", "/v1/requests", params={"state": "failed"})).json()["items"]
    assert row["request_id"] in [one["request_id"] for one in listed]
    thin.system[promise_id] = {"status": "reached"}
    answer = await thin_api.call("POST", f"/v1/requests/{row['request_id']}/replay", role="operator")
    assert (answer.status_code, answer.json()["state"]) == (200, "waiting")
    await state(thin_api, promise_id, "processed")
    assert len(await sent(thin_api, customer_id)) == 1


async def test_a_process_that_dies_after_the_events_and_before_it_says_so_repeats_the_same_bytes(
    thin_api: Api, thin: Thin
) -> None:
    promise_id, customer_id = await known(thin_api)
    thin.system[promise_id] = {"status": "reached"}
    await post(thin_api, promise_id)
    await state(thin_api, promise_id, "processed")
    # As the process would have left it: completed, taken, and still waiting; its system says something else by now.
    row = await request(thin_api, promise_id)
    vault = thin_api.intake.arrivals.vault
    whole = vault.open(row["sealed"])
    assert whole is not None
    done = msgspec.structs.replace(whole, body=msgspec.json.encode({"job": promise_id, "status": "reached"}))
    thin.system[promise_id] = {"status": "missed"}
    left = "UPDATE request SET state = 'waiting', next_at = now(), completed = $2 WHERE request_id = $1"
    await thin_api.rows(left, row["request_id"], vault.seal(done))
    await state(thin_api, promise_id, "processed")
    assert thin.asked[promise_id] == 1
    assert len(await sent(thin_api, customer_id)) == 1


async def nothing(*_: object) -> list[queue.Waiting]:
    """What a background claims that is told to wait."""
    return []


async def test_what_a_dead_process_had_claimed_is_left_to_it_for_a_while_and_then_taken(
    thin_api: Api, thin: Thin, monkeypatch: pytest.MonkeyPatch
) -> None:
    promise_id, customer_id = await known(thin_api)
    thin.system[promise_id] = {"status": "reached"}
    # Others do not see it: it is claimed before the service's own background can.
    request_ = thin_api.intake.arrivals.request(
        Webhook("thin", "", msgspec.json.encode({"job": promise_id}), read_as="thin"), thin
    )
    with monkeypatch.context() as patched:
        patched.setattr(queue, "claim", nothing)
        await thin_api.intake.hold(request_)
        sql = "UPDATE request SET next_at = now() + interval '1 h', tries = 1 WHERE request_id = $1"
        await thin_api.rows(sql, request_.request_id)
    await WaitingRequests(thin_api.intake, thin_api.app.state.replaying._opening).clear()
    assert thin.asked[promise_id] == 0
    await thin_api.rows("UPDATE request SET next_at = now() WHERE request_id = $1", request_.request_id)
    await state(thin_api, promise_id, "processed")
    assert len(await sent(thin_api, customer_id)) == 1


async def test_a_sender_whose_system_hangs_delays_nobody_else(thin_api: Api, thin: Thin) -> None:
    gate = asyncio.Event()
    stuck = [new("p") for _ in range(12)]
    for job in stuck:
        thin.system[job] = gate
        await post(thin_api, job, "thin-east")
    await until(lambda: any(thin.asked[job] for job in stuck))
    promise_id, customer_id = await known(thin_api)
    thin.system[promise_id] = {"status": "reached"}
    await post(thin_api, promise_id)
    await state(thin_api, promise_id, "processed")
    assert len(await sent(thin_api, customer_id)) == 1
    assert {(await request(thin_api, job))["state"] for job in stuck} == {"waiting"}
    gate.set()
    for job in stuck:
        await state(thin_api, job, "processed")


async def test_a_system_is_asked_by_a_few_calls_at_once(thin_api: Api, thin: Thin) -> None:
    jobs = [new("p") for _ in range(20)]
    gate = asyncio.Event()
    for job in jobs:
        thin.system[job] = gate
        body = msgspec.json.encode({"job": job})
        await thin_api.intake.hold(
            thin_api.intake.arrivals.request(Webhook("thin-east", "", body, read_as="thin"), thin)
        )
    await until(lambda: thin.at_once > 0)
    thin.most_at_once = 0
    gate.set()
    for job in jobs:
        await state(thin_api, job, "processed")
    assert 0 < thin.most_at_once <= AT_ONCE


async def test_the_same_bytes_sent_again_are_one_request_that_is_processed_once(thin_api: Api, thin: Thin) -> None:
    promise_id, customer_id = await known(thin_api)
    thin.system[promise_id] = {"status": "reached"}
    for _ in range(3):
        assert (await post(thin_api, promise_id)).status_code == 200
    row = await state(thin_api, promise_id, "processed")
    assert (row["times"], thin.asked[promise_id]) == (3, 1)
    await post(thin_api, promise_id)
    again = await request(thin_api, promise_id)
    assert (again["times"], again["state"]) == (4, "processed")
    assert len(await sent(thin_api, customer_id)) == 1


async def test_a_sender_who_was_taken_out_leaves_failed_requests_that_say_why(thin_api: Api, thin: Thin) -> None:
    promise_id = new("p")
    vault = thin_api.intake.arrivals
    body = msgspec.json.encode({"job": promise_id})
    await thin_api.intake.hold(vault.request(Webhook("thin-lost", "", body, read_as="thin"), thin))
    row = await state(thin_api, promise_id, "failed")
    assert row["reason"] == "thin-lost is no longer among the senders in WEBHOOK_SECRETS_FILE"
    refused = await thin_api.call("POST", f"/v1/requests/{row['request_id']}/replay")
    assert (refused.status_code, refused.json()["code"]) == (409, "not_replayable")


async def test_how_many_wait_and_for_how_long_is_measured(thin_api: Api, thin: Thin) -> None:
    gate = asyncio.Event()
    job = new("p")
    thin.system[job] = gate
    await post(thin_api, job, "thin-gone")
    name = (await request(thin_api, job))["request_id"]
    await thin_api.rows("UPDATE request SET received_at = now() - interval '1 h' WHERE request_id = $1", name)
    await WaitingRequests(thin_api.intake, thin_api.app.state.replaying._opening).measure()
    assert metrics.REQUESTS_LEFT.labels("thin-gone", "waiting")._value.get() == 1
    assert 3_600 <= metrics.REQUESTS_OLDEST.labels("thin-gone")._value.get() < 3_700
    gate.set()
    await state(thin_api, job, "processed")
    await WaitingRequests(thin_api.intake, thin_api.app.state.replaying._opening).measure()
    assert "thin-gone" not in str(next(iter(metrics.REQUESTS_OLDEST.collect())).samples)
