"""delivery-svc with a sender whose interface stands in for AfterShip's, and polls that tests step by hand."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

import httpx
import msgspec
import pytest
import pytest_asyncio

from candor.intake.mapped.poll_config import Poll
from candor.intake.polling.poller import Poller
from delivery_svc.offered import OFFERED
from delivery_svc.settings import DeliverySettings
from delivery_svc.wiring import build
from tests.component.delivery.reports import new
from tests.support.api import Api, Keys, running
from tests.support.clocks import ManualClock
from tests.support.servers import Databases
from tests.support.stand_in import StandIn, standing_in
from tests.support.vendors import AfterShipShipments

NOW: Final = datetime.now(UTC)
SECRET: Final = "what AfterShip signs with"
LIKE: Final = json.loads(files(OFFERED.package).joinpath("samples", "aftership.json").read_bytes())["msg"]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def api(postgres: str, databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Api]:
    keys = Keys(tmp_path_factory.mktemp("polls"))
    values = keys.write()
    parcels = {"source": "aftership", "secrets": [SECRET], "events": {"delivery-svc": ["milestone.reported"]}}
    values["webhook_secrets_file"].write_bytes(msgspec.json.encode({"sources": {"parcels": parcels}}))
    settings = DeliverySettings(
        database_url=postgres, database_prefix=f"t{secrets.token_hex(5)}", publishing=False, **values
    )
    async with running(build(settings, ManualClock(NOW), consuming=False), keys) as made:
        yield made
    await databases.drop(settings.database)


@dataclass
class Desk:
    """A poll of its own name, stepped by hand; `name` is the source's, `sender` the one whose webhooks it completes."""

    api: Api
    there: StandIn
    shipments: AfterShipShipments
    name: str
    file: Path

    def poller(self) -> Poller:
        """One process's poller, on what the file says now."""
        registry = OFFERED.sources((), self.file)
        self.api.intake.sources = registry
        return Poller(self.api.intake, registry, lambda: 0.5)

    def poll(self) -> Poll:
        return OFFERED.sources((), self.file).polls()[self.name]

    async def step(self, poller: Poller | None = None) -> dict[str, Any]:
        """Take one page now, whenever it is due; the row after it."""
        await self.api.intake.database.pool.execute("UPDATE poll SET due = now() WHERE name = $1", self.name)
        assert await (poller or self.poller()).step(self.name, self.poll())
        return await self.row()

    async def row(self) -> dict[str, Any]:
        [found] = await self.api.rows("SELECT * FROM poll WHERE name = $1", self.name)
        return found

    async def run(self) -> dict[str, Any]:
        """Take pages until the run has ended."""
        row = await self.step()
        while row["page"]:
            row = await self.step()
        return row

    async def webhook(self, shipment: dict[str, Any]) -> httpx.Response:
        """What AfterShip posts of a shipment."""
        raw = json.dumps({"event": "tracking_update", "event_id": new("evt"), "msg": shipment}).encode()
        signed = base64.b64encode(hmac.digest(SECRET.encode(), raw, hashlib.sha256)).decode()
        headers = {"content-type": "application/json", "aftership-hmac-sha256": signed}
        return await self.api.client.post("/v1/webhooks/parcels", content=raw, headers=headers)

    def put(self, name: str, minutes: float, tag: str = "InTransit", **more: Any) -> dict[str, Any]:
        """A shipment that changed so many minutes ago."""
        at = NOW - timedelta(minutes=minutes)
        steps = [{"created_at": at.isoformat(), "tag": tag}]
        plain = {"latest_estimated_delivery": None, "custom_fields": {"promise_id": f"PR-{name}"}, "checkpoints": steps}
        return self.shipments.put(LIKE, name, at, tag=tag, **{**plain, **more})


@pytest_asyncio.fixture
async def desk(api: Api, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Desk]:
    monkeypatch.setenv("AFTERSHIP_KEY", "asat_1")
    shipments, name = AfterShipShipments(size=10), new("parcels")
    async with standing_in(StandIn(shipments.answer, "asat_1", "as-api-key", "")) as there:
        file = tmp_path / "sources.yaml"
        file.write_text(sources(name, there.base))
        kept = api.intake.sources
        yield Desk(api, there, shipments, name, file)
        api.intake.sources = kept


def sources(name: str, base: str, **more: Any) -> str:
    """A file of one source that is polled at an address."""
    poll = {"api": "aftership", "base": base, "token_env": "AFTERSHIP_KEY", "sender": "parcels", **more}
    rule = {"extends": "aftership", "service": "delivery-svc", "poll": poll}
    return json.dumps({"sources": {name: rule}})
