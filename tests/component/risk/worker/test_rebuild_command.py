"""`candor risk rebuild` as its users run it: how far it is, and what holds after it was stopped."""

from __future__ import annotations

import asyncio
import io
import os
import secrets
import signal
import sys
from functools import partial

import pytest

from candor.ops.database_url import named
from candor.store.db import Database
from candor.store.lease import Leases
from candor.store.migrate import upgrade
from candor.terminal import Screen
from risk_svc.commands import LINE_SECONDS, UNFINISHED, Shown
from risk_svc.store import rebuilding
from risk_svc.wiring import GROUP, MIGRATIONS
from tests.support.risk import opened
from tests.support.servers import Databases
from tests.support.waiting import until


@pytest.mark.parametrize(
    ("emptied", "words"), [(False, "stopped before anything was changed"), (True, f"{UNFINISHED}")]
)
async def test_ctrl_c_ends_it_with_what_holds_now(
    emptied: bool, words: str, kafka: str, postgres: str, databases: Databases
) -> None:
    prefix = f"t{secrets.token_hex(5)}"
    url = named(postgres, f"{prefix}_risk")
    await upgrade(url, MIGRATIONS)
    async with opened(url) as database:
        # Somebody who is at work for a minute: the command waits for its end.
        await Leases(database, GROUP, 4, "at-work", seconds=60).renew()
        if emptied:
            await rebuilding.ask(database)
            await database.pool.execute("UPDATE rebuild SET emptied = true")
        given = {"KAFKA_BOOTSTRAP_SERVERS": kafka, "DATABASE_URL": postgres, "DATABASE_PREFIX": prefix}
        process = await asyncio.create_subprocess_exec(
            *("env", "--default-signal=INT", sys.executable, "-m", "candor.cli", "risk", "rebuild", "--yes"),
            env={**os.environ, **given, "TOPIC_PREFIX": prefix},
            stdout=-1,
            stderr=-1,
        )
        await until(partial(rebuilding.why_waiting, database))
        if emptied:
            await until(lambda: connected(database))
        process.send_signal(signal.SIGINT)
        _, err = await process.communicate()
        assert (process.returncode, err.decode().strip()) == (130, f"candor: {words}")
        assert bool(await rebuilding.why_waiting(database)) is emptied
    await databases.drop(url)


async def connected(database: Database) -> bool:
    """Whether the command has come as far as its own connections."""
    count = await database.pool.fetchval(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE '%member%'"
        " AND pid <> pg_backend_pid()"
    )
    return bool(count)


def test_in_a_log_progress_is_a_line_every_few_seconds() -> None:
    screen, written, now = Screen(), io.StringIO(), [0.0]
    screen.file = written
    shown = Shown(screen, lambda _: None, lambda: now[0])
    for second in (0.1, 0.3, LINE_SECONDS - 0.1, LINE_SECONDS + 0.2):
        now[0] = second
        shown.look(float("inf") if second < 1 else 90.0, int(10 * second))
    assert written.getvalue().splitlines() == [
        "1 live promises, beginning",
        f"{int(10 * (LINE_SECONDS + 0.2))} live promises, 90 s of events to go",
    ]
