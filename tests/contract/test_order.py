"""In whatever order statements reach the ledger, those who read its events end with the same promise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import permutations

import pytest
from hypothesis import given, note
from hypothesis import strategies as st

from candor.contracts import Message, PromiseMade, decode, encode
from candor.contracts.golden import Example
from candor.store.db import Database
from notify_svc import translate
from notify_svc.domain import facts
from promise_svc.domain import State
from risk_svc.domain.fold import FoldOutcome, fold
from risk_svc.domain.state import PromiseState, folded, from_bytes
from tests.support.clocks import NOON, ManualClock
from tests.support.consumers import PARTITIONS, SCHEMAS, Consumer, handler_of
from tests.support.servers import Databases
from tests.unit.promise.domain.stories import STORIES, Said, Told, revised, settled, withdrawn


def sent(told: Told) -> list[Message]:
    """What was sent, as it comes from Kafka."""
    records = [encode(message) for message in told.messages]
    return [decode("promises", list(record.headers), record.value) for record in records]


def scored(messages: Sequence[Message]) -> bytes:
    """The promise as risk-svc folds it."""
    state = PromiseState(promise_id="p1", customer_id="c1")
    for message in messages:
        assert fold(state, message.envelope, message.data) is FoldOutcome.APPLIED
    return folded(state)


def written_of(messages: Sequence[Message]) -> facts.Promise:
    """The promise as notify-svc writes of it, but for which events are its evidence, and which were news as they came.

    What was news is about the date that stands, and about a promise that is withdrawn.
    """
    first, *others = messages
    assert isinstance(first.data, PromiseMade)
    promise = translate.promise_made(first.envelope, first.data)
    for message in others:
        assert not isinstance(message.data, PromiseMade)
        promise = translate.promise_changed(promise, message.envelope, message.data)  # type: ignore[arg-type]
    assert not promise.moves or promise.moves[-1].due == promise.latest_due
    assert promise.called_off is None or promise.withdrawn
    return replace(promise, event_id="", moves=(), called_off=None)


@given(STORIES, st.randoms(use_true_random=False))
def test_whoever_reads_the_events_ends_alike(story: list[Said], chance: object) -> None:
    expected = sent(Told().hear(sorted(story, key=lambda one: one.minute)))
    arrived = list(story)
    chance.shuffle(arrived)  # type: ignore[attr-defined]
    note(f"arrived as {arrived}")
    found = sent(Told().hear(arrived))
    assert scored(found) == scored(expected)
    assert written_of(found) == written_of(expected)


@pytest.mark.parametrize(
    "story",
    [
        [revised(1, 30), revised(2, 26, agreed=False), settled(3, State.BROKEN, 0.04), withdrawn(4)],
        [withdrawn(2), settled(3, State.KEPT), revised(1, 30), revised(4, 28)],
        [settled(1, State.KEPT), settled(2, State.DISPUTED), settled(3, State.BROKEN), revised(2, 28)],
    ],
)
def test_all_permutations_of_a_story_are_read_alike(story: list[Said]) -> None:
    found = [sent(Told().hear(order)) for order in permutations(story)]
    assert len({scored(messages) for messages in found}) == 1
    assert len({repr(written_of(messages)) for messages in found}) == 1


def test_of_very_many_dates_the_newest_are_named_and_all_are_counted() -> None:
    story = [revised(minute, 20 + minute) for minute in range(1, 41)]
    in_order, late = sent(Told().hear(story)), sent(Told().hear(story[1:] + story[:1]))
    assert scored(in_order) == scored(late)


async def test_the_worker_of_risk_svc_keeps_the_same_promise_whatever_order_it_came_in(databases: Databases) -> None:
    story = [revised(1, 30), settled(3, State.BROKEN, 0.04), revised(2, 26, agreed=False)]
    url = await databases.fresh(SCHEMAS["risk-svc"])
    database = await Database.open(url, partitions=PARTITIONS)
    ends = set()
    for order in permutations(story):
        worker = Consumer("risk-svc", database, handler_of("risk-svc", ManualClock(NOON + timedelta(hours=1))))
        await worker.begin()
        for number, message in enumerate(Told().hear(order).messages):
            await worker.take(Example(str(number), "promises", encode(message)))
        await worker.tick()
        assert await worker.turned_away() == set()
        (row,) = await database.pool.fetch("SELECT standing, held_due, state FROM promise_state")
        ends.add((row["standing"], row["held_due"], folded(from_bytes(row["state"]))))
    await database.close()
    await databases.drop(url)
    assert len(ends) == 1
