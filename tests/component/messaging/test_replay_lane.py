"""What was sent before goes out again behind live events, and a row that cannot be read holds back its keys alone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable

import pytest_asyncio

from candor.contracts import Message
from candor.messaging.lane import Lane
from candor.ops.tasks import end
from candor.records.partitioner import partition_of
from candor.store import dead_letter, erasing, replaying
from candor.store.unit_of_work import unit_of_work
from tests.support.foundation import NOON, fresh_foundation, made, settings_for
from tests.support.relaying import Place
from tests.support.servers import Databases
from tests.support.waiting import until

OVER = """
SELECT NOT EXISTS (SELECT FROM outbox WHERE again > 0 OR published_at IS NULL)
  AND NOT EXISTS (SELECT FROM replay WHERE done_at IS NULL)"""
WAITS = "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock')"


@pytest_asyncio.fixture(loop_scope="session")
async def place(databases: Databases, kafka: str, topic_prefix: str) -> AsyncIterator[Place]:
    async with fresh_foundation(databases) as database:
        yield Place(database, settings_for(database.url, kafka, topic_prefix))


async def replay(place: Place) -> None:
    async with unit_of_work(place.database) as uow:
        await replaying.request(uow)


async def repeated(place: Place) -> None:
    """All that was to be sent again has been."""

    async def over() -> bool:
        return bool(await place.database.pool.fetchval(OVER))

    await until(over)


async def sent(place: Place) -> list[Message]:
    async with place.read("promises") as topics:
        await topics.read_to_end()
    return [*topics.messages]


def versions(messages: Iterable[Message]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for message in messages:
        found.setdefault(message.envelope.subject, []).append(message.envelope.version)
    return found


async def write(place: Place, first: int, end: int) -> None:
    for version in range(first, end):
        await place.emit(*(made(f"p{c}", f"c{c}", version) for c in range(8)))
        await asyncio.sleep(0.01)


async def test_a_window_that_is_not_sent_after_all_is_given_again(place: Place) -> None:
    await place.emit(made("p1", "c1"))
    await place.database.pool.execute("UPDATE outbox SET published_at = created_at")
    await replay(place)
    lane = Lane(place.database, lambda: None)
    marking = asyncio.create_task(lane.mark())

    async def given() -> bool:
        return await lane.next(range(4)) is not None

    await until(given)
    assert await lane.next(range(4)) is None
    lane.put_back()
    assert await lane.next(range(4)) is not None
    await end(marking)


async def test_a_window_that_was_found_as_growing_began_goes_out_once_that_is_given_up(place: Place) -> None:
    erased = next(
        name for name in (f"c{n}" for n in range(2, 99)) if partition_of(name.encode(), 4) == partition_of(b"c1", 4)
    )
    await place.emit(made("p1", "c1"), made("q1", erased))
    pool = place.database.pool
    await pool.execute("UPDATE outbox SET published_at = created_at")
    async with unit_of_work(place.database) as uow:
        await erasing.begin(uow, erased, 9, NOON)
    await replay(place)
    async with unit_of_work(place.database) as uow:
        await replaying.step(uow)
    async with pool.acquire() as connection:
        working = connection.transaction()
        await working.start()
        await connection.execute("SELECT FROM outbox FOR UPDATE")
        async with place.relay():
            # It has found the row, and waits to take out of it what nobody may hear again.
            await until(lambda: holds(place, WAITS))
            await pool.execute("INSERT INTO layout (partitions, before, grows_to) VALUES (4, 4, 8)")
            await until(lambda: holds(place, "SELECT NOT EXISTS (SELECT FROM lease WHERE owner <> '')"))
            await working.commit()
            await until(lambda: holds(place, "SELECT events = 1 FROM outbox"))
            await pool.execute("UPDATE layout SET grows_to = NULL")
            await repeated(place)
    assert versions(await sent(place)) == {"p1": [1]}


async def holds(place: Place, query: str) -> bool:
    return bool(await place.database.pool.fetchval(query))


async def test_the_last_sending_of_each_event_follows_that_of_its_predecessor(place: Place) -> None:
    async with place.relay():
        await write(place, 1, 41)
        await place.drained()
        writing = asyncio.create_task(write(place, 41, 121))
        await replay(place)
        await writing
        await repeated(place)
    seen = versions(await sent(place))
    assert len(seen) == 8
    for one in seen.values():
        assert one.count(1) == 2
        last = sorted({*one}, key=lambda version: len(one) - one[::-1].index(version))
        assert last == list(range(1, 121))
        # What was new came first, in order, whatever went out again beside it.
        assert list(dict.fromkeys(one)) == list(range(1, 121))


async def test_new_events_go_before_what_goes_out_again(place: Place) -> None:
    await place.emit(made("p1", "c1", 1))
    for version in range(2, 2_001):
        await place.emit(made("p1", "c1", version))
    async with place.relay():
        await place.drained()
    await replay(place)
    async with place.relay():
        await until(lambda: lane(place))
        await place.emit(made("new", "c1"))
        await place.drained()
        await repeated(place)
    found = [message.envelope.subject for message in await sent(place)]
    place_of_new = found.index("new")
    assert 2_000 < place_of_new < 3_999
    assert found[-1] == "new"


async def lane(place: Place) -> bool:
    """Whether rows go out again, and some have."""
    left: int = await place.database.pool.fetchval("SELECT count(*) FROM outbox WHERE again > 0")
    return 0 < left < 2_000


DAMAGE = "UPDATE outbox SET records = set_byte(records, 100, get_byte(records, 100) # 1) WHERE id = $1"


async def test_a_row_that_cannot_be_read_holds_back_its_keys_alone_until_somebody_decides(place: Place) -> None:
    same = [name for name in (f"c{n}" for n in range(99)) if partition_of(name.encode(), 4) == partition_of(b"c1", 4)]
    other = same[1] if same[0] == "c1" else same[0]
    await place.emit(made("p1", "c1", 1))
    damaged = await place.database.pool.fetchval("SELECT max(id) FROM outbox")
    await place.database.pool.execute(DAMAGE, damaged)
    await place.emit(made("p1", "c1", 2), made("q1", other, 1))
    await place.emit(made("p1", "c1", 3))
    async with place.relay() as relay:
        await place.drained()
        assert not relay.standing_still
        await place.emit(made("q1", other, 2), made("p1", "c1", 4))
        await place.drained()
        assert versions(await sent(place)) == {"q1": [1, 2]}
        query = "SELECT key, reason, kafka_offset = $1 AS first FROM dead_letter ORDER BY id"
        letters = [tuple(row) for row in await place.database.pool.fetch(query, damaged)]
        assert letters == [("c1", "unreadable", True), *[("c1", "behind", False)] * 3]
        # Somebody mends the row, and has it sent.
        await place.database.pool.execute(DAMAGE, damaged)
        async with unit_of_work(place.database) as uow:
            await dead_letter.decide(uow.connection, "replay")
            await dead_letter.resend(uow.connection)
        await place.drained()
        await place.emit(made("p1", "c1", 5))
        await place.drained()
    assert versions(await sent(place)) == {"q1": [1, 2], "p1": [1, 2, 3, 4, 5]}
    assert await place.database.pool.fetchval("SELECT count(*) FROM dead_letter WHERE state <> 'replayed'") == 0


async def test_what_waited_behind_a_row_that_is_given_up_goes_out(place: Place) -> None:
    await place.emit(made("p1", "c1", 1))
    await place.database.pool.execute("UPDATE outbox SET records = 'no batch'")
    await place.emit(made("p1", "c1", 2))
    async with place.relay():
        await place.drained()
        async with unit_of_work(place.database) as uow:
            await dead_letter.decide(uow.connection, "discarded")
            await dead_letter.resend(uow.connection)
        await place.emit(made("p1", "c1", 3))
        await place.drained()
    assert versions(await sent(place)) == {"p1": [2, 3]}


async def test_a_row_damaged_since_it_was_sent_holds_back_nothing(place: Place) -> None:
    await place.emit(made("p1", "c1", 1))
    async with place.relay():
        await place.drained()
        await place.database.pool.execute("UPDATE outbox SET records = 'no batch'")
        await replay(place)
        await repeated(place)
        await place.emit(made("p1", "c1", 2))
        await place.drained()
    assert versions(await sent(place)) == {"p1": [1, 2]}
    found = await place.database.pool.fetch("SELECT key, reason FROM dead_letter")
    assert [tuple(row) for row in found] == [("c1", "not_repeated")]
