"""What a newer model knows much better has the open promises of its type reviewed, and nothing else does."""

from __future__ import annotations

import math

import pytest

from candor.contracts import MIN_CASES
from risk_svc.forecast.model import Model
from risk_svc.worker.learnt import Learnt
from risk_svc.worker.partition_state import PartitionState, PartitionStates
from tests.unit.risk.worker.test_partition_state import promise


def model(version: int, **known: int) -> Model:
    found = Model()
    found.version = version
    found.context.answered = {(kind, -1): n for kind, n in known.items()} | {("step", 0): 1_000}
    return found


def test_a_type_is_known_better_once_it_is_known_at_all_and_whenever_it_doubles() -> None:
    learnt, told = Learnt(), []
    for version, n in enumerate([0, 2, 19, 20, 25, 39, 40, 41, 79, 81, 400]):
        told += [n] if learnt.better_known(model(version, visit=n)) else []
    assert told == [20, 40, 81, 400]


def test_each_type_is_told_apart_and_each_version_once() -> None:
    learnt = Learnt()
    assert learnt.better_known(model(0)) == set()
    assert learnt.better_known(model(1, visit=MIN_CASES, flight=MIN_CASES - 1)) == {"visit"}
    assert learnt.better_known(model(1, visit=MIN_CASES, flight=MIN_CASES)) == set()
    assert learnt.better_known(model(2, visit=MIN_CASES, flight=MIN_CASES)) == {"flight"}


def test_a_process_begins_with_what_is_known() -> None:
    learnt = Learnt()
    assert learnt.better_known(model(7, visit=5_000)) == set()
    assert learnt.better_known(model(8, visit=5_001)) == set()


@pytest.fixture
def held() -> PartitionStates:
    """Promises of two types: reviewed in time, due already, never."""
    states = PartitionStates()
    states.partitions[0] = partition = PartitionState(0)
    for name, kind, review in (
        *(("visit", "visit", 500.0), ("due", "visit", 5.0), ("flight", "flight", 500.0)),
        ("old", "visit", math.inf),
    ):
        state = promise(name, review=review)
        state.kind = kind
        partition.keep_row(name, partition.keep(state))
    return states


def test_only_promises_of_the_type_that_are_reviewed_at_all_are_due_at_once(held: PartitionStates) -> None:
    held.look_again_at({"visit"}, 100.0)
    assert held.partitions[0].states.due(100.0, 9) == ["due", "visit"]
    assert held.partitions[0].states.due(500.0, 9) == ["flight"]
    held.look_again_at({"unheard of"}, 600.0)
    assert held.partitions[0].states.due(1e12, 9) == []


def test_nothing_is_looked_at_where_nothing_is() -> None:
    states = PartitionStates()
    states.partitions[0] = PartitionState(0)
    states.look_again_at({"visit"}, 100.0)
    assert not states.overdue(1e12)
