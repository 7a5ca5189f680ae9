"""Limits of dead letters: what stops a partition, what does not, and that a restart knows as much."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from candor.messaging.limits import Guard, Limits
from candor.messaging.planning import OwnedPartition
from candor.store.dead_letter import BEHIND, HeldLetters

LIMITS = Limits()


def follow(pattern: str, limits: Limits = LIMITS) -> Guard:
    """Feed a guard: `.` good, `x` dead, `b` behind; stops where the limit is exceeded."""
    guard = Guard(limits)
    for offset, kind in enumerate(pattern):
        if kind == ".":
            guard.passed(offset)
        else:
            guard.buried(offset, BEHIND if kind == "b" else "bad_data")
        if guard.exceeded():
            break
    return guard


def test_the_twentieth_in_a_row_is_one_too_many() -> None:
    assert follow("x" * 19 + "." + "x" * 19).exceeded() == ""
    stopped = follow("." * 5 + "x" * 40)
    assert stopped.seen == 25
    assert "20 dead letters in a row" in stopped.exceeded()


def test_behind_ones_do_not_break_a_row() -> None:
    assert follow("xb" * 30).exceeded() != ""
    assert follow("xb." * 30).exceeded() == ""


@pytest.mark.parametrize("seed", range(20))
def test_an_even_one_percent_goes_on(seed: int) -> None:
    dice = random.Random(seed)
    pattern = "".join("x" if dice.random() < 0.01 else "." for _ in range(40_000))
    assert follow(pattern).seen == len(pattern)


@pytest.mark.parametrize("seed", range(5))
def test_two_percent_stop(seed: int) -> None:
    dice = random.Random(seed)
    pattern = "".join("x" if dice.random() < 0.02 else "." for _ in range(40_000))
    stopped = follow(pattern)
    assert stopped.seen < 20_000
    assert "dead letters in the last" in stopped.exceeded()


def test_the_share_needs_a_hundred_records() -> None:
    assert follow("x........" * 11).exceeded() == ""
    assert follow("x........" * 12).exceeded() != ""


def test_letters_older_than_the_window_are_forgotten() -> None:
    limits = Limits(window=1_000)
    burst = ("x" + "." * 9) * 9 + "." * 2_000
    assert follow("." * 500 + burst, limits).exceeded() == ""


@given(st.text(alphabet=".....xb", max_size=400))
def test_a_guard_read_from_the_table_knows_what_the_one_in_memory_knew(pattern: str) -> None:
    guard = follow(pattern)
    seen = pattern[: guard.seen]
    dead = [offset for offset, kind in enumerate(seen) if kind == "x"]
    behind = [offset for offset, kind in enumerate(seen) if kind == "b"]
    again = Guard(LIMITS, dead, behind, guard.seen)
    assert (again.run, again.seen) == (guard.run, guard.seen)
    assert again.exceeded() == guard.exceeded()


def test_a_copy_goes_its_own_way() -> None:
    guard = follow("x.x")
    twin = guard.copy()
    for offset in range(3, 40):
        twin.buried(offset, "bad_data")
    assert twin.exceeded()
    assert (guard.run, guard.seen, guard.exceeded()) == (1, 3, "")


def test_a_partition_with_twenty_unresolved_letters_at_its_offset_starts_halted() -> None:
    own = OwnedPartition(partition=2, epoch=1, offsets={"promises": 30})
    letters = [HeldLetters("promises", f"p{offset}", offset, "handler_error") for offset in range(10, 30)]
    own.remember(letters, LIMITS)
    assert own.halted.startswith("promises: 20 dead letters in a row")
    own.remember(letters[:-1], LIMITS)
    assert own.halted == ""
    assert own.unresolved == 19
