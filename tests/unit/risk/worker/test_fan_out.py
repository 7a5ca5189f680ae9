"""An incident's way to its promises: all of them, once, in pieces, over restarts and changes."""

from __future__ import annotations

import random

import msgspec
import pytest

from risk_svc.domain.fold import fold
from risk_svc.domain.state import PromiseState
from risk_svc.store.work import Reach
from risk_svc.worker import fan_out
from risk_svc.worker.fan_out import FanOut
from risk_svc.worker.leftover import FIRST, LEAST, SECONDS, Pace, shares
from risk_svc.worker.partition_state import PartitionState
from tests.support.risk import EWR, Story

SITE = ("site", "EWR")


def promise(name: str) -> PromiseState:
    state = PromiseState(promise_id=name, customer_id="c1")
    item = Story(name).made(depends_on=[EWR])
    fold(state, item.envelope, item.data)
    return state


@pytest.fixture
def partition() -> PartitionState:
    held = PartitionState(0)
    for number in random.Random(3).sample(range(100), 100):
        held.keep(promise(f"p{number:02}"))
    return held


NAMES = [f"p{number:02}" for number in range(100)]


def begun() -> FanOut:
    way = FanOut(Reach([]))
    way.again([SITE], 1, "")
    return way


def killed(way: FanOut) -> FanOut:
    """What a worker has that takes over: the stored row."""
    return FanOut(msgspec.msgpack.decode(msgspec.msgpack.encode(way.reach), type=Reach), saved=True)


def rest(way: FanOut, partition: PartitionState, most: int = 7) -> list[str]:
    found: list[str] = []
    more = True
    while more:
        names, more = way.take(partition.states, partition.places, most)
        found += names
    return found


def test_all_are_reached_in_order_and_once_however_small_the_pieces(partition: PartitionState) -> None:
    for most in (1, 7, 100, 1000):
        assert rest(begun(), partition, most) == NAMES


def test_putting_in_order_is_bounded_as_well(partition: PartitionState, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fan_out, "SORTED", 30)
    way = begun()
    for _ in range(3):
        assert way.take(partition.states, partition.places, 100) == ([], True)
        assert way.ordered == 30
    assert rest(way, partition) == NAMES


def test_after_a_kill_it_goes_on_behind_what_was_reached(partition: PartitionState) -> None:
    way = begun()
    way.take(partition.states, partition.places, 40)
    assert rest(killed(way), partition) == NAMES[40:]


def test_a_change_on_the_way_goes_round_once_from_where_it_is(partition: PartitionState) -> None:
    way = begun()
    way.take(partition.states, partition.places, 40)
    way.again([SITE], 2, "")
    assert rest(way, partition) == NAMES[40:] + NAMES[:40]


def test_a_change_after_the_turn_goes_round_again(partition: PartitionState) -> None:
    way = begun()
    way.take(partition.states, partition.places, 40)
    way.again([SITE], 2, "")
    way.take(partition.states, partition.places, 70)
    assert (way.reach.reached, way.reach.wrapped) == ("p09", True)
    assert rest(killed(way), partition) == NAMES[10:40]
    way.again([SITE], 3, "")
    assert rest(killed(way), partition) == NAMES[10:] + NAMES[:10]


def test_what_ends_on_the_way_is_left_out(partition: PartitionState) -> None:
    way = begun()
    way.take(partition.states, partition.places, 10)
    partition.release("p50")
    assert rest(killed(way), partition) == [name for name in NAMES[10:] if name != "p50"]


@pytest.mark.parametrize("seed", range(60))
def test_changes_and_kills_in_any_order_leave_nobody_out(partition: PartitionState, seed: int) -> None:
    rng = random.Random(seed)
    way, waiting, more, taken = begun(), set(NAMES), True, 0
    while more:
        move = rng.random()
        if move < 0.2:
            way = killed(way)
        elif move < 0.3 and taken < 400:
            way.again([SITE], way.reach.version + 1, "")
            waiting = set(NAMES)
        names, more = way.take(partition.states, partition.places, rng.randint(1, 30))
        taken += len(names)
        waiting -= set(names)
    assert waiting == set(), f"seed {seed}"


def test_however_often_it_changes_nobody_waits_for_more_than_a_round(partition: PartitionState) -> None:
    way = begun()
    since = dict.fromkeys(NAMES, 0)
    for turn in range(1, 200):
        way.again([SITE], turn, "")
        names, _ = way.take(partition.states, partition.places, 10)
        for name in names:
            assert turn - since[name] <= 12
            since[name] = turn
    assert min(since.values()) >= 200 - 12


def test_room_is_divided_fairly_and_none_of_it_is_left_unused() -> None:
    assert shares([10, 10_000, 10], 120) == [10, 100, 10]
    assert shares([10_000, 10_000, 10_000], 100) == [33, 33, 34]
    assert shares([0, 5], 100) == [0, 5]
    assert shares([], 100) == []
    assert shares([7, 7, 7], 2) == [0, 1, 1]


def test_the_pace_follows_the_machine() -> None:
    pace = Pace(2_000)
    assert pace.room == FIRST
    pace.took(SECONDS / 10)
    assert pace.room == 2 * FIRST
    for _ in range(9):
        pace.took(SECONDS / 10)
    assert pace.room == 2_000
    pace.took(4 * SECONDS)
    assert pace.room == 500
    for _ in range(9):
        pace.took(4 * SECONDS)
    assert pace.room == LEAST
    assert Pace(3).room == 3
