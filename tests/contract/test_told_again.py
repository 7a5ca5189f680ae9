"""A promise that is told again with more: every service ends with what it would have been told at once."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import msgspec

from candor.contracts import Message, PromiseMade, PromiseRestated, decode, encode
from candor.contracts.golden import Example
from candor.intake import Origin
from candor.store.db import Database
from notify_svc import translate
from promise_svc import events
from promise_svc.domain import Arrival, Promise, Terms, added, fold, make
from risk_svc.domain.fold import FoldOutcome
from risk_svc.domain.fold import fold as fold_events
from risk_svc.domain.state import PromiseState, folded
from tests.support.clocks import NOON, ManualClock
from tests.support.consumers import PARTITIONS, SCHEMAS, Consumer, handler_of
from tests.support.servers import Databases
from tests.unit.promise.domain.builders import to_make
from tests.unit.promise.domain.test_adding import MORE

WHOLE = to_make(tolerance_s=900, terms=Terms(**MORE))
ORIGIN = Origin("e1", "crm", NOON)


def again() -> tuple[Promise, list[Message]]:
    """The promise made bare and told again with all of it, and what was sent."""
    bare = make(to_make(tolerance_s=0))
    whole = added(bare, WHOLE, [*MORE, "tolerance_s"])
    found, story = fold(replace(whole, version=2), [])
    return found, [events.made(bare, ORIGIN), *events.told(Arrival(found, (), story), ORIGIN, more=True)]


def at_once() -> list[Message]:
    return [events.made(make(WHOLE), ORIGIN)]


def read(messages: list[Message]) -> PromiseState:
    state = PromiseState(promise_id="p1", customer_id="c1")
    for message in messages:
        record = encode(message)
        back = decode("promises", list(record.headers), record.value)
        assert fold_events(state, back.envelope, back.data) is FoldOutcome.APPLIED
    return state


def test_the_ledger_has_what_was_promised_and_no_change_of_it() -> None:
    found, messages = again()
    assert replace(found, version=1) == replace(make(WHOLE), newest_at=None)
    data = messages[-1].data
    assert isinstance(data, PromiseRestated)
    assert (data.revisions, data.moves, data.revision, data.first_due) == (0, [], None, None)


def test_risk_svc_scores_the_same_promise() -> None:
    one, other = (msgspec.structs.replace(read(found), promise_version=0) for found in (again()[1], at_once()))
    assert folded(one) == folded(other)


def test_notify_svc_writes_of_the_same_promise() -> None:
    _, (made, more) = again()
    assert isinstance(made.data, PromiseMade)
    assert isinstance(more.data, PromiseRestated)
    told = translate.promise_changed(translate.promise_made(made.envelope, made.data), more.envelope, more.data)
    [whole] = at_once()
    assert isinstance(whole.data, PromiseMade)
    expected = translate.promise_made(whole.envelope, whole.data)
    assert replace(told, event_id="") == replace(expected, event_id="")


async def test_delivery_svc_knows_its_names_and_parts_and_takes_what_waited_for_them(databases: Databases) -> None:
    url = await databases.fresh(SCHEMAS["delivery-svc"])
    database = await Database.open(url, partitions=PARTITIONS)
    worker = Consumer("delivery-svc", database, handler_of("delivery-svc", ManualClock(NOON + timedelta(hours=1))))
    await worker.begin()

    async def known() -> tuple[Any, list[str]]:
        scope = await database.pool.fetchval("SELECT scope FROM promise WHERE promise_id = 'p1'")
        rows = await database.pool.fetch("SELECT ref_id FROM reference WHERE promise_id = 'p1'")
        return msgspec.json.decode(scope), [row["ref_id"] for row in rows]

    made, more = again()[1]
    await worker.take(Example("1", "promises", encode(made)))
    assert await known() == ([], [])
    written = set()
    for number in ("2", "3"):
        await worker.take(Example(number, "promises", encode(more)))
        assert await known() == (["machine"], ["4711"])
        written.add(await database.pool.fetchval("SELECT xmin::text FROM promise WHERE promise_id = 'p1'"))
    assert len(written) == 1, "what was known already was written again"
    assert await worker.turned_away() == set()
    await database.close()
    await databases.drop(url)
