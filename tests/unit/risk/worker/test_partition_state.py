"""A partition's memory: what is live, what depends on what, and what falls due."""

from __future__ import annotations

import math

import msgspec
import pytest

from candor.contracts import Dependency
from risk_svc.domain.fold import fold
from risk_svc.domain.state import PromiseState, to_bytes
from risk_svc.worker.partition_state import LOOK, PartitionState, PartitionStates, customer_mark
from risk_svc.worker.shelf import Glance, glance
from tests.support.risk import DUE_S, EWR, MADE_S, Story

JFK = Dependency("site", "JFK")


def promise(name: str, *, historical: bool = False, review: float = 0.0) -> PromiseState:
    state = PromiseState(promise_id=name, customer_id="c1")
    item = Story(name).made(historical=historical)
    fold(state, item.envelope, item.data)
    state.view.review = review
    return state


@pytest.fixture
def partition() -> PartitionState:
    return PartitionState(0)


def depending(partition: PartitionState, *places: Dependency) -> list[str]:
    slots = partition.places.slots([(place.kind, place.id) for place in places])
    return sorted(partition.states.name(slot) for slot in slots)


def test_promises_are_found_by_what_they_depend_on(partition: PartitionState) -> None:
    for name in ("p2", "p1", "p3"):
        partition.keep(promise(name))
    assert depending(partition, EWR) == ["p1", "p2", "p3"]
    assert depending(partition, JFK) == []
    for name, left in (("p1", ["p2", "p3"]), ("p3", ["p2"]), ("p2", [])):
        partition.release(name)
        assert depending(partition, EWR) == left


def test_a_place_is_found_however_few_depend_on_it(partition: PartitionState) -> None:
    partition.keep(promise("p1"))
    assert depending(partition, JFK, EWR) == ["p1"]
    partition.release("p1")
    assert depending(partition, JFK, EWR) == []


def test_a_slot_that_is_used_again_is_the_other_promises(partition: PartitionState) -> None:
    partition.keep(promise("p1", review=100.0))
    partition.release("p1")
    partition.keep(promise("p2", review=200.0))
    assert partition.states.due(150.0, 9) == []
    assert depending(partition, EWR) == ["p2"]
    assert list(partition.states) == ["p2"]


def test_releasing_twice_is_no_harm(partition: PartitionState) -> None:
    partition.keep(promise("p1"))
    partition.release("p1")
    partition.release("p1")
    assert partition.states == {}


def test_a_promise_is_what_was_put_last_however_often_it_is_looked_at(partition: PartitionState) -> None:
    state = promise("p1")
    partition.keep(state)
    partition.states["p1"].what = "changed and not put back"
    assert partition.states["p1"] == state
    state.what = "changed"
    partition.keep(state)
    assert partition.states["p1"].what == "changed"
    assert len(partition.states) == 1


def test_what_is_due_comes_in_order_once_and_no_more_than_asked(partition: PartitionState) -> None:
    for number in (4, 1, 3, 0, 5, 2):
        partition.keep(promise(f"p{number}", review=100.0 + number))
    assert partition.states.overdue(103.5) == 4
    assert partition.states.due(103.5, 2) == ["p0", "p1"]
    assert partition.states.due(103.5, 0) == []
    assert partition.states.due(103.5, 9) == ["p2", "p3"]
    assert partition.states.due(103.5, 9) == []


def test_a_promise_scored_meanwhile_is_due_only_at_its_new_time(partition: PartitionState) -> None:
    for review in (100.0, 200.0):
        partition.keep(promise("p1", review=review))
    assert partition.states.due(150.0, 9) == []
    assert partition.states.due(250.0, 9) == ["p1"]


def test_a_promise_that_is_over_falls_due_no_more(partition: PartitionState) -> None:
    partition.keep(promise("p1", review=100.0))
    partition.release("p1")
    assert partition.states.due(1e12, 9) == []


def test_more_promises_than_there_was_room_for_at_first(partition: PartitionState) -> None:
    for number in range(500):
        partition.keep(promise(f"p{number:03}", review=float(number + 1)))
    assert partition.states.due(500.0, 500) == [f"p{number:03}" for number in range(500)]


def test_a_loaded_row_is_kept_like_the_promise_itself(partition: PartitionState) -> None:
    other = PartitionState(1)
    for state in (
        promise("never scored"),
        promise("scored", review=DUE_S),
        promise("old", historical=True),
        PromiseState(promise_id="placeholder", customer_id="c1"),
    ):
        other.keep_row(state.promise_id, partition.keep(state))
    for loaded in (partition, other):
        assert depending(loaded, EWR) == ["never scored", "old", "scored"]
        assert loaded.states.due(MADE_S, 9) == ["never scored"]
        assert loaded.states.due(DUE_S, 9) == ["scored"]
        assert loaded.states.due(1e15, 9) == []


def test_a_row_written_before_the_newest_fields_is_understood() -> None:
    state = promise("p1", review=DUE_S)
    fields = msgspec.msgpack.decode(to_bytes(state))
    view = PromiseState.__struct_fields__.index("view")
    assert glance(msgspec.msgpack.encode(fields[: view + 1])) == Glance(
        "c1", MADE_S, DUE_S, [("site", "EWR")], "flight"
    )
    assert glance(msgspec.msgpack.encode(fields[:2])) == Glance("c1", 0.0, math.inf, [])


def test_erased_promises_are_gone_at_once_and_leave_memory_some_at_a_time(partition: PartitionState) -> None:
    for number in range(9):
        partition.keep(promise(f"p{number}", review=100.0))
    other = promise("q", review=100.0)
    other.customer_id = "c2"
    partition.keep(other)
    partition.erase("c1")
    assert partition.busy
    assert [partition.holds(name) for name in ("p1", "p8", "q", "x")] == [False, False, True, False]
    assert partition.let_go("c1", 4) == LOOK + 4
    assert len(partition.states) == 6
    # Slots are used again, also by the customer: what is new is not taken for what was there.
    since, again = promise("since", review=100.0), promise("p0", review=100.0)
    for state in (since, again):
        partition.begin(state)
        partition.keep(state)
    assert [partition.holds(name) for name in ("p1", "p0", "since")] == [False, True, True]
    while partition.leaving:
        assert partition.let_go("c1", 4) <= 4
    assert set(partition.states) == {"p0", "q", "since"}
    assert depending(partition, EWR) == ["p0", "q", "since"]
    partition.erase("c1")
    assert not partition.holds("since")
    partition.let_go("c1", 99)
    assert set(partition.states) == {"q"}


def test_an_erased_customer_without_live_promises_leaves_no_work(partition: PartitionState) -> None:
    partition.erase("c1")
    partition.let_go("c1", 1)
    assert not partition.busy


def test_all_that_is_scored_can_be_looked_at_again_at_once() -> None:
    cache = PartitionStates()
    cache.partitions[0] = partition = PartitionState(0)
    later, old = promise("p1", review=DUE_S), promise("old", historical=True)
    for state in (later, old, PromiseState(promise_id="placeholder", customer_id="c1")):
        partition.keep(state)
    assert not cache.overdue(MADE_S)
    cache.look_again(MADE_S)
    assert cache.overdue(MADE_S)
    assert partition.states.due(MADE_S, 9) == ["p1"]
    assert not cache.overdue(MADE_S)


def test_the_cache_counts_and_forgets_partitions() -> None:
    cache = PartitionStates()
    cache.partitions[3] = PartitionState(3)
    cache.partitions[3].keep(promise("p1"))
    assert cache.promises == 1
    cache.drop(3)
    cache.drop(3)
    assert cache.promises == 0


def test_an_erased_customers_mark_tells_no_name() -> None:
    mark = customer_mark("customer-1")
    assert len(mark) == 32
    assert b"customer" not in mark
    assert mark != customer_mark("customer-2")
