"""Kept three ways, in full, Percent Plan Complete and the reset rate."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from risk_svc.insight.measures.figure import LEAST, Unit
from risk_svc.insight.measures.punctuality import Settled, Steps, Tally, joined, punctuality, tallies
from tests.support.figures import bounds

NAN = math.nan
Row = tuple[str, float, float, float, float, float, float, int, int]
when = st.floats(0, 100) | st.just(NAN)
rows = st.lists(
    st.tuples(
        st.sampled_from("ab"), when, when, when, st.floats(0, 5), when, st.floats(0, 1) | st.just(NAN),
        st.integers(0, 3), st.just(0),
    ),
    max_size=40,
)  # fmt: skip
NOTHING = Steps((), np.array([]), np.array([]), np.array([], np.bool_))
NOW = 60.0


def settled(found: list[Row], still: list[Row] | None = None) -> Settled:
    """Promises that have ended, and others that are open at NOW."""
    still = still or []
    columns = list(zip(*found, *still, strict=True)) if found or still else [()] * 9
    requested, first, latest, tolerance, done, delivered = (np.array(column, float) for column in columns[1:7])
    ours, agreed = (np.array(column, np.int64) for column in columns[7:])
    until = np.array([NAN] * len(found) + [NOW] * len(still))
    return Settled(tuple(columns[0]), requested, first, latest, tolerance, done, delivered, ours, agreed, until)


def test_a_case_by_hand() -> None:
    found = tallies(
        settled(
            [
                # requested, first, latest, tolerance, done, delivered, moved by us, agreed
                ("crew", 10, 20, 30, 0, 20, 1.0, 1, 1),  # late for the customer's wish, by the first date, in full
                ("crew", NAN, 20, 30, 5, 26, 0.5, 2, 0),  # after the first date, by the latest, not in full
                ("crew", 50, 50, 50, 0, NAN, NAN, 0, 0),  # never done; no scope was agreed
                ("shop", 10, 10, 10, 1, 11, NAN, 0, 0),  # within the tolerance
            ]
        ),
        Steps(["crew", "crew", "shop"], np.array([5.0, 5.0, 5.0]), np.array([5.0, NAN, 6.0]), np.zeros(3, np.bool_)),
    )
    assert found["crew"] == Tally(
        n=3, requested_n=2, requested=0, first_n=3, first=1, latest_n=3, latest=2, full_n=2, full=1, steps_n=2,
        steps=1, reset=2, moves=3, agreed=1, part=1,
    )  # fmt: skip
    assert found["shop"] == Tally(1, 1, 1, 1, 1, 1, 1, steps_n=1)


def test_an_open_promise_counts_against_each_date_that_has_passed() -> None:
    found = tallies(
        settled(
            [("crew", 10, 20, 30, 0, 20, 1.0, 1, 1)],
            [
                # At 60, requested, first, latest, tolerance, done, delivered, moved by us, agreed
                ("crew", 40, 50, 59, 0, NAN, 0.0, 2, 1),  # past all three
                ("crew", NAN, 50, 70, 0, NAN, 0.0, 1, 1),  # past the first; the date it was moved to lies ahead
                ("crew", 40, 70, 70, 0, NAN, 0.0, 0, 0),  # past the customer's wish alone
                ("crew", 59, 59, 59, 1, NAN, 0.0, 0, 0),  # within the tolerance to the second
                ("shop", NAN, 70, 70, 0, NAN, 0.0, 1, 0),  # in time so far
            ],
        ),
        Steps(["crew", "crew", "crew"], np.array([5.0] * 3), np.array([5.0, NAN, NAN]), np.array([True, True, False])),
    )
    assert found["crew"] == Tally(
        n=3, requested_n=3, requested=0, first_n=3, first=1, latest_n=2, latest=1, full_n=2, full=1, steps_n=3,
        steps=1, reset=3, moves=4, agreed=3, open=2, requested_open=2, first_open=2, latest_open=1, steps_open=1,
    )  # fmt: skip
    assert found["shop"] == Tally()
    said = punctuality(found["crew"])
    assert [one.open for one in said] == [2, 2, 1, 1, 1, 2, 0, 1]


@given(rows, rows)
def test_an_open_promise_never_raises_a_share_and_counts_once_it_is_overdue(ended: list[Row], still: list[Row]) -> None:
    without, found = tallies(settled(ended), NOTHING), tallies(settled(ended, still), NOTHING)
    for name, tally in found.items():
        before = without.get(name, Tally())
        assert (tally.requested, tally.first, tally.latest) == (before.requested, before.first, before.latest)
        for what in ("requested", "first", "latest"):
            more = getattr(tally, f"{what}_n") - getattr(before, f"{what}_n")
            assert more == getattr(tally, f"{what}_open")
            dues = [{"requested": one[1], "first": one[2], "latest": one[3]}[what] for one in still]
            past = [one[0] == name and due + one[4] < NOW for one, due in zip(still, dues, strict=True)]
            assert more == sum(past)
        assert tally.n - before.n == tally.open == tally.first_open


def test_figures_are_shares_of_their_own_counts_with_interval() -> None:
    said = punctuality(Tally(40, 30, 15, 40, 20, 40, 36, 25, 20, 100, 60, 10, 12, 6, part=3))
    assert [one.value for one in said] == [0.5, 0.5, 0.9, 0.8, 0.6, 0.25, None, 0.12]
    assert [one.n for one in said] == [30, 40, 40, 25, 100, 40, 12, 25]
    assert {one.unit for one in said} == {Unit.SHARE}
    # Wilson: (.5 + 1.92/40 ± 1.96·√(.25/40 + .96/1600)) / (1 + 3.84/40)
    assert bounds(said.first) == pytest.approx((0.352, 0.648), abs=1e-3)


def test_below_twenty_nothing_is_stated_but_the_count() -> None:
    said = punctuality(Tally(n=LEAST - 1, first_n=LEAST - 1, first=LEAST - 1))
    assert all(one.too_little_history for one in said)
    assert said.first.n == LEAST - 1


@given(rows, rows)
def test_counts_add_whatever_the_order(some: list[Row], more: list[Row]) -> None:
    both = tallies(settled([*more, *some]), NOTHING)
    apart = [tallies(settled(part), NOTHING) for part in (some, more)]
    for name, tally in both.items():
        assert joined(part[name] for part in apart if name in part) == tally
    assert joined([]) == Tally()


@given(rows)
def test_no_count_is_above_what_it_is_a_share_of(found: list[Row]) -> None:
    for tally in tallies(settled(found), NOTHING).values():
        pairs = [(tally.requested, tally.requested_n), (tally.first, tally.first_n), (tally.latest, tally.latest_n)]
        pairs += [(tally.full, tally.full_n), (tally.full + tally.part, tally.latest), (tally.reset, tally.n)]
        assert all(0 <= hits <= n <= len(found) for hits, n in pairs)


@given(rows, st.floats(0, 50))
def test_being_done_later_never_keeps_more(found: list[Row], later: float) -> None:
    slower = settled([(*row[:5], row[5] + later, *row[6:]) for row in found])
    before, after = tallies(settled(found), NOTHING), tallies(slower, NOTHING)
    for name, tally in after.items():
        held = before[name]
        assert tally.requested <= held.requested
        assert tally.first <= held.first
        assert tally.latest <= held.latest
        assert tally.full <= held.full
