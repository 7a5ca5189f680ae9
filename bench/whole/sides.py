"""Both sides with all their processes: Candor's six, and the usual service's two."""

from __future__ import annotations

import asyncio
import contextlib
import json
import secrets
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import httpx

from bench.checks import publish
from bench.ground import Ground, cpu_seconds
from bench.kafka_io import make_topic
from bench.parcels import LIVED_DAYS, taught
from bench.scale.process import Process
from bench.scale.site import Site
from bench.whole.stream import Sender
from bench.whole.usual_tables import Base, engine
from candor.local.ports import choose_port
from candor.local.secret_files import SecretPaths
from candor.local.stack import SERVICES
from candor.ops.database_url import named
from candor.store.migrate import create_database
from risk_svc.forecast.serialization import model_bytes

PATIENCE_S: Final = 120.0


@dataclass(frozen=True, slots=True)
class Taught:
    """The model that both sides forecast with: its number, its bytes, and a file with them."""

    version: int
    raw: bytes
    file: Path

    @classmethod
    def by_parcels(cls, folder: Path) -> Taught:
        """A model that has learnt from the parcels of the last weeks."""
        model = taught(datetime.now(UTC) - timedelta(days=LIVED_DAYS)).model
        raw, file = model_bytes(model), folder / "model.bin"
        file.write_bytes(raw)
        return cls(model.version, raw, file)


@dataclass
class Running:
    """A side that runs: how to send to it, and its processes."""

    stage: Ground
    sender: Sender
    processes: Mapping[str, Process] = field(repr=False)

    def cpu(self) -> dict[str, float]:
        """CPU seconds so far, by process; the load's are not among them."""
        broker = {} if self.stage.broker is None else {"Kafka": cpu_seconds(self.stage.broker)}
        own = {name: process.cpu() for name, process in self.processes.items()}
        return {**own, "PostgreSQL": self.stage.database_cpu(), **broker}


@contextlib.asynccontextmanager
async def candor(stage: Ground, model: Taught) -> AsyncIterator[Running]:
    """All of Candor on topics and databases of its own, ready and with the model; ended afterwards."""
    site = Site(stage, "whole")
    try:
        url = await site.database("risk-svc")
        await asyncio.to_thread(publish, url, model.raw, model.version)
        await site.feed()
        processes = {service.name: await site.start(service.name, wait=False) for service in SERVICES}
        await asyncio.gather(*(process.ready(site.client, seconds=PATIENCE_S) for process in processes.values()))
        await _follows(site, processes["risk-web"], model.version)
        known: dict[str, Any] = json.loads(SecretPaths(site.folder.secrets).webhooks.read_text())["sources"]
        ports = tuple(_port(processes[name]) for name in ("promise-svc", "delivery-svc", "risk-web"))
        proofs = tuple(known[name]["secrets"][0] for name in ("crm", "field"))
        yield Running(stage, _sender("candor", ports, proofs, site.key), processes)
    finally:
        await site.close()


@contextlib.asynccontextmanager
async def usual(stage: Ground, model: Taught) -> AsyncIterator[Running]:
    """The usual service and its worker, ready; ended afterwards."""
    name = f"usual-{secrets.token_hex(3)}"
    for topic in (name, f"{name}-gaps"):
        await make_topic(stage.bootstrap, topic)
    url = named(stage.database_url, name)
    await create_database(url)
    made = engine(url, 1)
    async with made.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    await made.dispose()
    port, key = choose_port(None, "the usual service"), secrets.token_hex(16)
    environment, log = stage.settings(), stage.folder / f"{name}.log"
    service = ("bench.whole.usual_http", str(port), url, stage.bootstrap, name, key)
    worker = ("bench.whole.usual_worker", url, stage.bootstrap, name, str(model.file))
    processes = {
        "its service": Process("the usual service", service, port, environment, log),
        "its worker": Process("the usual worker", worker, 0, environment, log),
    }
    try:
        async with httpx.AsyncClient() as client:
            await processes["its service"].ready(client, "/openapi.json", PATIENCE_S)
        yield Running(stage, _sender("usual", (port, port, port), ("", ""), key), processes)
    finally:
        for process in processes.values():
            await process.stop()


def _sender(side: str, ports: tuple[int, ...], proofs: tuple[str, ...], key: str) -> Sender:
    promises, reports, gaps = ports
    crm, field_ = proofs
    serial = f"{side[0]}{secrets.token_hex(3)}"
    return Sender(side=side, serial=serial, ports=(promises, reports, gaps), secrets=(crm, field_), key=key)


def _port(process: Process) -> int:
    return urlsplit(process.url).port or 0


async def _follows(site: Site, web: Process, version: int) -> None:
    """Return once the role `web` forecasts with the model; the worker follows as often."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            answer = await site.client.get(f"{web.url}/v1/learning", headers=site.headers)
            if answer.json().get("model") == version:
                return
            await asyncio.sleep(0.1)
