"""The journal's limit: its oldest rows go in pieces, and no promise is then learnt half."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from candor.ops.metrics import REGISTRY
from candor.store.db import Database
from candor.store.unit_of_work import unit_of_work
from risk_svc.forecast.view import PromiseSnapshot
from risk_svc.training import journal, trimming
from risk_svc.training.trimming import Size, Trimming
from tests.support.clocks import ManualClock
from tests.support.learning import Ticks, count, drained, holding, published, write
from tests.support.risk import entries, flights

LARGE = 1 << 40
FOUND = sorted(entries(flights(120)), key=lambda one: one.at)


async def exactly(database: Database) -> Size:
    [row] = await database.pool.fetch("SELECT count(*) AS rows, sum(octet_length(entries)) AS bytes FROM journal")
    return Size(row["rows"], row["bytes"] or 0)


async def noted(database: Database) -> Size:
    async with unit_of_work(database) as uow:
        return await trimming.measured(uow.connection)


async def written(database: Database, start: int, end: int, size: int = 2) -> None:
    for first in range(start, end, size):
        await write(database, FOUND[first : min(first + size, end)])


@pytest.mark.parametrize("limit", ["rows", "bytes"])
async def test_above_its_limit_the_oldest_rows_go_in_pieces_until_there_is_room(
    risk_database: Database, monkeypatch: pytest.MonkeyPatch, limit: str
) -> None:
    monkeypatch.setattr(trimming, "PIECE", 3)
    await written(risk_database, 0, 80)
    size = await exactly(risk_database)
    await Trimming(risk_database, size).once()
    assert await noted(risk_database) == size == await exactly(risk_database)
    most = Size(20, LARGE) if limit == "rows" else Size(LARGE, size.bytes // 2)
    before = REGISTRY.get_sample_value("candor_journal_trimmed_rows_total") or 0.0
    await Trimming(risk_database, most).once()
    left = await exactly(risk_database)
    assert await noted(risk_database) == left
    assert left.rows <= 0.9 * most.rows
    assert left.bytes <= 0.9 * most.bytes
    assert left.rows + 3 > 18 or limit == "bytes"
    assert REGISTRY.get_sample_value("candor_journal_trimmed_rows_total") == before + size.rows - left.rows
    assert REGISTRY.get_sample_value("candor_journal_rows") == left.rows
    async with risk_database.pool.acquire() as connection:
        [first, *_] = await journal.read(connection, journal.Place())
    assert first.entries[0].at == FOUND[80 - 2 * left.rows].at


async def test_what_a_running_transaction_may_still_precede_stays(risk_database: Database) -> None:
    async with unit_of_work(risk_database) as slow:
        await journal.write(slow.connection, {0: FOUND[:2]})
        await written(risk_database, 2, 20)
        await Trimming(risk_database, Size(1, LARGE)).once()
        assert await count(risk_database, "journal") == 9
    await Trimming(risk_database, Size(1, LARGE)).once()
    assert await count(risk_database, "journal") == 0


async def test_a_learner_that_was_away_learns_whole_promises_only_and_its_versions_go_on(
    risk_database: Database, clock: ManualClock, ticks: Ticks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trimming, "PIECE", 1)

    def clock_at(number: int) -> None:
        clock.set(datetime.fromtimestamp(FOUND[number].at, UTC))

    await written(risk_database, 0, 100, 4)
    clock_at(99)
    first = await holding(risk_database, clock, ticks)
    await drained(first, ticks)
    await first.save()
    while await first.turn() or await count(risk_database, "journal"):
        pass
    # More is learnt and published, and not in a checkpoint when the process dies.
    await written(risk_database, 100, 160, 4)
    clock_at(159)
    await drained(first, ticks)
    newest = max(await published(risk_database))
    await written(risk_database, 160, 260, 4)
    await Trimming(risk_database, Size(20, LARGE)).once()
    await risk_database.pool.execute("DELETE FROM member")
    await written(risk_database, 260, 360, 4)
    clock_at(359)
    second = await holding(risk_database, clock, ticks)
    await drained(second, ticks)
    assert second.course is not None
    last = 260 - 4 * 18 - 1
    kept = [one for one in FOUND[last + 1 :] if isinstance(one, PromiseSnapshot)]
    whole = {one.view.promise_id for one in kept if one.view.made > FOUND[last].at}
    assert whole
    assert second.course.taken == sum(one.view.promise_id in whole for one in kept) < len(kept)
    assert second.course.engine.open.keys() <= whole
    assert max(await published(risk_database)) > newest
    assert second.course.sample.share == 1.0
