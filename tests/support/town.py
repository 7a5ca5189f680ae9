"""All four services in the test's own event loop, joined by nothing but Kafka, with a mailbox and one clock."""

from __future__ import annotations

import asyncio
import base64
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import asyncpg
import httpx
from fastapi import FastAPI

from candor.local.mailbox.app import create_app as mailbox_app
from candor.local.mailbox.smtp import Faults, listen
from candor.local.mailbox.store import Mailbox
from candor.messaging.topics import ensure_topics
from candor.ops.settings import Settings
from delivery_svc.settings import DeliverySettings
from delivery_svc.wiring import build as build_delivery
from notify_svc.settings import NotifySettings
from notify_svc.wiring import build as build_notify
from promise_svc.settings import PromiseSettings
from promise_svc.wiring import build as build_promise
from risk_svc.settings import LearnerSettings, RiskSettings
from risk_svc.wiring import learner, web, worker
from tests.support.api import Api, Keys, event_keys, running
from tests.support.clocks import ManualClock
from tests.support.waiting import until


@dataclass
class Town:
    """A running Candor. `promise`, `delivery`, `risk` and `notify` are called as HTTP clients call them."""

    settings: dict[str, Settings]
    clock: ManualClock
    keys: Keys
    mailbox: httpx.AsyncClient
    promise: Api = field(init=False)
    delivery: Api = field(init=False)
    risk: Api = field(init=False)
    notify: Api = field(init=False)
    worker_app: FastAPI = field(init=False)
    _worker: AsyncExitStack = field(default_factory=AsyncExitStack)
    _learner: AsyncExitStack = field(default_factory=AsyncExitStack)

    async def tell(self, event: str, **data: Any) -> dict[str, Any]:
        """A signed webhook to the service that this type of event is for; its answer."""
        ledger = event.startswith(("promise.", "contact."))
        answer = await (self.promise if ledger else self.delivery).webhook(event, data)
        assert answer.status_code in (200, 202), answer.text
        document: dict[str, Any] = answer.json()
        return document

    async def get(self, api: Api, path: str, **params: Any) -> Any:
        """What a viewer reads; None where there is no such thing."""
        answer = await api.call("GET", path, role="viewer", params=params)
        assert answer.status_code in (200, 404), answer.text
        return answer.json() if answer.status_code == 200 else None

    async def gap(self, promise_id: str, enough: Callable[[Any], object] = bool) -> Any:
        """The gap of a promise, once there is `enough` of it."""
        found: list[Any] = []

        async def look() -> object:
            found[:] = [await self.get(self.risk, f"/v1/gaps/{promise_id}")]
            return found[0] is not None and enough(found[0])

        await until(look, pause=0.05)
        return found[0]

    async def notices(self, promise_id: str, *wanted: tuple[str, str]) -> list[dict[str, Any]]:
        """A promise's notices, oldest first, once their (statement, state) are these."""
        found: list[dict[str, Any]] = []

        async def look() -> bool:
            items = (await self.get(self.notify, "/v1/notices", promise_id=promise_id))["items"]
            found[:] = items[::-1]
            return [(item["statement"], item["state"]) for item in found] == [*wanted]

        await until(look, pause=0.05)
        return found

    async def mails(self, recipient: str) -> list[dict[str, Any]]:
        """What lies in somebody's mailbox, oldest first."""
        answer = await self.mailbox.get("/messages", params={"recipient": recipient, "limit": 500})
        items: list[dict[str, Any]] = answer.json()["messages"]
        return items[::-1]

    async def start_worker(self) -> None:
        """Start the risk worker."""
        settings = self.settings["risk"]
        assert isinstance(settings, RiskSettings)
        app = self.worker_app = worker(settings, self.clock)
        await self._worker.enter_async_context(app.router.lifespan_context(app))

    async def stop_worker(self) -> None:
        """Drain the risk worker."""
        await self._worker.aclose()

    async def start_learner(self) -> None:
        """Start the learner."""
        app = learner(LearnerSettings(**self.settings["risk"].model_dump(exclude={"port"})), self.clock)
        await self._learner.enter_async_context(app.router.lifespan_context(app))

    async def stop_learner(self) -> None:
        """Drain the learner."""
        await self._learner.aclose()

    async def taught(self, count: int = 240) -> None:
        """History by bulk import, until it is learnt: one trip in six was three hours late, the others were in time."""
        made, reported = [], []
        for number in range(count):
            name, start = f"past-{number}", self.clock.now() - timedelta(days=2, minutes=30 * number)
            late = timedelta(minutes=180 if number % 6 == 0 else number % 20 - 15)
            plan = {"departed": start + timedelta(minutes=60), "arrived": start + timedelta(minutes=345)}
            steps = [{"name": step, "planned": at} for step, at in plan.items()]
            data = {"promise_id": name, "customer_id": name, "kind": "trip", "what": "A trip", "milestones": steps}
            made.append(_past(f"{name}.made", "promise.made", start, data | {"due": start + timedelta(hours=6)}))
            for step, at in plan.items():
                report = {"promise_id": name, "milestone": step, "status": "reached", "at": at + late}
                reported.append(_past(f"{name}.{step}", "milestone.reported", at + late, report))
        for api, events in ((self.promise, made), (self.delivery, reported)):
            # As `candor import` does: a busy machine answers 503, and is asked again.
            for _ in range(60):
                answer = await api.call("POST", "/v1/imports", {"events": events})
                if answer.status_code != 503:
                    break
                await asyncio.sleep(float(answer.headers["retry-after"]))
            assert answer.json().get("accepted") == len(events), answer.text

        hour = self.clock.now().replace(minute=0, second=0, microsecond=0).timestamp()
        connection = await asyncpg.connect(self.settings["risk"].database)

        async def read() -> bool:
            return bool(await connection.fetchval("SELECT count(*) >= $1 FROM promise_state WHERE NOT live", count))

        async def learnt() -> bool:
            newest = await connection.fetchval("SELECT max(boundary) FROM learner_step")
            version = await connection.fetchval("SELECT max(version) FROM model_version")
            return newest is not None and newest >= hour and self.worker_app.state.published.version == version

        try:
            # The learner comes last: on a slow machine the reports may come long after the promises.
            await until(read, pause=0.1)
            await self.start_learner()
            await until(learnt, pause=0.1)
            # The model then stands still: what a test sees depends on its own events alone.
            await self.stop_learner()
        finally:
            await connection.close()

    async def databases(self, use: Callable[[str, asyncpg.Connection[Any]], Awaitable[None]]) -> None:
        """Let `use(service, connection)` look into all four."""
        for name, settings in self.settings.items():
            connection = await asyncpg.connect(settings.database)
            try:
                await use(name, connection)
            finally:
                await connection.close()


def _past(name: str, event: str, time: datetime, data: dict[str, Any]) -> dict[str, Any]:
    return {"id": name, "type": event, "time": time, "data": data}


SERVICES: Final = ("promise", "delivery", "risk", "notify")


def _settings(
    common: Mapping[str, Any], urls: Mapping[str, str], freshest: float
) -> tuple[PromiseSettings, DeliverySettings, RiskSettings, NotifySettings]:
    own = [{**common, "database_url": urls.get(name, common["database_url"])} for name in SERVICES]
    # Time stands still, so that nothing waits for others to go with.
    own[3] |= {"freshest_seconds": freshest, "joint_seconds": 0}
    return PromiseSettings(**own[0]), DeliverySettings(**own[1]), RiskSettings(**own[2]), NotifySettings(**own[3])


@asynccontextmanager
async def whole_town(
    kafka: str,
    postgres: str,
    folder: Path,
    clock: ManualClock,
    *,
    prefix: str = "",
    urls: Mapping[str, str] | None = None,
    again: Town | None = None,
    freshest: float = 60,
) -> AsyncIterator[Town]:
    """Everything up, in the order of the flow; with the names, keys and history of one of before if `again` is one.

    `urls`: the server's address for each service, by default `postgres`. `freshest`: seconds for which facts are news.
    """
    keys = again.keys if again else Keys(folder)
    private = folder / "contact_private_key_file"
    private.write_bytes(base64.b64encode(bytes(keys.private)))
    box = Mailbox(folder / "mail.jsonl")
    listening = await listen(box, Faults(), "127.0.0.1", 0)
    prefix = again.settings["promise"].topic_prefix if again else prefix or f"t{secrets.token_hex(5)}"
    common: dict[str, Any] = {
        "database_url": postgres,
        "database_prefix": prefix,
        "topic_prefix": prefix,
        "kafka_bootstrap_servers": kafka,
        "smtp_port": listening.sockets[0].getsockname()[1],
        "contact_private_key_file": private,
        **keys.write(),
        **event_keys(folder),
    }
    promise, delivery, risk, notify = made = _settings(common, urls or {}, freshest)
    await ensure_topics(promise)
    pages = httpx.ASGITransport(mailbox_app(box, Faults(), with_faults=False))
    async with AsyncExitStack() as stack:
        reader = await stack.enter_async_context(httpx.AsyncClient(transport=pages, base_url="http://mailbox"))
        town = Town(dict(zip(SERVICES, made, strict=True)), clock, keys, reader)
        town.notify = await stack.enter_async_context(running(build_notify(notify, clock), keys))
        stack.push_async_callback(town.stop_worker)
        await town.start_worker()
        stack.push_async_callback(town.stop_learner)
        town.risk = await stack.enter_async_context(running(web(risk, clock), keys))
        town.delivery = await stack.enter_async_context(running(build_delivery(delivery, clock), keys))
        town.promise = await stack.enter_async_context(running(build_promise(promise, clock), keys))
        if again is None:
            await town.taught()
        yield town
    listening.close()
    box.close()
    await _drop(postgres, made)


async def _drop(postgres: str, settings: Iterable[Settings]) -> None:
    server = await asyncpg.connect(f"{postgres}/postgres")
    for one in settings:
        await server.execute(f'DROP DATABASE IF EXISTS "{one.database.rpartition("/")[2]}" WITH (FORCE)')
    await server.close()


def reached(gap: Any, milestone: str = "departed") -> bool:
    """Whether a gap's promise has reached a step."""
    return any(step["name"] == milestone and step["status"] == "reached" for step in gap["milestones"])


class Trip:
    """A promise to bring somebody somewhere by a date six hours from now, and what is reported of it."""

    def __init__(self, town: Town, *, customer: str = "", site: str = "") -> None:
        stamp = uuid4().hex[:10]
        self.town = town
        self.promise_id = f"trip-{stamp}"
        self.customer = customer or f"rider-{stamp}"
        self.email = f"{self.customer}@customer.example"
        self.site = site or f"site-{stamp}"
        self.reference = {"system": "ops", "id": f"ref {stamp}"}
        self.what = f"Trip {stamp} to the harbour"
        self.start = town.clock.now()
        self.due = self.start + timedelta(hours=6)

    async def promised(self, **more: Any) -> None:
        """The promise is made, with `more` in it, and its customer can be reached."""
        await self.town.tell(
            "promise.made",
            promise_id=self.promise_id,
            customer_id=self.customer,
            kind="trip",
            what=self.what,
            due=self.due,
            milestones=[
                {"name": "departed", "planned": self._at(60)},
                {"name": "arrived", "planned": self._at(345)},
            ],
            depends_on=[{"kind": "site", "id": self.site}],
            references=[self.reference],
            **more,
        )
        await self.town.tell("contact.set", customer_id=self.customer, email=self.email, name="Robin")

    async def reported(self, milestone: str, **more: Any) -> dict[str, Any]:
        """A field system says, by its own name for the promise, that a step is done now."""
        now = self.town.clock.now()
        about = {"milestone": milestone, "status": "reached", "at": now, "reference": self.reference}
        return await self.town.tell("milestone.reported", **about | more)

    async def slipping(self, **more: Any) -> Any:
        """It departs three hours late, with `more` in the report, and the forecast has stood six minutes; the gap."""
        self.town.clock.set(max(self.town.clock.now(), self._at(240)))
        await self.reported("departed", **more)
        found = await self.town.gap(self.promise_id, lambda gap: gap["p_slip"] >= 0.7 and reached(gap))
        self.town.clock.advance(timedelta(minutes=6))
        return found

    async def arrives_in_time(self) -> None:
        """It makes up for the delay."""
        self.town.clock.advance(timedelta(minutes=40))
        await self.reported("arrived", final=True)

    def _at(self, minutes: int) -> datetime:
        return self.start + timedelta(minutes=minutes)
