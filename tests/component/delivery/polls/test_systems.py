"""ServiceTitan and Jobber the whole way: a poll finds what no webhook brought, and a late webhook is then known."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from candor.intake.once import Acceptance
from candor.intake.polling.poller import Poller
from candor.intake.source import completion_of
from candor.web.security.webhooks import Webhook
from delivery_svc.offered import OFFERED
from tests.component.delivery.polls.conftest import NOW
from tests.component.delivery.reports import new
from tests.support.api import Api
from tests.support.stand_in import StandIn, standing_in
from tests.support.vendors import JobberAccount, ServiceTitanJobs, stamp

pytestmark = pytest.mark.asyncio(loop_scope="session")
MAY = frozenset({"milestone.reported"})


class System:
    """A source that extends a preset and is polled at a stand-in."""

    def __init__(self, api: Api, there: StandIn, file: Path, name: str) -> None:
        self.api, self.there, self.name = api, there, name
        self.registry = OFFERED.sources((), file)
        api.intake.sources = self.registry

    async def poll(self) -> dict[str, Any]:
        """One step of its poll, and the row after it."""
        await self.api.intake.database.pool.execute("UPDATE poll SET due = now() WHERE name = $1", self.name)
        poller = Poller(self.api.intake, self.registry, lambda: 0.5)
        assert await poller.step(self.name, self.registry.polls()[self.name])
        [row] = await self.api.rows("SELECT * FROM poll WHERE name = $1", self.name)
        return row

    async def webhook(self, body: Any) -> dict[str, Any]:
        """What becomes of a genuine webhook."""
        raw = json.dumps(body).encode()
        reply = await self.api.intake.webhook(Webhook(self.name, "", raw, read_as=self.name, events=MAY))
        said: dict[str, Any] = json.loads(reply.body)
        return said


@asynccontextmanager
async def system(api: Api, folder: Path, preset: str, answer: Any, **poll: Any) -> AsyncIterator[System]:
    kept, name = api.intake.sources, new(preset)
    async with standing_in(StandIn(answer, "a-token")) as there:
        said = {"api": preset, "base": there.base, "token_env": "ITS_TOKEN", **poll}
        rule = {"extends": preset, "service": "delivery-svc", "poll": said}
        file = folder / "sources.yaml"
        file.write_text(json.dumps({"sources": {name: rule}}))
        yield System(api, there, file, name)
    api.intake.sources = kept


@pytest.fixture(autouse=True)
def token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ITS_TOKEN", "a-token")
    monkeypatch.setenv("ST_KEY", "ak1")


async def reports(api: Api, source: str) -> list[tuple[str, str, datetime]]:
    rows = await api.rows("SELECT * FROM parked WHERE source = $1 ORDER BY seq", source)
    return [(row["milestone"], row["status"], row["at"]) for row in rows]


async def test_a_job_of_servicetitan(api: Api, tmp_path: Path) -> None:
    jobs, at = ServiceTitanJobs("ak1"), (NOW - timedelta(minutes=9)).replace(microsecond=0)
    jobs.put(71200418, at, externalData=[{"key": "promise_id", "value": new("PR")}])
    options = {"tenant": "1188", "app_key_env": "ST_KEY"}
    async with system(api, tmp_path, "servicetitan", jobs.answer, **options) as made:
        row = await made.poll()
        assert (row["new"], row["known"], row["reached"]) == (1, 0, at)
        assert await reports(api, made.name) == [("job", "started", at)]
        webhook = {"eventType": "job.updated", "eventId": new("evt"), "occurredOn": stamp(at), "data": jobs.jobs[0]}
        assert await made.webhook(webhook) == {"accepted": 0, "replayed": 1, "rejected": []}
        done = at + timedelta(minutes=4)
        jobs.jobs[0] |= {"jobStatus": "Completed", "modifiedOn": stamp(done)}
        assert (await made.poll())["new"] == 2
        assert await reports(api, made.name) == [("job", "started", at), ("job", "reached", done)]


async def test_a_visit_of_jobber_and_its_thin_webhook(api: Api, tmp_path: Path) -> None:
    account, at = JobberAccount(), (NOW - timedelta(minutes=9)).replace(microsecond=0)
    times = {"createdAt": stamp(at - timedelta(days=2)), "completedAt": stamp(at)}
    visit, job = {"id": new("V"), "title": "Install", **times, "visitStatus": "COMPLETED"}, new("J")
    account.put(job, at, visit)
    async with system(api, tmp_path, "jobber", account.answer) as made:
        complete = completion_of(made.registry[made.name])
        assert complete is not None
        thin = {"topic": "VISIT_COMPLETE", "itemId": visit["id"], "occurredAt": stamp(at + timedelta(seconds=4))}
        body = {"data": {"webHookEvent": thin}}
        whole = await complete(Webhook(made.name, "", json.dumps(body).encode(), read_as=made.name, events=MAY))
        [taken] = await api.intake.process(whole)
        assert isinstance(taken.result, Acceptance) and not taken.result.replayed
        assert await reports(api, made.name) == [("visit", "reached", at)]
        row = await made.poll()
        # The job and the visit were begun, which no webhook told; that the visit is done is known.
        assert (row["new"], row["known"], row["refused"]) == (2, 1, 0)
        account.points = 0
        assert (await made.poll())["error"] == "too many points of queries are used up"
