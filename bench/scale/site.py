"""Where one scenario takes place: topics, databases and processes of its own on the servers that all share."""

from __future__ import annotations

import asyncio
import secrets
from pathlib import Path
from typing import Any, Final

import asyncpg
import httpx

import delivery_svc.wiring
import notify_svc.wiring
import promise_svc.wiring
import risk_svc.wiring
from bench.ground import Ground
from bench.scale.feed import Feed
from bench.scale.process import Process
from bench.scale.scenario import Finding
from candor.installation.folder import Folder
from candor.local.ports import choose_port
from candor.local.secret_files import SecretPaths, add_key, ensure_secrets
from candor.local.stack import SERVICES
from candor.messaging.topics import ensure_topics
from candor.ops.database_url import named
from candor.ops.settings import Settings, read_secret
from candor.store.migrate import upgrade
from candor.web.security.auth import Role
from delivery_svc.settings import DeliverySettings
from notify_svc.settings import NotifySettings
from promise_svc.settings import PromiseSettings
from risk_svc.settings import RiskSettings

OWN: Final[dict[str, tuple[type[Settings], Path]]] = {
    "promise-svc": (PromiseSettings, promise_svc.wiring.MIGRATIONS),
    "delivery-svc": (DeliverySettings, delivery_svc.wiring.MIGRATIONS),
    "risk-svc": (RiskSettings, risk_svc.wiring.MIGRATIONS),
    "notify-svc": (NotifySettings, notify_svc.wiring.MIGRATIONS),
}
LONG: Final = 600.0


class Site:
    """One scenario's own place; `close` ends its processes and drops its databases.

    `brief`: a try at a tiny size, which rests a tenth of the time. `found`: what is known before a scenario ends.
    """

    def __init__(self, stage: Ground, label: str, *, brief: bool = False) -> None:
        self.folder = Folder.at(stage.folder / f"scale-{label}-{secrets.token_hex(3)}")
        self.client = httpx.AsyncClient(timeout=LONG, limits=httpx.Limits(max_connections=64))
        self.processes: list[Process] = []
        self.stage = stage
        self.found: list[Finding] = []
        self.brief = brief
        self._prefix = f"s{secrets.token_hex(4)}"
        self._paths: SecretPaths = ensure_secrets(self.folder)
        self.key = add_key(self._paths, "scale", Role.ADMIN)
        self._urls: dict[str, str] = {}
        self._feed: Feed | None = None

    @property
    def topics(self) -> str:
        """What every topic's name begins with."""
        return f"{self._prefix}-"

    @property
    def headers(self) -> dict[str, str]:
        """The headers of a request with our key."""
        return {"Authorization": f"Bearer {self.key}"}

    @property
    def contact_key(self) -> bytes:
        """The public key that seals contacts, as its file has it."""
        return self._paths.contact_public.read_bytes()

    @property
    def session_secret(self) -> str:
        """The secret that signs sessions of staff."""
        return read_secret(self._paths.session)

    def settings(self, service: str) -> Settings:
        """The settings of a service at this site."""
        values: dict[str, Any] = {
            "database_url": self.stage.database_url,
            "database_prefix": self._prefix,
            "kafka_bootstrap_servers": self.stage.bootstrap,
            "topic_prefix": self._prefix,
        }
        return OWN[service][0](**values)

    @property
    def partitions(self) -> int:
        """Partitions of the topics that are divided by customer."""
        return self.settings("risk-svc").partitions

    async def database(self, service: str) -> str:
        """The address of a service's database, with its tables."""
        if service not in self._urls:
            self._urls[service] = self.settings(service).database
            await upgrade(self._urls[service], OWN[service][1])
        return self._urls[service]

    async def connect(self, service: str) -> asyncpg.Connection[asyncpg.Record]:
        """A connection to a service's database for filling and looking, without the limits of a process."""
        connection = await asyncpg.connect(await self.database(service))
        await connection.execute("SET synchronous_commit = off")
        return connection

    async def feed(self) -> Feed:
        """What sends events to the topics, which exist from then on."""
        if self._feed is None:
            await ensure_topics(self.settings("risk-svc"), patience_s=60)
            self._feed = Feed(self.stage.bootstrap, self._prefix, self.partitions)
            await self._feed.start()
        return self._feed

    async def start(self, name: str, *, wait: bool = True, **more: str) -> Process:
        """Start a process of the stack by its name, ready unless told not to `wait`."""
        service = next(one for one in SERVICES if one.name == name)
        await self.database(service.settings)
        own = self._paths.environment(service.settings)
        # Events come unsigned from here: signatures are not what is measured.
        files = {key: value for key, value in own.items() if not key.startswith("EVENT_")}
        port = choose_port(None, name)
        environment = self.stage.settings(
            HOST="127.0.0.1",
            PORT=str(port),
            DATABASE_PREFIX=self._prefix,
            TOPIC_PREFIX=self._prefix,
            DRAIN_PAUSE_SECONDS="0",
            RATE_LIMIT="1000000",
            CUSTOMER_RATE_LIMIT="1000000",
            ADDRESS_RATE_LIMIT="0",
            **files,
            **more,
        )
        return await self.launch(name, service.module, port, environment, wait=wait)

    async def launch(
        self, name: str, module: tuple[str, ...], port: int, environment: dict[str, str], *, wait: bool = True
    ) -> Process:
        """Start any module as a process of this site."""
        process = Process(name, module, port, environment, self.folder.logs / f"{name}.log")
        self.processes.append(process)
        if wait:
            await process.ready(self.client)
        return process

    async def rest(self, seconds: float) -> None:
        """Let what runs here run for a while."""
        await asyncio.sleep(seconds / 10 if self.brief else seconds)

    async def close(self) -> None:
        """End every process and drop every database; the rows of a scenario would fill the disk of the next."""
        for process in reversed(self.processes):
            await process.stop()
        if self._feed is not None:
            await self._feed.close()
        await self.client.aclose()
        connection = await asyncpg.connect(named(self.stage.database_url, "postgres"))
        try:
            for url in self._urls.values():
                name = url.rpartition("/")[2].partition("?")[0]
                await connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
            if self._urls:
                await connection.execute("CHECKPOINT")
        finally:
            await connection.close()
