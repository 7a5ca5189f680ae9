"""A claim beside the register: over, under, neither; the most particular status, as it stood."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from candor.contracts.matters import Check, Claimed, Level
from promise_svc.domain import Entry
from promise_svc.domain.claims import LEVELS, check, level, stood
from tests.support.clocks import NOON

S, OVER, UNDER = Check.SUPPORTED, Check.OVER_CLAIM, Check.UNDER_CLAIM
TABLE = {
    Claimed.AVAILABLE: (OVER, OVER, OVER, S),
    Claimed.BETA: (OVER, OVER, S, UNDER),
    Claimed.PLANNED: (OVER, S, UNDER, UNDER),
    Claimed.NONE: (S, UNDER, UNDER, UNDER),
    Claimed.LEFT_OUT: (S, S, S, UNDER),
}
places = st.sampled_from([None, "eu", "us"])
statuses = st.fixed_dictionaries({"status": st.sampled_from([*Level]), "region": places, "edition": places})


@pytest.mark.parametrize("said", Claimed)
def test_every_claim_beside_every_level(said: Claimed) -> None:
    assert LEVELS == (Level.NONE, Level.PLANNED, Level.BETA, Level.AVAILABLE)
    assert tuple(check(said, there) for there in LEVELS) == TABLE[said]
    assert check(said, None) is Check.UNREGISTERED


@given(st.lists(statuses, max_size=9, unique_by=lambda one: (one["region"], one["edition"])), places, places)
def test_the_most_particular_status_applies_in_whatever_order_they_stand(
    known: list[dict[str, str]], region: str | None, edition: str | None
) -> None:
    by_place = {(one["region"], one["edition"]): one["status"] for one in known}
    wanted = [(region, edition), (region, None), (None, edition), (None, None)]
    expected = next((by_place[place] for place in wanted if place in by_place), None)
    assert level(known, region, edition) == expected
    assert level(reversed(known), region, edition) == expected


@given(st.lists(st.integers(0, 9), max_size=8), st.integers(-1, 10))
def test_the_register_stood_as_was_said_last_up_to_then(minutes: list[int], asked: int) -> None:
    entries = [Entry(n, "set", NOON + timedelta(minutes=m), {}, {}) for n, m in enumerate(minutes, 1)]
    found = stood(entries, NOON + timedelta(minutes=asked))
    before = [m for m in minutes if m <= asked]
    assert (found is None) == (before == [])
    if found is not None:
        newest = max(before)
        assert found.number == len(minutes) - minutes[::-1].index(newest)
        assert stood([*reversed(entries)], NOON + timedelta(minutes=asked)) == found
