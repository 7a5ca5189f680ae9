"""Real servers for tests: the ones named by the environment, or one broker and one database of our own."""

from __future__ import annotations

import asyncio
import os
import secrets
import shutil
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import asyncpg

from candor.installation.folder import Folder
from candor.local.kafka import KafkaBroker
from candor.local.postgres import PostgresServer
from candor.ops.database_url import database_of

HOME = Path(os.environ.get("CANDOR_HOME") or Path(__file__).parents[2] / ".candor")
Prepare = Callable[[str], Awaitable[None]]


@contextmanager
def own_folder(name: str) -> Iterator[Folder]:
    """A folder of this process under `.candor/test`, gone afterwards; jars are shared with everything else."""
    root = HOME / "test" / f"{name}-{os.getpid()}-{secrets.token_hex(3)}"
    folder = Folder.at(root, HOME / "jars")
    try:
        yield folder
    finally:
        shutil.rmtree(root, ignore_errors=True)


@contextmanager
def kafka_server() -> Iterator[str]:
    """Bootstrap servers: `KAFKA_BOOTSTRAP_SERVERS` when set, else a broker that lives as long as the block."""
    given = os.environ.get("KAFKA_BOOTSTRAP_SERVERS")
    if given:
        yield given
        return
    with own_folder("kafka") as folder:
        broker = KafkaBroker(folder, None, quick=True)
        try:
            yield broker.start()
        finally:
            broker.stop()


@contextmanager
def postgres_server() -> Iterator[str]:
    """The server's URL without a database: `DATABASE_URL` when set, else a server that lives as long as the block."""
    given = os.environ.get("DATABASE_URL")
    if given:
        yield given.rstrip("/")
        return
    with own_folder("postgres") as folder:
        server = PostgresServer(folder, None)
        try:
            yield server.start()
        finally:
            server.stop()


class Databases:
    """Makes databases for tests; what `prepare` did to one (migrations) is done once and copied after that."""

    def __init__(self, server_url: str) -> None:
        self._server = server_url.rstrip("/")
        self._run = f"test_{os.getpid()}_{secrets.token_hex(3)}"
        self._made: list[str] = []
        self._templates: dict[Prepare, str] = {}
        self._making = asyncio.Lock()

    async def fresh(self, prepare: Prepare | None = None) -> str:
        """The URL of a database nobody else uses; `prepare(url)` must close every connection that it opens."""
        async with self._making:
            template = await self._template(prepare) if prepare else "template1"
            return await self._create(template)

    async def drop(self, url: str) -> None:
        """Drops a database that `fresh` returned, with whatever is still connected to it."""
        name = database_of(url)
        await self._execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        if name in self._made:
            self._made.remove(name)

    async def close(self) -> None:
        """Drops everything that is left."""
        for name in list(self._made):
            await self.drop(f"{self._server}/{name}")

    async def _template(self, prepare: Prepare) -> str:
        if prepare not in self._templates:
            url = await self._create("template1")
            await prepare(url)
            self._templates[prepare] = url.rpartition("/")[2]
        return self._templates[prepare]

    async def _create(self, template: str) -> str:
        name = f"{self._run}_{len(self._made)}_{secrets.token_hex(2)}"
        await self._execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        self._made.append(name)
        return f"{self._server}/{name}"

    async def _execute(self, statement: str) -> None:
        connection = await asyncpg.connect(f"{self._server}/postgres")
        try:
            await connection.execute(statement)
        finally:
            await connection.close()
