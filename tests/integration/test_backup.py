"""All four databases dumped, restored into a fresh server, and gone on from: nothing is told twice."""

from __future__ import annotations

import asyncio
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import pytest

from candor.local.postgres import PostgresServer, binaries
from tests.support.clocks import ManualClock
from tests.support.servers import own_folder
from tests.support.town import Trip, reached, whole_town

pytestmark = pytest.mark.long
WARNED = ("warning", "sent")
CLEARED = ("all_clear", "sent")


async def test_a_restored_dump_goes_on_where_it_was_and_tells_nobody_twice(
    kafka: str, postgres: str, tmp_path: Path
) -> None:
    clock, dumps = ManualClock(), tmp_path / "dumps"
    dumps.mkdir()
    async with whole_town(kafka, postgres, tmp_path, clock) as before:
        trip = Trip(before)
        await trip.promised()
        await trip.slipping()
        await before.notices(trip.promise_id, WARNED)
        held = await before.gap(trip.promise_id, lambda gap: gap["told"])
        for settings in before.settings.values():
            # On the running system, one after the other, as a nightly job does it.
            await dump(settings.database, dumps)
        places = {urlsplit(settings.database).path.lstrip("/") for settings in before.settings.values()}

    with own_folder("restored") as folder:
        server = PostgresServer(folder, None)
        url = await asyncio.to_thread(server.start)
        try:
            for name in sorted(places):
                await restore(url, name, dumps)
            async with whole_town(kafka, url, tmp_path, clock, again=before) as after:
                trip.town = after
                found = await after.gap(trip.promise_id, reached)
                assert found["score"] == held["score"]
                assert [mail["recipients"] for mail in await after.mails(trip.email)] == [[trip.email]]
                await trip.arrives_in_time()
                await after.notices(trip.promise_id, WARNED, CLEARED)
                subjects = [mail["subject"] for mail in await after.mails(trip.email)]
                assert len(subjects) == len(set(subjects)) == 2
        finally:
            await asyncio.to_thread(server.stop)


async def dump(database: str, dumps: Path) -> None:
    file = dumps / f"{urlsplit(database).path.lstrip('/')}.dump"
    await run("pg_dump", "--format=custom", f"--file={file}", database)


async def restore(url: str, name: str, dumps: Path) -> None:
    server = await asyncpg.connect(f"{url}/postgres")
    await server.execute(f"CREATE DATABASE \"{name}\" ENCODING 'UTF8' TEMPLATE template0")
    await server.close()
    file = dumps / f"{name}.dump"
    await run("pg_restore", "--exit-on-error", "--no-owner", f"--dbname={url}/{name}", str(file))


async def run(program: str, *arguments: str) -> None:
    command = [str(binaries() / program), *arguments]
    done = await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
