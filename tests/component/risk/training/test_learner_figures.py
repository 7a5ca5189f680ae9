"""What /metrics says of who learns: how many boundaries wait, and nothing from a process that does not learn."""

from __future__ import annotations

from candor.ops.metrics import REGISTRY
from candor.store.db import Database
from risk_svc.training.learner import Learner
from tests.support.at_work import at_work
from tests.support.clocks import ManualClock
from tests.support.learning import DAY, EACH, Ticks, drained, holding, write
from tests.support.risk import MADE, entries, flights
from tests.support.waiting import until


def waiting() -> float | None:
    return REGISTRY.get_sample_value("candor_model_boundaries_waiting")


async def test_boundaries_that_the_clock_passed_wait_until_they_are_closed(
    risk_database: Database, clock: ManualClock, ticks: Ticks
) -> None:
    await write(risk_database, entries(flights(30)))
    learner = await holding(risk_database, clock, ticks)
    await learner.turn()
    # What came in this moment is given time for what belongs before it.
    assert (waiting() or 0) >= 4
    await drained(learner, ticks)
    assert waiting() == 0
    # Two boundaries were passed; a turn closes one and leaves the other.
    clock.set(MADE + DAY / 12)
    assert await learner.turn()
    assert waiting() == 1


async def test_who_waits_for_the_lease_does_not_say_that_all_is_well(
    risk_database: Database, clock: ManualClock, ticks: Ticks
) -> None:
    await drained(await holding(risk_database, clock, ticks), ticks)
    assert waiting() == 0
    standby = Learner(risk_database, clock, EACH, system=ticks)
    await standby.leases.renew()
    await standby.turn()
    assert waiting() is None


async def test_when_more_comes_than_fits_a_sample_is_learnt_and_the_metric_and_each_version_say_so(
    risk_database: Database, clock: ManualClock, ticks: Ticks
) -> None:
    def share() -> float | None:
        return REGISTRY.get_sample_value("candor_learner_sample_ratio")

    before = REGISTRY.get_sample_value("candor_journal_left_out_entries_total") or 0.0
    found = entries(flights(80))
    for start in range(0, len(found), 20):
        await write(risk_database, found[start : start + 20])
    learner = await holding(risk_database, clock, ticks, most=100)
    await learner.turn()
    assert learner.course is not None
    assert learner.course.waiting <= 120
    assert share() == learner.course.sample.share < 1
    left = REGISTRY.get_sample_value("candor_journal_left_out_entries_total") or 0.0
    assert left - before == learner.course.left_out > 0
    await drained(learner, ticks)
    # The sample is of those hours; later ones are learnt whole again.
    shares = await risk_database.pool.fetch("SELECT share FROM model_version ORDER BY version")
    assert shares[0]["share"] < 1
    assert learner.course.left_out == left - before
    assert [row["share"] for row in shares] == sorted(row["share"] for row in shares)
    assert share() == learner.course.sample.share


async def test_a_learner_that_cannot_read_does_not_go_on_saying_what_waited_before(
    risk_database: Database, clock: ManualClock
) -> None:
    async with at_work(Learner(risk_database, clock, EACH)):
        await until(lambda: waiting() == 0)
        await risk_database.pool.execute("ALTER TABLE journal RENAME TO elsewhere")
        await until(lambda: waiting() is None)
        await risk_database.pool.execute("ALTER TABLE elsewhere RENAME TO journal")
        await until(lambda: waiting() == 0)


async def test_memory_that_learning_took_is_given_back_and_not_while_nothing_is_learnt(
    risk_database: Database, clock: ManualClock, ticks: Ticks
) -> None:
    given: list[int] = []
    learner = Learner(risk_database, clock, EACH, system=ticks, give_back=lambda: given.append(1))
    await learner.leases.renew()
    await drained(learner, ticks)
    assert given == []
    await write(risk_database, entries(flights(30)))
    await drained(learner, ticks)
    versions = await risk_database.pool.fetchval("SELECT count(*) FROM model_version")
    assert len(given) == versions > 0
