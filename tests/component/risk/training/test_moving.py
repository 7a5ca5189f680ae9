"""The database moved to a new cluster: transaction ids begin anew, and nothing that was not read is lost."""

from __future__ import annotations

import pytest

from candor.store.db import Database
from risk_svc.forecast.serialization import model_bytes
from risk_svc.training import moving
from tests.support.clocks import ManualClock
from tests.support.learning import Ticks, count, course_of, drained, holding, published, write
from tests.support.risk import entries, flights

FOUND = sorted(entries(flights(30)), key=lambda one: one.at)
AHEAD = 1_000_000_000
"""By so many transactions the old cluster was ahead."""


async def as_if_restored(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a dump brings of the old cluster: rows with its transaction ids, in a cluster with another name."""
    await database.pool.execute(f"UPDATE journal SET xid = (xid::text::bigint + {AHEAD})::text::xid8")

    async def elsewhere(_connection: object) -> str:
        return "another"

    monkeypatch.setattr(moving, "cluster", elsewhere)


@pytest.mark.parametrize("checkpoint", [True, False])
async def test_after_a_move_what_was_not_read_is_learnt_before_what_is_new(
    risk_database: Database,
    clock: ManualClock,
    ticks: Ticks,
    monkeypatch: pytest.MonkeyPatch,
    checkpoint: bool,
) -> None:
    monkeypatch.setattr(moving, "PIECE", 2)
    old = await holding(risk_database, clock, ticks)
    await write(risk_database, FOUND[:10])
    await old.turn()
    if checkpoint:
        old._place = old._place._replace(xid=old._place.xid + AHEAD)
        await old.save()
    for start in range(10, 40, 5):
        await write(risk_database, FOUND[start : start + 5])
    await as_if_restored(risk_database, monkeypatch)
    await risk_database.pool.execute("DELETE FROM member")
    # Workers of the new cluster begin before its learner does.
    await write(risk_database, FOUND[40:70])
    learner = await holding(risk_database, clock, ticks)
    await learner.turn()
    await write(risk_database, FOUND[70:])
    await drained(learner, ticks)
    assert learner.course is not None
    assert learner.course.taken == len(FOUND) - 10 * checkpoint
    [*_, (boundary, body)] = (await published(risk_database)).values()
    assert body == model_bytes(course_of(FOUND, boundary).engine.model)
    # From here on the order of this cluster holds: all is cut, and who goes on has nothing to read twice.
    await learner.save()
    while await count(risk_database, "journal"):
        await learner.turn()
    await risk_database.pool.execute("DELETE FROM member")
    second = await holding(risk_database, clock, ticks)
    await drained(second, ticks)
    assert second.course is not None
    assert (second.course.taken, second.course.version) == (0, learner.course.version)
