"""Everybody has their turn, and whoever waits in one lane keeps their place in it."""

from __future__ import annotations

from collections import defaultdict

from hypothesis import given
from hypothesis import strategies as st

from candor.store.fair_queue import FairQueue, Lane

LANES = st.tuples(st.sampled_from("abc"), st.sampled_from("xyz")).map(Lane._make)


@given(st.lists(st.one_of(LANES, st.integers(1, 5)), max_size=60))
def test_all_come_out_once_and_each_lane_in_its_order(moves: list[Lane | int]) -> None:
    queue: FairQueue[tuple[Lane, int]] = FairQueue()
    put: dict[Lane, list[int]] = defaultdict(list)
    taken: dict[Lane, list[int]] = defaultdict(list)
    for number, move in enumerate([*moves, 10**6]):
        if isinstance(move, Lane):
            queue.put(move, (move, number))
            put[move].append(number)
        else:
            for lane, item in queue.take(move):
                taken[lane].append(item)
    assert taken == put
    assert (len(queue), queue.held("a")) == (0, 0)


def test_one_callers_thousands_let_another_one_in_at_once() -> None:
    queue: FairQueue[str] = FairQueue()
    for number in range(5000):
        queue.put(Lane("import", number % 7), f"import {number}")
    queue.put(Lane("crm", "acme"), "crm 1")
    queue.put(Lane("crm", "acme"), "crm 2")
    assert queue.held("import") == 5000
    assert [item for item in queue.take(4) if item.startswith("crm")] == ["crm 1", "crm 2"]


def test_one_customers_thousands_let_another_one_of_the_same_caller_in_at_once() -> None:
    queue: FairQueue[str] = FairQueue()
    for number in range(5000):
        queue.put(Lane("crm", "large"), f"large {number}")
    queue.put(Lane("crm", "small"), "small")
    assert queue.take(2) == ["large 0", "small"]
