"""Salesforce, Pipedrive, ServiceTitan and Jobber: pages of what changed, in the bodies that their mappings read."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from candor.clients.calling import AwayError, Calling, DeniedError, RefusedError
from candor.clients.credentials import Fixed, Secret
from candor.clients.jobber import ASSUMED_WAIT, Jobber
from candor.clients.pages import Asked, Client
from candor.clients.pipedrive import Pipedrive
from candor.clients.salesforce import Salesforce
from candor.clients.servicetitan import ServiceTitan
from candor.intake.mapped import MappedSource
from candor.intake.source import Incoming
from candor.web.security.webhooks import Webhook
from delivery_svc.offered import OFFERED
from tests.support.stand_in import StandIn, raw, standing_in
from tests.support.vendors import JobberAccount, PipedriveDeals, SalesforceRecords, ServiceTitanJobs, stamp

AT = datetime(2026, 11, 26, 9, tzinfo=UTC)
PRESETS = OFFERED.presets()


@pytest.fixture
def token(monkeypatch: pytest.MonkeyPatch) -> Fixed:
    monkeypatch.setenv("ITS_TOKEN", "a-token")
    return Fixed(Secret(None, "ITS_TOKEN"))


@asynccontextmanager
async def there(answer: Any, header: str = "authorization", prefix: str = "Bearer ") -> AsyncIterator[StandIn]:
    async with standing_in(StandIn(answer, "a-token", header, prefix)) as made:
        yield made


async def run(client: Client, since: datetime) -> tuple[list[Any], datetime | None, int]:
    """All bodies of a run, the latest change in it, and how many pages it had."""
    bodies: list[Any] = []
    late, asked, pages = [], Asked(since), 0
    while True:
        page = await client.page(asked)
        pages += 1
        bodies += [json.loads(body) for body in page.bodies]
        late.append(page.latest)
        if page.next is None:
            return bodies, max((one for one in late if one), default=None), pages
        asked = asked._replace(page=page.next)


def told(preset: str, bodies: list[Any]) -> list[tuple[str, str, str]]:
    """Id, milestone and status of what a preset makes of bodies."""
    source, found = MappedSource(preset, PRESETS[preset]), []
    for body in bodies:
        for item in source.read(Webhook(preset, "", json.dumps(body).encode()), tuple(OFFERED.shapes), AT):
            assert isinstance(item, Incoming), item
            found.append((item.id, item.event.data["milestone"], item.event.data["status"]))
    return found


async def test_salesforce_pages_by_time_and_id_even_of_many_at_one_moment(token: Fixed) -> None:
    records = SalesforceRecords()
    for number in range(450):
        records.put(f"006Hs00001{number:05}", AT + timedelta(milliseconds=number // 300), StageName="Closed Won")
    records.put("006Hs0000199999", AT - timedelta(milliseconds=1), StageName="Old")
    async with there(records.answer) as made:
        client = Salesforce(Calling(made.base), token, "Opportunity", ["StageName", "Id"])
        bodies, late, pages = await run(client, AT)
        objects = {name: one for body in bodies for name, one in body["objects"].items()}
        assert (len(objects), pages, late) == (450, 3, AT + timedelta(milliseconds=1))
        assert objects["Opportunity/006Hs0000100000"]["StageName"] == "Closed Won"
        assert {json.dumps(body["events"]) for body in bodies} == {"[]"}


@pytest.mark.parametrize("page", [f"{stamp(AT)} x' OR Id > '0", "soon 006Hs0000100000", "' 006Hs0000100000", " "])
async def test_what_salesforce_answers_becomes_no_part_of_a_query_but_ids_and_times(token: Fixed, page: str) -> None:
    async with there(SalesforceRecords().answer) as made:
        with pytest.raises(RefusedError, match="a record of the answer"):
            await Salesforce(Calling(made.base), token, "Opportunity", []).page(Asked(AT, page))
        assert made.asked == []


async def test_pipedrive_pages_by_cursor(token: Fixed) -> None:
    deals = PipedriveDeals()
    for number in range(230):
        deals.put(number, AT + timedelta(seconds=number))
    async with there(deals.answer, "x-api-token", "") as made:
        client = Pipedrive(Calling(made.base), token)
        bodies, late, pages = await run(client, AT + timedelta(seconds=29, milliseconds=900))
        names = [name for body in bodies for name in body["objects"]]
        assert (names[0], len(names), pages, late) == ("deal/29", 201, 3, AT + timedelta(seconds=229))
        assert await run(client, AT + timedelta(days=1)) == ([], None, 1)


async def test_servicetitan_pages_by_number_and_needs_the_app(token: Fixed, monkeypatch: pytest.MonkeyPatch) -> None:
    jobs = ServiceTitanJobs("ak1")
    promise = [{"key": "promise_id", "value": "PR-1"}]
    for number in range(120):
        jobs.put(number, AT + timedelta(minutes=number), externalData=promise)
    monkeypatch.setenv("ST_KEY", "ak1")
    async with there(jobs.answer) as made:
        client = ServiceTitan(Calling(made.base), token, "1188", Secret(None, "ST_KEY"))
        bodies, late, pages = await run(client, AT + timedelta(minutes=10))
        assert (len(bodies), pages, late) == (110, 3, AT + timedelta(minutes=119))
        first = told("servicetitan", bodies)[0]
        assert first == (f"10:InProgress:{stamp(AT + timedelta(minutes=10))}", "job", "started")
        webhook = {"eventType": "job.updated", "eventId": "its own", "occurredOn": stamp(AT), "data": jobs.jobs[10]}
        assert told("servicetitan", [webhook])[0] == first
        monkeypatch.setenv("ST_KEY", "ak2")
        with pytest.raises(DeniedError):
            await client.page(Asked(AT))


def visit(name: str, done: datetime | None = None) -> dict[str, Any]:
    times = {"createdAt": stamp(AT - timedelta(days=2)), "completedAt": None if done is None else stamp(done)}
    return {"id": name, "title": "Install", **times, "visitStatus": "COMPLETED" if done else "UPCOMING"}


async def test_jobber_tells_of_visits_by_their_jobs_as_its_webhooks_would(token: Fixed) -> None:
    account = JobberAccount(size=2)
    done = AT + timedelta(minutes=7)
    account.put("J1", AT + timedelta(minutes=8), visit("V1", done), visit("V2"))
    account.put("J2", AT + timedelta(minutes=9), completedAt=stamp(done))
    account.put("J3", AT + timedelta(minutes=10))
    account.put("old", AT - timedelta(days=1))
    async with there(account.answer) as made:
        client = Jobber(Calling(made.base), token)
        bodies, late, pages = await run(client, AT)
        assert (pages, late) == (2, AT + timedelta(minutes=10))
        found = told("jobber", bodies)
        assert (f"VISIT_COMPLETE:V1:{stamp(done)}", "visit", "reached") in found
        assert (f"JOB_CLOSED:J2:{stamp(done)}", "job", "reached") in found
        assert len(found) == 7
        thin = {"topic": "VISIT_COMPLETE", "itemId": "V1", "occurredAt": stamp(done + timedelta(seconds=3))}
        whole = json.loads(await client.complete(json.dumps({"data": {"webHookEvent": thin}}).encode()))
        assert told("jobber", [whole]) == [(f"VISIT_COMPLETE:V1:{stamp(done)}", "visit", "reached")]


@pytest.mark.parametrize(
    "event",
    [{"topic": "VISIT_DESTROY", "itemId": "V1"}, {"topic": "VISIT_COMPLETE", "itemId": 7}, {"topic": []}, [], None],
)
async def test_jobber_completes_nothing_that_it_does_not_know(token: Fixed, event: Any) -> None:
    body = json.dumps({"data": {"webHookEvent": event}}).encode()
    async with there(JobberAccount().answer) as made:
        assert await Jobber(Calling(made.base), token).complete(body) == body
        assert await Jobber(Calling(made.base), token).complete(b"[") == b"["
        assert made.asked == []
        gone = json.dumps({"data": {"webHookEvent": {"topic": "VISIT_COMPLETE", "itemId": "gone"}}}).encode()
        assert await Jobber(Calling(made.base), token).complete(gone) == gone


async def test_jobber_says_how_long_its_points_take_to_come_back(token: Fixed) -> None:
    account = JobberAccount(points=60, cost=50)
    async with there(account.answer) as made:
        client = Jobber(Calling(made.base), token)
        await client.page(Asked(AT))
        account.cost = 5_010
        with pytest.raises(AwayError) as caught:
            await client.page(Asked(AT))
        assert caught.value.wait == pytest.approx((5_010 - 10) / 500)
        errors: tuple[tuple[Any, type[Exception], float], ...] = (
            ([{"extensions": {"code": "THROTTLED"}}], AwayError, ASSUMED_WAIT),
            ([{"extensions": {"code": "UNAUTHENTICATED"}}], DeniedError, 0),
            ([{"message": "no such field"}], RefusedError, 0),
            ("broken", RefusedError, 0),
        )
        for said, kind, wait in errors:
            # Whoever is denied is asked for another token and tries once more.
            made.faults += [raw(json.dumps({"errors": said}).encode())] * (2 if kind is DeniedError else 1)
            with pytest.raises(kind) as found:
                await client.page(Asked(AT))
            assert getattr(found.value, "wait", 0) == wait
