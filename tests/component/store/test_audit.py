"""The audit log only grows: it commits with the act it records, and nothing changes it early."""

from __future__ import annotations

import asyncio
import os
import signal
import sys

import asyncpg
import pytest

from candor.ops.settings import Settings
from candor.store import audit
from candor.store.audit import Act, Actor
from candor.store.db import Database
from candor.store.retention import Retention
from candor.store.unit_of_work import unit_of_work

ADA = Actor("ada", "operator", "192.0.2.1")
OLD = """INSERT INTO audit_log (at, who, role, place, action, object, outcome)
VALUES (now() - make_interval(days => $1), 'ada', 'operator', '', 'x', 'y', 'done')"""
KILLED = """
import asyncio, os, signal, sys
from candor.store import audit
from candor.store.db import Database
from candor.store.unit_of_work import unit_of_work

async def main():
    database = await Database.open(sys.argv[1], pool_size=1)
    async with unit_of_work(database) as uow:
        await uow.connection.execute("INSERT INTO effect (id) VALUES ('done')")
        if sys.argv[2] == "before": os.kill(os.getpid(), signal.SIGKILL)
        await audit.write(uow, [audit.Act(audit.Actor("ada", "operator", ""), "act", "effect")])
        if sys.argv[2] == "between": os.kill(os.getpid(), signal.SIGKILL)
    os.kill(os.getpid(), signal.SIGKILL)

asyncio.run(main())
"""


async def whole(database: Database) -> list[tuple[str, ...]]:
    rows = await database.pool.fetch("SELECT who, role, place, action, object, outcome FROM audit_log ORDER BY id")
    return [tuple(row) for row in rows]


async def test_an_act_is_recorded_if_and_only_if_it_commits(database: Database) -> None:
    async with unit_of_work(database) as uow:
        await audit.write(uow, [Act(ADA, "promise.made", "/v1/promises/p1"), Act(ADA, "erase", "c1", "forbidden")])
    with pytest.raises(ZeroDivisionError):
        async with unit_of_work(database) as uow:
            await audit.write(uow, [Act(ADA, "never", "x")])
            raise ZeroDivisionError
    assert await whole(database) == [
        ("ada", "operator", "192.0.2.1", "promise.made", "/v1/promises/p1", "done"),
        ("ada", "operator", "192.0.2.1", "erase", "c1", "forbidden"),
    ]


@pytest.mark.parametrize(("where", "left"), [("before", 0), ("between", 0), ("after", 1)])
async def test_a_kill_leaves_both_the_act_and_its_record_or_neither(database: Database, where: str, left: int) -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", KILLED, database.url, where), env=dict(os.environ)
    )
    assert await asyncio.wait_for(process.wait(), 60) == -signal.SIGKILL
    counts = [await database.pool.fetchval(f"SELECT count(*) FROM {table}") for table in ("effect", "audit_log")]
    assert counts == [left, left]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_log SET who = 'bob'",
        "DELETE FROM audit_log",
        "TRUNCATE audit_log",
        "DELETE FROM audit_log WHERE id > 0",
    ],
)
async def test_nothing_changes_or_removes_a_row(database: Database, statement: str) -> None:
    await database.pool.execute(OLD, 29)
    with pytest.raises(asyncpg.RaiseError, match="the audit log only grows"):
        await database.pool.execute(statement)
    assert len(await whole(database)) == 1


async def test_retention_removes_what_is_older_than_its_setting(database: Database) -> None:
    for days in (20, 399, 401):
        await database.pool.execute(OLD, days)
    settings = Settings(service="promise-svc", port=0)
    assert (await Retention(settings, database).clear())["audit_log"] == 1
    shortest = Settings(service="promise-svc", port=0, audit_kept_days=30)
    assert (await Retention(shortest, database).clear())["audit_log"] == 1
    assert len(await whole(database)) == 1


async def test_without_a_database_a_refused_try_is_refused_all_the_same(database: Database) -> None:
    away = await Database.open(database.url, pool_size=1)
    await away.close()
    await audit.write_refused(away, Act(ADA, "GET", "/v1/audit", "role_too_low"))
    assert await whole(database) == []


UGLY = "/v1/customers/\x00\ud800\u202e\x1b[2J"


async def test_what_no_database_takes_is_recorded_escaped(database: Database) -> None:
    async with unit_of_work(database) as uow:
        await audit.write(
            uow, [Act(Actor("a\x00", "viewer", "\ud83d"), "x\n", UGLY, "é\x00"), Act(ADA, "y" * 9999, "\0" * 9999)]
        )
    first, second = await whole(database)
    assert first == ("a\\x00", "viewer", "\\ud83d", "x\\n", "/v1/customers/\\x00\\ud800\\u202e\\x1b[2J", "é\\x00")
    assert (len(second[3]), second[4][:8], len(second[4])) == (512, "\\x00\\x00", 512)


async def test_a_row_that_the_table_refuses_leaves_a_try_refused_all_the_same(
    database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    await database.pool.execute("ALTER TABLE audit_log ADD CHECK (who <> 'ada')")
    await audit.write_refused(database, Act(ADA, "GET", "/v1/audit", "role_too_low"))
    assert await whole(database) == []
    assert "refused try not in the audit log" in capsys.readouterr().out
