"""A partition's memory: what is live, what depends on what, and what falls due."""

from __future__ import annotations

import pytest

from candor.contracts import Dependency, IncidentReported
from risk_svc.domain.fold import fold
from risk_svc.domain.incidents import Incident, incident_of
from risk_svc.domain.state import PromiseState
from risk_svc.worker.partition_state import PartitionState, PartitionStates, customer_mark
from tests.support.risk import DUE_S, EWR, MADE_S, Story, incident


def promise(name: str, *, historical: bool = False, review: float = 0.0) -> PromiseState:
    state = PromiseState(promise_id=name, customer_id="c1")
    item = Story(name).made(historical=historical)
    fold(state, item.envelope, item.data)
    state.view.review = review
    return state


def snow(*affects: Dependency) -> Incident:
    item = incident(affects=affects)
    assert isinstance(item.data, IncidentReported)
    return incident_of(item.envelope, item.data)


@pytest.fixture
def partition() -> PartitionState:
    return PartitionState(0)


def names(states: list[PromiseState]) -> list[str]:
    return [state.promise_id for state in states]


def test_promises_are_found_by_what_they_depend_on(partition: PartitionState) -> None:
    for name in ("p2", "p1"):
        partition.keep(promise(name))
    assert names(list(partition.depending(snow(EWR)))) == ["p1", "p2"]
    assert names(list(partition.depending(snow(Dependency("site", "JFK"))))) == []
    partition.release(partition.states["p1"])
    assert names(list(partition.depending(snow(EWR)))) == ["p2"]


def test_releasing_twice_is_no_harm(partition: PartitionState) -> None:
    state = promise("p1")
    partition.keep(state)
    partition.release(state)
    partition.release(state)
    assert partition.states == {}


def test_what_is_due_comes_in_order_once_and_no_more_than_asked(partition: PartitionState) -> None:
    for number in range(6):
        state = promise(f"p{number}", review=100.0 + number)
        partition.keep(state)
        partition.schedule(state)
    assert names(partition.due(103.5, 2)) == ["p0", "p1"]
    assert names(partition.due(103.5, 9)) == ["p2", "p3"]
    assert partition.due(103.5, 9) == []


def test_a_promise_scored_meanwhile_is_due_only_at_its_new_time(partition: PartitionState) -> None:
    state = promise("p1", review=100.0)
    partition.keep(state)
    partition.schedule(state)
    state.view.review = 200.0
    partition.schedule(state)
    assert partition.due(150.0, 9) == []
    assert names(partition.due(250.0, 9)) == ["p1"]


def test_a_promise_that_is_over_falls_due_no_more(partition: PartitionState) -> None:
    state = promise("p1", review=100.0)
    partition.keep(state)
    partition.schedule(state)
    partition.release(state)
    assert partition.due(1e12, 9) == []


def test_loading_looks_at_what_was_never_scored_at_once(partition: PartitionState) -> None:
    state = promise("p1")
    partition.keep(state)
    partition.first_review(state, MADE_S)
    assert names(partition.due(MADE_S, 9)) == ["p1"]


def test_loading_keeps_the_review_time_of_the_others(partition: PartitionState) -> None:
    state = promise("p1", review=DUE_S)
    partition.keep(state)
    partition.first_review(state, MADE_S)
    assert partition.due(DUE_S - 1, 9) == []
    assert names(partition.due(DUE_S, 9)) == ["p1"]


def test_history_and_placeholders_never_fall_due(partition: PartitionState) -> None:
    for state in (promise("old", historical=True), PromiseState(promise_id="placeholder", customer_id="c1")):
        partition.keep(state)
        partition.first_review(state, MADE_S)
    assert partition.due(DUE_S * 2, 9) == []


def test_all_that_is_scored_can_be_looked_at_again_at_once() -> None:
    cache = PartitionStates()
    cache.partitions[0] = partition = PartitionState(0)
    later, old = promise("p1", review=DUE_S), promise("old", historical=True)
    for state in (later, old, PromiseState(promise_id="placeholder", customer_id="c1")):
        partition.keep(state)
        partition.first_review(state, MADE_S)
    assert not cache.overdue(MADE_S)
    cache.look_again(MADE_S)
    assert cache.overdue(MADE_S)
    assert names(partition.due(MADE_S, 9)) == ["p1"]
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
