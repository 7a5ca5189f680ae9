"""Partitions grow from 4 to 8 while events come in, and the tool is killed at every step."""

from __future__ import annotations

import pytest

from candor.growing.growth import LOCK, CannotGrowError
from candor.records.packing import unpack
from candor.records.partitioner import partition_of
from candor.store import layout, outbox
from candor.store.unit_of_work import unit_of_work
from tests.component.growing.grounds import SENDER, Grounds, KilledError, dying
from tests.support.foundation import made
from tests.support.ledger.book import GROUP, Sender, judge, withdrawn
from tests.support.waiting import until

CLEAN: dict[str, list[str]] = {"lost": [], "twice": [], "inverted": [], "forgotten": []}
STEPS = (
    *(("hold", 1), ("hold", 2), ("senders", 1), ("senders", 2), ("offsets", 1), ("switch", 1), ("switch", 2)),
    *(("split", 1), ("split", 2), ("move", 1), ("move", 2), ("move", 3), ("release", 1), ("release", 1)),
    ("split", 1),
)
"""Which step for the how-manieth time, in the order in which they come; the last is of the log."""


async def test_nothing_is_lost_twice_or_out_of_order_though_the_tool_is_killed_at_every_step(grounds: Grounds) -> None:
    async with grounds.processes(), grounds.load():
        for step, times in STEPS:
            with pytest.raises(KilledError):
                await grounds.growing(dying(step, times)).grow(8)
        await grounds.growing().grow(8)
        sent = len(grounds.sent)
        await until(lambda: len(grounds.sent) >= sent + 200)
    async with grounds.processes():
        await grounds.arrived()
    assert await judge(grounds.databases[GROUP].url, grounds) == CLEAN  # type: ignore[arg-type]
    assert {place for (place,) in await grounds.places(GROUP, "partition", "effect")} == set(range(8))
    assert set((await grounds.topics.counts()).values()) == {8}
    assert (SENDER, 8) in grounds.starts
    assert (GROUP, 8) in grounds.starts


async def test_what_was_sent_before_is_replayed_from_the_new_partitions_in_order(grounds: Grounds) -> None:
    sender = grounds.databases[SENDER]
    async with grounds.processes():
        async with grounds.load():
            await until(lambda: len(grounds.sent) >= 400)
            await grounds.growing().grow(8)
        await grounds.arrived()
    found = await layout.read(sender.pool)
    assert found is not None
    assert (found.partitions, found.held, found.log_left) == (8, False, False)
    order: dict[bytes, list[bytes]] = {}
    for place, records in await grounds.places(SENDER, "partition, records", "outbox ORDER BY id"):
        for record in unpack(records):
            assert partition_of(record.key, 8) == place
            order.setdefault(record.key, []).append(dict(record.headers)["ce_version"])
    assert all(versions == sorted(versions, key=int) for versions in order.values())
    assert sum(map(len, order.values())) == len(grounds.sent)


async def test_a_second_number_waits_until_the_first_has_ended(grounds: Grounds) -> None:
    with pytest.raises(KilledError):
        await grounds.growing(dying("hold", 1)).grow(8)
    with pytest.raises(CannotGrowError, match="growing to 8 has not ended"):
        await grounds.growing().grow(16)
    await grounds.growing().give_up()
    with pytest.raises(CannotGrowError, match="no partitions are being grown"):
        await grounds.growing().give_up()


async def test_two_tools_do_not_work_at_once(grounds: Grounds) -> None:
    async with grounds.databases[SENDER].pool.acquire() as connection:
        await connection.execute("SELECT pg_advisory_lock($1)", LOCK)
        with pytest.raises(CannotGrowError, match="another `candor partitions` is at work"):
            await grounds.growing().grow(8)
        await connection.execute("SELECT pg_advisory_unlock_all()")


async def test_a_number_that_is_no_multiple_is_refused(grounds: Grounds) -> None:
    for number in (2, 6):
        with pytest.raises(CannotGrowError, match="there are 4 partitions: take a multiple, such as 8"):
            await grounds.growing().grow(number)
    assert await grounds.growing().grow(4) is False


async def test_relays_send_nothing_while_the_partitions_are_being_grown(grounds: Grounds) -> None:
    with pytest.raises(KilledError):
        await grounds.growing(dying("hold", 2)).grow(8)
    async with grounds.processes():
        async with unit_of_work(grounds.databases[SENDER]) as uow:
            uow.emit([made("p1", "c1")])
        await until(lambda: len(grounds.starts) == 2)
        await grounds.databases[SENDER].pool.execute("SELECT pg_sleep(2)")
        (waiting,) = (await outbox.waiting(grounds.databases[SENDER], range(4))).values()
        assert [row.events for row in waiting] == [1]
        await grounds.growing().give_up()
        grounds.sent["p1.1"] = ("promises", "p1", 1)
        await grounds.arrived()


async def test_a_record_that_comes_late_to_its_old_partition_is_put_aside(grounds: Grounds) -> None:
    moved = next(n for n in range(40) if partition_of(f"c{n}".encode(), 8) >= 4)
    # It began when there were four partitions.
    async with grounds.processes(), Sender(grounds.settings[GROUP]) as late:
        assert await grounds.growing().grow(8)
        await late.send([withdrawn(f"c{moved}", f"p{moved}", 1)])
        reader = grounds.databases[GROUP].pool
        await until(lambda: reader.fetchval("SELECT count(*) FROM dead_letter"))
        assert await grounds.effects() == 0
        (found,) = await grounds.places(GROUP, "partition, reason", "dead_letter")
    assert found == (partition_of(f"c{moved}".encode(), 4), "misplaced")
