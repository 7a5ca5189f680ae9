"""What the driver of a plan did: a case computed by hand, in any order of scores, and the record of actions."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from candor.contracts import Component, Standing
from risk_svc.insight.measures.drivers import (
    AFTER,
    FEWEST,
    NOTICEABLE,
    ActionRecord,
    Driver,
    Outcome,
    Score,
    Seen,
    Tried,
    fall,
    outcome,
    rank,
    records,
    see,
    until,
)

DAY = 86_400.0
OPENED, ENDED = 10 * DAY, 12 * DAY
LIMIT = ENDED + AFTER


def score(day: float, x: float, standing: Standing = Standing.OPEN, component: Component = Component.LATENESS) -> Score:
    return Score("p1", day * DAY, int(day * 1000), standing, {component: x})


def seen(*scores: Score, component: Component = Component.LATENESS, ended: float | None = ENDED) -> Driver:
    driver = Driver(component, OPENED)
    for one in scores:
        driver = see(driver, one, until(ended))
    return driver


def test_a_case_computed_by_hand_in_every_order_of_its_scores() -> None:
    """Opened on day 10, done on day 12: it stood at .6 before, and .25 was the last score of the 7 days after."""
    scores = [score(3, 0.9), score(9, 0.6), score(11, 0.7), score(13, 0.4), score(18.9, 0.25), score(19.1, 0.95)]
    for order in permutations(scores):
        driver = seen(*order, *order[:2])
        assert driver.before == Seen(9000, 9 * DAY, 0.6)
        assert driver.after == Seen(18900, 18.9 * DAY, 0.25)
        assert fall(driver) == 0.35
    assert outcome(driver, ENDED, LIMIT - 1) is Outcome.AWAITED
    assert outcome(driver, ENDED, LIMIT) is Outcome.FELL
    assert outcome(driver, None, LIMIT) is None


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (0.6, 0.5, Outcome.FELL),
        (0.6, 0.51, Outcome.DID_NOT_FALL),
        (0.6, 0.8, Outcome.DID_NOT_FALL),
        (NOTICEABLE, 0.0, Outcome.FELL),
        (0.09, 0.0, Outcome.NOT_THERE),
        (0.0, 0.0, Outcome.NOT_THERE),
    ],
)
def test_less_than_a_tenth_is_no_fall_and_no_driver(before: float, after: float, expected: Outcome) -> None:
    assert outcome(seen(score(9, before), score(13, after)), ENDED, LIMIT) is expected


def test_a_score_that_stands_unchanged_is_both_before_and_after() -> None:
    driver = seen(score(9, 0.6))
    assert (fall(driver), outcome(driver, ENDED, LIMIT)) == (0.0, Outcome.DID_NOT_FALL)


def test_what_was_not_heard_in_time_is_unknown() -> None:
    assert outcome(seen(), ENDED, LIMIT) is Outcome.UNKNOWN
    assert outcome(seen(score(11, 0.6)), ENDED, LIMIT) is Outcome.UNKNOWN
    # That it was done was heard only when a later score had come.
    late = seen(score(9, 0.6), score(25, 0.1), ended=None)
    assert outcome(late, ENDED, 30 * DAY) is Outcome.UNKNOWN


@pytest.mark.parametrize(
    ("component", "standing", "x", "expected"),
    [
        # Lateness and scope say of an ended promise what came of it.
        (Component.LATENESS, Standing.KEPT, 0.0, Outcome.FELL),
        (Component.LATENESS, Standing.BROKEN, 0.6, Outcome.DID_NOT_FALL),
        (Component.SCOPE, Standing.KEPT, 0.3, Outcome.FELL),
        (Component.LATENESS, Standing.CANCELLED, 1.0, Outcome.DID_NOT_FALL),
        # The others end with it, which closed no gap.
        (Component.SILENCE, Standing.KEPT, 0.0, Outcome.DID_NOT_FALL),
        (Component.INCIDENTS, Standing.BROKEN, 0.0, Outcome.DID_NOT_FALL),
        (Component.UNBACKED, Standing.KEPT, 0.0, Outcome.DID_NOT_FALL),
        # Nobody works on it any more.
        (Component.LATENESS, Standing.WITHDRAWN, 0.0, Outcome.DID_NOT_FALL),
    ],
)
def test_a_promise_that_ends_is_looked_at_at_once(
    component: Component, standing: Standing, x: float, expected: Outcome
) -> None:
    scores = [score(9, 0.6, component=component), score(13, x, standing, component)]
    for order in permutations(scores):
        driver = seen(*order, component=component)
        assert driver.over
        assert outcome(driver, ENDED, ENDED + DAY) is expected


def test_a_component_that_adds_nothing_is_nought() -> None:
    driver = seen(score(9, 0.6), score(13, 0.5, component=Component.SCOPE))
    assert driver.after is not None
    assert driver.after.x == 0.0


SCORES = st.lists(
    st.builds(
        score,
        st.floats(0, 30, allow_nan=False).map(lambda day: round(day, 3)),
        st.floats(0, 1, width=32),
        st.sampled_from([Standing.OPEN, Standing.KEPT, Standing.WITHDRAWN]),
    ),
    max_size=8,
    unique_by=lambda one: one.version,
)


@given(SCORES, st.randoms(use_true_random=False), st.sampled_from(Component), st.sampled_from([None, ENDED, 0.0]))
def test_any_order_and_any_repetition_of_scores_ends_alike(
    scores: list[Score], random: Any, component: Component, ended: float | None
) -> None:
    shuffled = [*scores, *scores[:3]]
    random.shuffle(shuffled)
    driver = seen(*scores, component=component, ended=ended)
    assert seen(*shuffled, component=component, ended=ended) == driver
    found = fall(driver)
    assert found is None or -1 <= found <= 1
    assert driver.before is None or driver.before.at <= OPENED
    assert driver.after is None or ended is None or driver.after.at <= ended + AFTER


@given(st.floats(0, 1, width=32), st.floats(0, 1, width=32), st.floats(0, 1, width=32))
def test_who_falls_further_is_not_said_to_fall_less(before: float, one: float, other: float) -> None:
    low, high = sorted((one, other))
    further, less = (outcome(seen(score(9, before), score(13, x)), ENDED, LIMIT) for x in (low, high))
    assert not (less is Outcome.FELL and further is not Outcome.FELL)


def tried(action: str, fell: int, stayed: int, *others: Outcome | None, driver: str = "lateness") -> list[Tried]:
    outcomes = [Outcome.FELL] * fell + [Outcome.DID_NOT_FALL] * stayed
    beside = [*others] + [None] * (len(outcomes) - len(others))
    return [
        Tried(driver, action, one, 0.4 if one is Outcome.FELL else 0.0, other)
        for one, other in zip(outcomes, beside, strict=True)
    ]


def test_the_record_of_an_action_computed_by_hand() -> None:
    """Wilson of 6 in 8: (p + z²/2n ± z·√(p(1−p)/n + z²/4n²)) / (1 + z²/n) = .409 and .929."""
    plans = tried("add-crew", 6, 2, *[Outcome.FELL] * 2, *[Outcome.DID_NOT_FALL] * 4, Outcome.UNKNOWN)
    plans += [Tried("lateness", "add-crew", one, None) for one in (Outcome.AWAITED, Outcome.UNKNOWN, Outcome.NOT_THERE)]
    [one] = records(plans)
    assert (one.driver, one.action, one.plans, one.awaited) == ("lateness", "add-crew", 11, 1)
    assert (one.fell.value, one.fell.n) == (0.75, 8)
    assert one.fell.low == pytest.approx(0.4093, abs=1e-4)
    assert one.fell.high == pytest.approx(0.9285, abs=1e-4)
    assert (one.fall.n, one.beside.n) == (8, 6)
    assert one.fall.value == pytest.approx(0.3)
    assert one.beside.value == pytest.approx(1 / 3)


def test_what_is_beside_a_plan_of_which_nothing_is_known_is_not_counted() -> None:
    plans = [Tried("scope", "ship-the-rest", Outcome.UNKNOWN, None, Outcome.FELL) for _ in range(9)]
    [one] = records(plans)
    assert (one.plans, one.fell.n, one.beside.n) == (9, 0, 0)
    assert one.fell.too_little_history


def test_few_sure_falls_come_after_many_and_too_few_come_last() -> None:
    found = records(
        [
            *tried("never", 0, 9),
            *tried("few", FEWEST, 0),
            *tried("many", 45, 5),
            *tried("once", 1, 0),
            *tried("thrice", 3, 0),
        ]
    )
    assert [one.action for one in found] == ["many", "few", "never", "thrice", "once"]
    assert [one.fell.too_little_history for one in found] == [False, False, False, True, True]


def test_each_driver_has_records_of_its_own() -> None:
    found = records([*tried("call", 5, 0), *tried("call", 0, 5, driver="silence")])
    assert [(one.driver, one.fell.value) for one in found] == [("lateness", 1.0), ("silence", 0.0)]


PLANS = st.lists(
    st.builds(
        Tried,
        st.sampled_from(["lateness", "scope"]),
        st.sampled_from(["a", "b"]),
        st.sampled_from(Outcome),
        st.floats(-1, 1, width=32),
        st.sampled_from([None, *Outcome]),
    ),
    max_size=60,
)


@given(PLANS, st.randoms(use_true_random=False))
def test_records_are_bounded_counted_once_and_free_of_order(plans: list[Tried], random: Any) -> None:
    found = records(plans)
    shuffled = [*plans]
    random.shuffle(shuffled)
    assert [_rounded(one) for one in records(shuffled)] == [_rounded(one) for one in found]
    assert [rank(one) for one in found] == sorted(rank(one) for one in found)
    assert sum(one.plans for one in found) == len(plans)
    for one in found:
        assert one.awaited + one.fell.n <= one.plans
        assert one.beside.n <= one.fell.n
        for figure in (one.fell, one.beside):
            assert figure.too_little_history == (figure.n < FEWEST)
            if figure.value is not None and figure.low is not None and figure.high is not None:
                assert 0 <= figure.low <= figure.value <= figure.high <= 1


@given(st.integers(0, 40), st.integers(0, 40))
def test_one_fall_more_is_never_worse(fell: int, stayed: int) -> None:
    [more] = records(tried("a", fell + 1, stayed))
    before = records(tried("a", fell, stayed))
    assert not before or rank(more)[0] <= rank(before[0])[0]


def _rounded(one: ActionRecord) -> tuple[Any, ...]:
    figure = one.fall
    near = tuple(None if value is None else round(value, 9) for value in (figure.value, figure.low, figure.high))
    return one.driver, one.action, one.plans, one.awaited, one.fell, one.beside, near, figure.n
