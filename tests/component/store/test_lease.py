"""Leases on real PostgreSQL: shares, takeovers, lost answers, and a fence that holds."""

from __future__ import annotations

import asyncio

import pytest

from candor.store.db import Database
from candor.store.lease import Leases, Offsets, advance, fence
from candor.store.unit_of_work import unit_of_work
from tests.support.waiting import until

GROUP = "risk-svc"


def member(database: Database, name: str, *, seconds: float = 5.0, partitions: int = 4) -> Leases:
    return Leases(database, GROUP, partitions, name, seconds=seconds)


async def expire(database: Database, name: str) -> None:
    """As if the member had not been heard of for longer than its lease."""
    await database.pool.execute("UPDATE member SET until = clock_timestamp() - interval '1 second' WHERE id = $1", name)


async def test_the_first_member_takes_everything_from_the_beginning(database: Database) -> None:
    changes = await member(database, "a").renew()
    assert [(claim.partition, claim.offsets) for claim in changes.acquired] == [(number, {}) for number in range(4)]
    assert len({claim.epoch for claim in changes.acquired}) == 4
    assert changes.lost == []


async def test_a_second_renewal_changes_nothing(database: Database) -> None:
    alone = member(database, "a")
    await alone.renew()
    assert await alone.renew() == ([], [])


async def test_two_members_share_evenly_and_offsets_move_along(database: Database) -> None:
    a, b = member(database, "a"), member(database, "b")
    await a.renew()
    async with unit_of_work(database) as uow:
        await fence(uow.connection, GROUP, a.epochs)
        await advance(uow.connection, Offsets(GROUP, {number: {"promises": 10 + number} for number in range(4)}))
    assert await b.renew() == ([], [])
    assert (await a.renew()).lost == [2, 3]
    taken = (await b.renew()).acquired
    assert [(claim.partition, claim.offsets) for claim in taken] == [(2, {"promises": 12}), (3, {"promises": 13})]
    assert (sorted(a.epochs), sorted(b.epochs)) == ([0, 1], [2, 3])


async def test_three_members_all_have_work(database: Database) -> None:
    members = [member(database, name) for name in "abc"]
    for _ in range(3):
        for each in members:
            await each.renew()
    assert [len(each.epochs) for each in members] == [2, 1, 1]


async def test_an_expired_member_loses_its_partitions_and_finds_out(database: Database) -> None:
    a, b = member(database, "a"), member(database, "b")
    await a.renew()
    await b.renew()
    await expire(database, "a")
    assert len((await b.renew()).acquired) == 4
    changes = await a.renew()
    assert (changes.acquired, changes.lost) == ([], [0, 1, 2, 3])
    assert a.epochs == {}


async def test_a_lease_runs_out_by_itself(database: Database) -> None:
    a, b = member(database, "a", seconds=0.2), member(database, "b")
    await a.renew()
    await until(lambda: _takes_all(b), pause=0.1)


async def _takes_all(each: Leases) -> bool:
    await each.renew()
    return len(each.epochs) == each.partitions


async def test_a_claim_whose_answer_was_lost_is_taken_again_under_a_new_epoch(database: Database) -> None:
    a = member(database, "a")
    await a.renew()
    before, restarted = a.epochs, member(database, "a")
    assert len((await restarted.renew()).acquired) == 4
    assert not restarted.epochs.items() & before.items()
    assert (await a.renew()).lost == [0, 1, 2, 3]


async def test_only_standing_epochs_pass_the_fence(database: Database) -> None:
    a, b = member(database, "a"), member(database, "b")
    await a.renew()
    await b.renew()
    old = dict(a.epochs)
    await a.renew()
    await b.renew()
    async with unit_of_work(database) as uow:
        assert sorted(await fence(uow.connection, GROUP, old)) == [0, 1]
        assert sorted(await fence(uow.connection, "another group", old)) == []


async def test_a_standby_that_missed_a_takeover_gives_nobody_the_same_epoch(database: Database) -> None:
    a, b = member(database, "a"), member(database, "b")
    await a.renew()
    # What an asynchronous standby knows that is made the primary: neither the takeover nor its member.
    await database.pool.execute("DELETE FROM member")
    await database.pool.execute("UPDATE lease SET owner = '', epoch = 0")
    await b.renew()
    assert await _fenced(database, a.epochs) == {}
    assert sorted(await _fenced(database, b.epochs)) == [0, 1, 2, 3]


async def test_a_dead_members_partitions_are_taken_although_the_clock_was_set_back(database: Database) -> None:
    a, b = member(database, "a"), member(database, "b")
    await a.renew()
    # As an hour back looks from here: what was written before it lies an hour ahead.
    await database.pool.execute("UPDATE member SET until = until + interval '1 hour'")
    assert len((await b.renew()).acquired) == 4
    assert (await a.renew()).lost == [0, 1, 2, 3]
    await a.renew()
    assert len((await b.renew()).lost) == 2
    assert len((await a.renew()).acquired) == 2


async def test_the_fence_waits_for_a_running_transaction_and_sees_what_it_wrote(database: Database) -> None:
    a = member(database, "a")
    await a.renew()
    async with unit_of_work(database) as first:
        await fence(first.connection, GROUP, {1: a.epochs[1]})
        await advance(first.connection, Offsets(GROUP, {1: {"promises": 7}}))
        waiting = asyncio.create_task(_fenced(database, {1: a.epochs[1]}))
        await asyncio.sleep(0.1)
        assert not waiting.done()
    assert await waiting == {1: {"promises": 7}}


async def _fenced(database: Database, epochs: dict[int, int]) -> dict[int, dict[str, int]]:
    async with unit_of_work(database) as uow:
        return await fence(uow.connection, GROUP, epochs)


async def test_a_partition_in_the_middle_of_a_batch_is_not_taken_over(database: Database) -> None:
    a, b = member(database, "a"), member(database, "b")
    await a.renew()
    await b.renew()
    async with unit_of_work(database) as uow:
        await fence(uow.connection, GROUP, {1: a.epochs[1]})
        await expire(database, "a")
        await b.renew()
        assert sorted(b.epochs) == [0, 2, 3]
    await b.renew()
    assert sorted(b.epochs) == [0, 1, 2, 3]


async def test_advancing_one_topic_leaves_the_others(database: Database) -> None:
    a = member(database, "a")
    await a.renew()
    async with unit_of_work(database) as uow:
        await fence(uow.connection, GROUP, a.epochs)
        await advance(uow.connection, Offsets(GROUP, {0: {"promises": 5, "milestones": 2}, 1: {"incidents": 1}}))
        await advance(uow.connection, Offsets(GROUP, {0: {"promises": 6}}))
    some = {number: a.epochs[number] for number in (0, 1)}
    assert await _fenced(database, some) == {
        0: {"promises": 6, "milestones": 2},
        1: {"incidents": 1},
    }


async def test_whoever_leaves_is_replaced_at_once(database: Database) -> None:
    a, b = member(database, "a"), member(database, "b")
    await a.renew()
    await a.release()
    assert len((await b.renew()).acquired) == 4
    assert await database.pool.fetchval("SELECT count(*) FROM member") == 1


async def test_groups_do_not_touch_each_other(database: Database) -> None:
    await member(database, "a").renew()
    relay = Leases(database, f"{GROUP}.relay", 4, "a")
    assert len((await relay.renew()).acquired) == 4


async def test_a_renewal_that_fails_half_way_is_made_good_by_the_next(database: Database) -> None:
    a, b = member(database, "a"), member(database, "b")
    await a.renew()
    await b.renew()
    async with unit_of_work(database) as uow:
        await fence(uow.connection, GROUP, {number: a.epochs[number] for number in (2, 3)})
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(a.renew(), 0.3)
    assert sorted((await a.renew()).lost) == [2, 3]
    await b.renew()
    assert sorted([*a.epochs, *b.epochs]) == [0, 1, 2, 3]
