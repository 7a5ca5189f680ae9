"""Reference classes: what is known at a moment, and nothing later."""

from __future__ import annotations

import math
from copy import deepcopy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from candor.contracts import Label
from risk_svc.domain.forecast.base import Case
from risk_svc.domain.forecast.classes import (
    EDGES,
    LABEL_LEVEL,
    category,
    duration,
    moment,
    moments,
    next_edge,
    tags,
    words,
)
from tests.support.risk import ARRIVES_S, DEPARTS_S, DUE_S, MADE_S, case

labels = st.dictionaries(st.text(max_size=8), st.one_of(st.text(max_size=8), st.booleans(), st.floats()), max_size=5)


def chain(of: Case, at: float) -> tuple[object, ...]:
    return moment(of, at, tags(of)).chain[-1]


@given(labels)
def test_any_labels_become_categories(found: dict[str, Label]) -> None:
    for name, value in tags(case(labels=found)):
        assert isinstance(name, str)
        assert hash(value) is not None


@pytest.mark.parametrize(
    ("value", "expected"),
    [("XA", "XA"), (True, True), (7.0, 7), (-3.0, -3), (0.0, 0), (math.inf, "not finite"), (math.nan, "not finite")],
)
def test_small_whole_numbers_and_names_stay_as_they_are(value: Label, expected: object) -> None:
    assert category(value) == expected


def test_near_numbers_share_a_category_and_signs_do_not() -> None:
    assert category(719.0) == category(700.0) != category(1400.0)
    assert category(719.0) != category(-719.0)


@given(st.floats(MADE_S, DUE_S), st.floats(0, 240))
def test_nothing_later_is_known(at: float, late: float) -> None:
    """A flight that has left looks the same before its departure as one that has not."""
    left, waits = case(departed=late), case()
    departed = left.steps[0].at
    assert departed is not None
    if at < departed:
        assert chain(left, at) == chain(waits, at)
    else:
        assert chain(left, at)[1] == "departed"


def test_the_chain_narrows_step_by_step() -> None:
    found = moment(case(departed=20), DEPARTS_S + 3600, ())
    for wide, narrow in zip(found.chain, found.chain[1:], strict=False):
        assert narrow[: len(wide)] == wide
    assert len(found.chain[LABEL_LEVEL]) == 4


def test_lateness_so_far_shifts_what_is_expected() -> None:
    assert moment(case(departed=35), ARRIVES_S, ()).shift == pytest.approx(35 * 60)
    assert moment(case(departed=-5), DEPARTS_S, ()).shift == 0.0
    assert moment(case(), DEPARTS_S + 31 * 60, ()).shift == 30 * 60


def test_an_announced_delay_counts_from_when_it_was_announced() -> None:
    redated = case()
    redated.steps[0].expected, redated.steps[0].expected_at = DEPARTS_S + 5400, DEPARTS_S - 3600
    assert chain(redated, DEPARTS_S - 3601) == chain(case(), DEPARTS_S - 3601)
    assert moment(redated, DEPARTS_S - 3600, ()).shift == 60 * 60


@pytest.mark.parametrize(
    ("severity", "until", "flag"), [(0.3, None, 1), (0.6, None, 2), (0.6, DEPARTS_S - 60, 0), (0.5, DEPARTS_S + 60, 2)]
)
def test_trouble_counts_while_it_lasts(severity: float, until: float | None, flag: int) -> None:
    assert chain(case(troubles=[(MADE_S, until, severity)]), DEPARTS_S)[-1] == flag


@given(st.floats(-30, 300), st.floats(0, 20000))
def test_classes_change_only_at_the_moments_listed(late: float, more: float) -> None:
    flight = case(departed=late, troubles=[(MADE_S + 100, MADE_S + 30000, 0.6)])
    end = DUE_S + 7200
    times = list(moments(flight, end))
    at = MADE_S + more
    before = max(time for time in times if time <= at)
    assert chain(flight, at) == chain(flight, before)
    assert times[0] == MADE_S
    assert times == sorted(times)


def test_a_case_that_was_over_before_it_began_still_has_its_beginning() -> None:
    assert list(moments(case(), MADE_S - 500)) == [MADE_S]


@given(st.floats(MADE_S, DUE_S + 1e6))
def test_the_next_edge_is_where_the_clock_moves_it(now: float) -> None:
    waits = case()
    edge = next_edge(waits, now)
    assert edge > now
    assert chain(waits, now) == chain(waits, (now + min(edge, now + 1e9)) / 2) or edge == math.inf
    if edge < DUE_S + 1e7:
        assert chain(waits, edge + 1) != chain(waits, now)


def test_a_promise_without_plans_is_measured_by_its_due_date() -> None:
    bare = deepcopy(case())
    bare.steps = []
    assert chain(bare, DUE_S - 60) != chain(bare, DUE_S + 60)
    assert next_edge(bare, DUE_S - 1) == DUE_S


def test_classes_are_said_in_words() -> None:
    late = moment(case(departed=20, troubles=[(MADE_S, None, 0.7)]), DEPARTS_S + 1300, ())
    said = [words(key) for key in late.chain]
    assert said[0] == "all promises"
    assert said[1] == "flight"
    assert said[2] == "flight, after departed"
    assert "15 min to 30 min late" in said[3]
    assert said[-1].endswith("severe incident")
    assert words(moment(case(), MADE_S, ()).chain[2]) == "flight, nothing reached yet"


def test_a_class_that_begins_or_ends_on_time_has_no_zero_in_words() -> None:
    assert {words(("flight", "departed", rung)).rpartition("was ")[2] for rung in (15, 16)} == {
        "up to 8 min early",
        "up to 8 min late",
    }


def test_every_class_of_a_life_can_be_said() -> None:
    for early in (None, -9999.0, 0.0, 9999999.0):
        flight = case(departed=early)
        for at in moments(flight, DUE_S + 1e7):
            assert all(words(key) for key in moment(flight, at, ()).chain)


@pytest.mark.parametrize(("seconds", "text"), [(420, "7 min"), (7200, "2 h"), (86400, "24 h"), (950400, "11 days")])
def test_durations_have_the_largest_unit_that_fits(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_edges_double_both_ways() -> None:
    assert sorted(EDGES) == EDGES
    assert [edge / 60 for edge in EDGES if 0 <= edge <= 3600] == [0, 7.5, 15, 30, 60]
