"""From the outbox to a real broker."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest_asyncio

from candor.contracts import Record, encode
from candor.messaging import metrics
from candor.messaging.inflight_window import WHOLE
from candor.ops.metrics import REGISTRY
from candor.records.packing import unpack
from candor.store import dead_letter
from tests.support.foundation import contact, fresh_foundation, made, revised, settings_for
from tests.support.relaying import Place
from tests.support.servers import Databases
from tests.support.topics import create_topic, inversions
from tests.support.waiting import until


@pytest_asyncio.fixture(loop_scope="session")
async def place(databases: Databases, kafka: str, topic_prefix: str) -> AsyncIterator[Place]:
    async with fresh_foundation(databases) as database:
        yield Place(database, settings_for(database.url, kafka, topic_prefix))


async def test_every_event_arrives_once_and_in_order(place: Place) -> None:
    sent = [made(f"p{n}", f"c{n % 7}", 1) for n in range(50)] + [revised(f"p{n}", f"c{n % 7}", 2) for n in range(50)]
    async with place.relay():
        for start in range(0, 100, 10):
            await place.emit(*sent[start : start + 10])
        await place.emit(contact("c1"))
        await place.drained()
    async with place.read("promises", "contacts") as topics:
        await topics.read_to_end()
    assert Counter(topics.ids) == Counter([*(message.envelope.id for message in sent), "c1.contact.1"])
    assert inversions(topics.messages) == []
    assert {message.envelope.id: message for message in topics.messages}["p3.1"] == sent[3]


async def test_records_carry_their_key_headers_and_the_system_s_time(place: Place) -> None:
    before = datetime.now(UTC).timestamp() * 1000 - 1
    async with place.relay():
        await place.emit(made("p1", "c1"))
        await place.drained()
    async with place.read("promises") as topics:
        await topics.read_to_end()
    (record,) = topics.records
    assert record.key == b"c1"
    assert dict(record.headers)["ce_id"] == b"p1.1"
    # Business time is years ago in a replay: retention would delete the record at once.
    assert before <= record.timestamp <= datetime.now(UTC).timestamp() * 1000


async def test_what_was_committed_is_what_is_sent_byte_for_byte(place: Place) -> None:
    # Rows around the size from which one is a batch of its own; the small ones between them share batches.
    for version, amount in enumerate((1, WHOLE - 1, WHOLE, 1, 1, WHOLE + 1, 700, 2, 2_500, 3), start=1):
        events = [made(f"p{number}", "c1", version, what="x" * (number % 400)) for number in range(amount)]
        await place.emit(*events, contact("c1", version))
    committed: dict[str, list[Record]] = {"promises": [], "contacts": []}
    for topic, records in await place.database.pool.fetch("SELECT topic, records FROM outbox ORDER BY id"):
        committed[topic] += unpack(records)
    before = datetime.now(UTC).timestamp() * 1000 - 1
    async with place.relay():
        await place.drained()
    after = datetime.now(UTC).timestamp() * 1000
    for topic, wanted in committed.items():
        async with place.read(topic) as topics:
            await topics.read_to_end()
        seen = [Record(record.key, record.value, list(record.headers)) for record in topics.records]
        assert seen == wanted
        assert all(before <= record.timestamp <= after for record in topics.records)
        offsets = [record.offset for record in topics.records]
        assert offsets == list(range(len(wanted)))


async def test_rows_of_a_log_stay_and_others_go(place: Place) -> None:
    async with place.relay(keeps=True):
        await place.emit(made("p1", "c1"))
        await place.drained()
    assert await place.database.pool.fetchval("SELECT count(*) FROM outbox WHERE published_at IS NOT NULL") == 1
    async with place.relay(keeps=False):
        await place.emit(made("p2", "c1"))
        await place.drained()
    assert await place.database.pool.fetchval("SELECT count(*) FROM outbox") == 1


async def test_what_was_written_while_nobody_relayed_is_sent_at_the_start(place: Place) -> None:
    for version in range(1, 701):
        await place.emit(made("p1", "c1", version), made(f"q{version}", "c1"))
    async with place.relay() as relay:
        await place.drained()
        await until(lambda: relay.sent == 1400)
    async with place.read("promises") as topics:
        await topics.read_to_end()
    assert len(topics.ids) == 1400
    assert inversions(topics.messages) == []


async def test_two_relays_share_the_partitions_and_repeat_nothing(place: Place) -> None:
    async with place.relay() as one, place.relay() as two:
        await until(lambda: len(one.leases.epochs) == len(two.leases.epochs) == 2)
        for number in range(100):
            await place.emit(*(made(f"p{c}", f"c{c}", number + 1) for c in range(8)))
        await place.drained()
        # A relay counts what it has marked after the transaction that marks it.
        await until(lambda: one.sent + two.sent >= 800)
        assert one.sent > 0 and two.sent > 0
        assert one.sent + two.sent == 800
    async with place.read("promises") as topics:
        await topics.read_to_end()
    assert len(topics.ids) == 800
    assert inversions(topics.messages) == []


async def test_who_stops_hands_over_at_once(place: Place) -> None:
    async with place.relay() as one:
        await until(lambda: len(one.leases.epochs) == 4)
    async with place.relay() as two:
        await until(lambda: len(two.leases.epochs) == 4, seconds=4)


async def test_a_record_that_is_too_large_is_parked_and_blocks_nobody(place: Place) -> None:
    await place.emit(made("p1", "c1"), made("big", "c1", what="x" * 1_100_000), made("p2", "c1"))
    await place.emit(made("p3", "c1"))
    metrics.OUTBOX_DEAD_LETTERS.clear()
    async with place.relay():
        await place.drained()
        await until(lambda: REGISTRY.get_sample_value("candor_outbox_dead_letters") == 1)
    async with place.read("promises") as topics:
        await topics.read_to_end()
    assert list(dict.fromkeys(topics.ids)) == ["p1.1", "p2.1", "p3.1"]
    async with place.database.pool.acquire() as connection:
        (letter,) = await dead_letter.find(connection)
    assert (letter.group, letter.topic, letter.subject, letter.reason) == (
        "promise-svc.relay", "promises", "big", "too_large",
    )  # fmt: skip
    assert len(letter.record.value) > 1_000_000


async def test_a_lowered_topic_limit_parks_the_one_and_splits_the_rest(place: Place) -> None:
    topic = f"{place.settings.topic_prefix}-promises"
    await create_topic(place.settings.kafka_bootstrap_servers, topic, 4, max_message_bytes="20000")
    await place.emit(*(made(f"a{n}", "c1") for n in range(100)))
    await place.emit(made("b1", "c1"), made("big", "c1", what="x" * 30_000), made("b2", "c1"))
    await place.emit(*(made(f"c{n}", "c1") for n in range(100)))
    async with place.relay():
        await place.drained()
    async with place.read("promises") as topics:
        await topics.read_to_end()
    firsts = list(dict.fromkeys(topics.ids))
    assert firsts == [*(f"a{n}.1" for n in range(100)), "b1.1", "b2.1", *(f"c{n}.1" for n in range(100))]
    async with place.database.pool.acquire() as connection:
        assert [letter.subject for letter in await dead_letter.find(connection)] == ["big"]


async def test_a_row_that_goes_out_alone_is_parked_or_split_too(place: Place) -> None:
    topic = f"{place.settings.topic_prefix}-promises"
    await create_topic(place.settings.kafka_bootstrap_servers, topic, 4, max_message_bytes="20000")
    async with place.relay():
        await place.emit(made("big", "c1", what="x" * 30_000))
        await place.drained()
        await place.emit(*(made(f"a{n}", "c1", what="x" * 9_000) for n in range(3)))
        await place.drained()
    async with place.read("promises") as topics:
        await topics.read_to_end()
    assert list(dict.fromkeys(topics.ids)) == ["a0.1", "a1.1", "a2.1"]
    async with place.database.pool.acquire() as connection:
        (letter,) = await dead_letter.find(connection)
    assert (letter.subject, letter.reason, letter.record) == (
        "big", "too_large", encode(made("big", "c1", what="x" * 30_000)),
    )  # fmt: skip


async def test_stopping_before_the_broker_was_ever_there_takes_no_time(place: Place) -> None:
    place.settings = settings_for(place.database.url, "127.0.0.1:1", place.settings.topic_prefix)
    async with asyncio.timeout(10):
        async with place.relay():
            await asyncio.sleep(0.2)
