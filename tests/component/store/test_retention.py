"""Old receipts, rejections and decided dead letters go; whatever somebody may still need stays."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
import structlog.testing

from candor.ops.settings import Settings
from candor.store import metrics
from candor.store.db import Database
from candor.store.errors import StoreUnavailable
from candor.store.retention import Retention, Rule, Step, outbox_rule
from candor.store.unit_of_work import UnitOfWork

RECEIPTS = """
INSERT INTO ingest (source, event_id, body_sha256, status, response, received_at)
SELECT 'crm', 'e' || number, '\\x00', 202, '{}', now() - make_interval(days => $2) + make_interval(secs => $3)
FROM generate_series(1, $1) AS number"""
LETTER = """
INSERT INTO dead_letter (grp, partition, topic, key, subject, kafka_offset, reason, detail, record, state, created_at,
  replayed_at)
VALUES ('g', 0, 'promises', 'c', 's', 1, $1, '', '', $2, now() - make_interval(days => $3),
  now() - make_interval(days => $4))"""
ROW = """
INSERT INTO outbox (topic, partition, events, created_at, published_at, keys, records)
SELECT 'promises', 0, 1, at, CASE WHEN $2 THEN at END, '{c}', ''
FROM (SELECT now() - make_interval(days => $1)) AS t (at)"""


def retention(database: Database, batch: int = 2_000, every: float = 3600, **settings: Any) -> Retention:
    return Retention(Settings(service="promise-svc", port=0, **settings), database, batch=batch, every=every)


async def count(database: Database, table: str) -> int:
    return int(await database.pool.fetchval(f"SELECT count(*) FROM {table}"))


async def test_receipts_stay_until_their_days_are_over(database: Database) -> None:
    await database.pool.execute(RECEIPTS, 3, 30, -60)
    await database.pool.execute(RECEIPTS.replace("'e'", "'young'"), 2, 30, 60)
    gone = await retention(database).clear()
    assert {name: rows for name, rows in gone.items() if rows} == {"ingest": 3}
    left = await database.pool.fetch("SELECT event_id FROM ingest ORDER BY 1")
    assert [row["event_id"] for row in left] == ["young1", "young2"]


async def test_the_days_are_a_setting(database: Database) -> None:
    await database.pool.execute(RECEIPTS, 3, 10, 0)
    assert (await retention(database, receipts_kept_days=11).clear())["ingest"] == 0
    assert (await retention(database, receipts_kept_days=9).clear())["ingest"] == 3


async def test_everything_goes_in_batches(database: Database) -> None:
    await database.pool.execute(RECEIPTS, 25, 40, 0)
    assert (await retention(database, batch=10).clear())["ingest"] == 25
    assert await count(database, "ingest") == 0


@pytest.mark.parametrize(
    ("state", "decided", "gone"),
    [
        ("replayed", 31, True),
        ("replayed", 29, False),
        ("discarded", 31, True),
        ("held", 31, False),
        ("replay", 31, False),
    ],
)
async def test_only_decided_dead_letters_go(database: Database, state: str, decided: int, gone: bool) -> None:
    await database.pool.execute(LETTER, "handler_error", state, 100, decided)
    assert (await retention(database).clear())["dead_letter"] == int(gone)
    assert await count(database, "dead_letter") == int(not gone)


@pytest.mark.parametrize(
    ("days", "sent", "stays"), [(729, True, 1), (731, True, 0), (731, False, 1)], ids=["young", "old", "never sent"]
)
async def test_the_log_goes_once_nobody_is_built_from_it(database: Database, days: int, sent: bool, stays: int) -> None:
    await database.pool.execute(ROW, days, sent)
    settings = Settings(service="promise-svc", port=0)
    await Retention(settings, database, [outbox_rule(settings)]).clear()
    assert await count(database, "outbox") == stays


async def test_without_its_rule_the_outbox_stays(database: Database) -> None:
    await database.pool.execute(ROW, 4000, True)
    await retention(database).clear()
    assert await count(database, "outbox") == 1


@pytest.mark.parametrize(
    ("reason", "days", "gone"),
    [
        ("foreign_type", 29, 0),
        ("foreign_type", 31, 1),
        ("forged", 31, 1),
        ("handler_error", 179, 0),
        ("handler_error", 181, 1),
        ("behind", 181, 1),
    ],
)
async def test_letters_without_a_decision_go_too_strange_ones_soon(
    database: Database, reason: str, days: int, gone: int
) -> None:
    await database.pool.execute(LETTER, reason, "held", days, 0)
    await retention(database).clear()
    assert await count(database, "dead_letter") == 1 - gone


async def test_what_came_to_its_end_is_counted(database: Database) -> None:
    before = metrics.ROWS_EXPIRED.labels("ingest")._value.get()
    await database.pool.execute(RECEIPTS, 25, 40, 0)
    await retention(database, batch=10).clear()
    assert metrics.ROWS_EXPIRED.labels("ingest")._value.get() - before == 25


async def test_a_round_that_is_cut_off_leaves_the_rest_whole_for_the_next(database: Database) -> None:
    await database.pool.execute(RECEIPTS, 25, 40, 0)

    class CutOff(Rule):
        """Breaks in its third transaction, after its deletion."""

        async def step(self, uow: UnitOfWork, most: int) -> Step:
            done = await super().step(uow, most)
            if await uow.connection.fetchval("SELECT count(*) FROM ingest") < 5:
                raise ConnectionError("killed")
            return done

    ends = retention(database, batch=10)
    ends.rules = (CutOff("ingest", "received_at", 30),)
    with pytest.raises(StoreUnavailable):
        await ends.clear()
    assert await count(database, "ingest") == 5
    assert (await retention(database).clear())["ingest"] == 5


async def test_two_processes_clear_side_by_side(database: Database) -> None:
    await database.pool.execute(RECEIPTS, 200, 40, 0)
    gone = await asyncio.gather(*(retention(database, batch=7).clear() for _ in range(4)))
    assert await count(database, "ingest") == 0
    assert sum(one["ingest"] for one in gone) == 200


async def test_a_row_that_somebody_holds_is_left_for_the_next_round(database: Database) -> None:
    await database.pool.execute(RECEIPTS, 3, 40, 0)
    async with database.pool.acquire() as holder, holder.transaction():
        await holder.execute("SELECT FROM ingest WHERE event_id = 'e2' FOR UPDATE")
        assert (await retention(database).clear())["ingest"] == 2
    assert (await retention(database).clear())["ingest"] == 1


async def test_it_runs_from_the_start_and_stops_at_once(database: Database) -> None:
    await database.pool.execute(RECEIPTS, 3, 40, 0)
    background = retention(database)
    with structlog.testing.capture_logs() as said:
        task = asyncio.create_task(background.run())
        async with asyncio.timeout(10):
            while await count(database, "ingest"):  # noqa: ASYNC110 - the database tells nobody
                await asyncio.sleep(0.02)
            while not said:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
            await background.stop()
            await task
    assert {"event": "old rows cleared", "log_level": "info", "ingest": 3} in said
