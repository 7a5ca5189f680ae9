"""Every golden example goes through the real handler of every consumer of its topic, on a real database."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
import pytest_asyncio

from candor.contracts import CARDS, GapScored
from candor.contracts.envelope import Record
from candor.contracts.golden import Example, examples_for
from candor.contracts.topics import WEB
from candor.messaging.planning import read
from candor.store.db import Database
from risk_svc.web.feed import CARD as FED
from risk_svc.web.feed import Listener
from tests.support.clocks import ManualClock
from tests.support.consumers import CONSUMERS, PARTITIONS, PROCESSES, SCHEMAS, Consumer, FetchedRecord, handler_of
from tests.support.servers import Databases

AFTERWARDS = datetime(2026, 12, 5, tzinfo=UTC)
# risk-svc folds a stream in order and says so; all others take what comes, each version newer than the last.
ALONE = {
    ("risk-svc", "candor.promise.assigned.v1.full"): "version_gap",
    ("risk-svc", "candor.promise.made.v1.full"): "version_gap",
    ("risk-svc", "candor.promise.restated.v1.full"): "version_gap",
    ("risk-svc", "candor.promise.revised.v1.full"): "version_gap",
    ("risk-svc", "candor.promise.settled.v1.full"): "version_gap",
    ("risk-svc", "candor.promise.withdrawn.v1.full"): "version_gap",
    ("risk-svc", "candor.milestone.reported.v1.full"): "version_gap",
    ("risk-svc", "candor.milestones.restated.v1.full"): "version_gap",
}
Begin = Callable[..., Awaitable[Consumer]]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def begin(databases: Databases) -> AsyncIterator[Begin]:
    """New consumers, on emptied databases that one test after the other uses; `place` tells two of a test apart."""
    made: dict[tuple[str, int], Database] = {}

    async def one(name: str, place: int = 0) -> Consumer:
        if (name, place) not in made:
            url = await databases.fresh(SCHEMAS[name])
            made[name, place] = await Database.open(url, partitions=PARTITIONS)
        consumer = Consumer(name, made[name, place], handler_of(name, ManualClock(AFTERWARDS)))
        await consumer.begin()
        return consumer

    yield one
    for database in made.values():
        await database.close()
        await databases.drop(database.url)


EVERY = [(name, example) for name in CONSUMERS for example in examples_for(PROCESSES[name])]
each_example = pytest.mark.parametrize(
    ("consumer", "example"), EVERY, ids=[f"{name}-{example.name}" for name, example in EVERY]
)


def version(example: Example, number: int) -> Example:
    """The same event as another version of its stream, under another id."""
    changed = {"ce_version": str(number).encode(), "ce_id": f"{example.name}.{number}".encode()}
    headers = [(name, changed.get(name, value)) for name, value in example.record.headers]
    return example._replace(record=Record(example.record.key, example.record.value, headers))


def with_unknown_field(example: Example) -> Example:
    """As a newer sender would send it: a field and an attribute that nobody here has heard of."""
    data: dict[str, Any] = msgspec.json.decode(example.record.value)
    newer = msgspec.json.encode({**data, "invented_later": {"deep": [1, "two", None]}})
    return example._replace(record=Record(example.record.key, newer, [*example.record.headers, ("ce_invented", b"x")]))


def story(consumer: str) -> list[Example]:
    """All examples as one course of events: each stream from its version 1, a promise's beginning first."""
    order = (
        "made",
        "set",
        "reported",
        "scored",
        "changed",
        "answered",
        "given",
        "taken",
        "revised",
        "assigned",
        "settled",
        "withdrawn",
        "restated",
        "removed",
        "erased",
    )
    streams: dict[tuple[str, bytes], int] = {}
    found = []
    for example in sorted(examples_for(PROCESSES[consumer]), key=lambda one: order.index(one.name.split(".")[2])):
        stream = (example.topic, dict(example.record.headers)["ce_subject"])
        streams[stream] = streams.get(stream, 0) + 1
        found.append(version(example, streams[stream]))
    return found


@pytest.mark.parametrize("consumer", CONSUMERS)
def test_what_is_read_is_what_the_cards_say(consumer: str) -> None:
    handler = handler_of(consumer, ManualClock())
    cards = [card for card in CARDS if PROCESSES[consumer] in card.readers]
    assert {*handler.topics} == {card.name for card in cards if card.shared_layout}
    assert {*handler.broadcast} == {card.name for card in cards if not card.shared_layout and card.handled}


@each_example
async def test_an_example_alone_is_taken_or_turned_away_by_name(consumer: str, example: Example, begin: Begin) -> None:
    ready = await begin(consumer)
    await ready.take(example)
    subject = dict(example.record.headers)["ce_subject"].decode()
    reason = ALONE.get((consumer, example.name))
    assert await ready.turned_away() == ({(subject, reason)} if reason else set())
    await ready.tick()
    await ready.take(example)
    await ready.reload()
    assert {found for _, found in await ready.turned_away()} <= {reason, "behind"}


@pytest.mark.parametrize("consumer", CONSUMERS)
async def test_all_examples_as_one_course_of_events_are_taken(consumer: str, begin: Begin) -> None:
    ready = await begin(consumer)
    for example in story(consumer):
        await ready.take(example)
        await ready.tick()
        assert await ready.turned_away() == set(), example.name
    await ready.reload()
    await ready.tick()
    assert await ready.turned_away() == set()


@pytest.mark.parametrize("consumer", CONSUMERS)
async def test_an_unknown_field_changes_nothing(consumer: str, begin: Begin) -> None:
    plain, newer = await begin(consumer), await begin(consumer, 1)
    # An erasure leaves little to compare.
    course = [example for example in story(consumer) if "erased" not in example.name]
    await plain.take(*course)
    await newer.take(*(with_unknown_field(example) for example in course))
    expected = await plain.rows()
    # What promise-svc hears is about promises that it has, and the examples bring none (test_answers brings some).
    assert sum(len(rows) for rows in expected.values()) > 1 or consumer == "promise-svc"
    assert await newer.rows() == expected


@pytest.mark.parametrize("example", [one for one in examples_for(WEB) if one.topic == FED], ids=lambda e: e.name)
async def test_the_boards_feed_takes_the_examples_of_its_topic(example: Example) -> None:
    listener = Listener()
    for one in (example, with_unknown_field(example)):
        [message] = read(FED, [FetchedRecord(0, one.record.key, one.record.value, 0, one.record.headers)]).messages
        assert message is not None
        assert isinstance(message.data, GapScored)
        listener.put(message.data)
        assert [gap.promise_id for gap in await anext(listener.changes())] == [message.data.promise_id]


def test_the_list_of_those_turned_away_has_nothing_superfluous() -> None:
    assert set(ALONE) <= {(name, example.name) for name, example in EVERY}
