"""The forecasts' own record: scores by hand, groups and periods, and no claim on too little."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from risk_svc.forecast import evaluation as tracks
from risk_svc.forecast.evaluation import (
    CALIBRATION_LIMIT,
    ENOUGH,
    JUDGED,
    MAX_PERIODS,
    Measures,
    ScoredForecast,
    evaluate,
    evaluate_all,
)

START = datetime(2024, 1, 1, tzinfo=UTC)


def scored(p: float, base: float, outcome: int, promise: str = "p1", **fields: Any) -> ScoredForecast:
    return ScoredForecast(promise, "made", "parcel", p, base, outcome, START.timestamp())._replace(**fields)


@st.composite
def forecasts(draw: st.DrawFn) -> list[ScoredForecast]:
    """Up to sixty forecasts of any shape."""
    share, hours = st.floats(0, 1), st.floats(0, 1e4)
    quantiles = st.none() | st.lists(hours, min_size=3, max_size=3).map(lambda found: tuple(sorted(found)))
    one = st.builds(
        ScoredForecast,
        promise=st.sampled_from([f"p{n}" for n in range(40)]),
        lead=st.sampled_from(["made", "left50", "at:shipped"]),
        kind=st.sampled_from("abc"),
        p=share,
        base=share,
        outcome=st.integers(0, 1),
        settled=st.floats(START.timestamp(), START.timestamp() + 3e7),
        hours=st.none() | hours,
        told=quantiles.map(lambda found: found or (None, None, None)),
    )
    return draw(st.lists(one, min_size=1, max_size=60))


def many(count: int = 2 * ENOUGH, **fields: Any) -> list[ScoredForecast]:
    """Half of them slip: .8 said of those, .2 of the others."""
    return [scored(0.8 - 0.6 * (n % 2), 0.5, 1 - n % 2, f"p{n}", **fields) for n in range(count)]


def test_nothing_settled_nothing_claimed() -> None:
    found = evaluate([])
    assert found == Measures(n=0, promises=0)
    assert found.too_little_history == f"too little history (0 settled, {ENOUGH} are needed)"
    empty = evaluate_all([])
    assert (empty.over_time, empty.by_lead, empty.by_class) == ((), (), ())


def test_brier_and_skill_are_what_their_formulas_say() -> None:
    found = evaluate(many())
    assert found.brier == pytest.approx(0.04)
    assert found.base_brier == pytest.approx(0.25)
    assert found.skill == pytest.approx(1 - 0.04 / 0.25)
    assert found.slipped == found.base_rate == 0.5
    # Equal forecasts make one bin: stated .8, and all of them slipped.
    assert found.calibration_error == pytest.approx(0.2)
    assert found.too_little_history is None


def test_too_few_promises_give_scores_but_no_skill_however_many_forecasts() -> None:
    found = evaluate([scored(0.8, 0.25, n % 2, f"p{n % (ENOUGH - 1)}") for n in range(10 * ENOUGH)])
    assert found.brier is not None
    assert (found.skill, found.skill_interval, found.calibration_error, found.pinball_skill) == (None,) * 4
    assert not found.enough
    assert found.base_rate is None
    said = "too little history (29 settled, 30 are needed); 150 of 300 forecasts were about one that slipped"
    assert found.too_little_history == said


def test_bins_tell_what_was_said_and_what_happened() -> None:
    found = evaluate([scored(p, 0.3, slipped) for p, slipped in ((0.72, 1), (0.78, 0), (1.0, 1), (0.0, 0))])
    assert [(item.low, item.n) for item in found.reliability] == [(0.0, 1), (0.7, 2), (0.9, 1)]
    assert found.reliability[1].predicted == pytest.approx(0.75)
    assert found.reliability[1].observed == pytest.approx(0.5)


def test_coverage_and_pinball_loss_count_only_what_was_completed_and_stated() -> None:
    rows = [
        scored(0.1, 0.1, 0, "p1", hours=10.0, told=(8.0, 12.0, 20.0)),
        scored(0.1, 0.1, 0, "p2", hours=10.0, told=(10.0, 10.0, None)),
        scored(0.1, 0.1, 1, "p3", hours=None, told=(1.0, 2.0, 3.0)),
        scored(0.1, 0.1, 0, "p4", hours=5.0),
    ]
    found = evaluate(rows)
    assert [(item.level, item.n, item.covered) for item in found.coverage] == [
        (0.5, 2, 0.5),
        (0.8, 2, 1.0),
        (0.9, 1, 1.0),
    ]
    # By hand: .5 · 2 h below, .2 · 2 h above, .1 · 10 h above.
    assert [item.pinball for item in found.coverage] == pytest.approx([(1.0 + 0.0) / 2, (0.4 + 0.0) / 2, 1.0])
    assert found.pinball == pytest.approx((1.0 + 0.4 + 1.0) / 3)


def test_pinball_skill_is_against_the_yardsticks_own_quantiles() -> None:
    rows = [
        scored(0.1, 0.1, 0, f"p{n}", hours=10.0, told=(9.0, 10.0, 10.0), base_told=(6.0, 10.0, 10.0))
        for n in range(ENOUGH)
    ]
    assert evaluate(rows).pinball_skill == pytest.approx(1 - 0.5 / 2.0)


def test_groups_and_periods_split_the_whole() -> None:
    rows = many(settled=START.timestamp())
    rows += [item._replace(lead="left50", kind="crate", settled=item.settled + 86400 * 3) for item in many()]
    rows += [item._replace(lead="at:shipped") for item in many(10)]
    found = evaluate_all(rows)
    assert found.period == "day"
    assert [span.start for span in found.over_time] == [date(2024, 1, 1), date(2024, 1, 4)]
    assert [group.name for group in found.by_lead] == ["made", "left50", "at:shipped"]
    assert [(group.name, group.track.n) for group in found.by_class] == [("parcel", 70), ("crate", 60)]
    assert found.by_class[1].track == evaluate(many(kind="crate"))


@pytest.mark.parametrize(
    ("days", "period"),
    [(0, "day"), (39, "day"), (40, "week"), (270, "week"), (300, "month"), (1100, "month"), (5000, "year")],
)
def test_periods_are_the_shortest_that_stay_readable(days: int, period: str) -> None:
    at = [(START + timedelta(days=days * step / 600)).timestamp() for step in range(601)]
    name, starts = tracks.periods(at)
    assert name == period
    assert len(set(starts)) <= MAX_PERIODS + 2
    assert starts == sorted(starts)
    for second, start in zip(at, starts, strict=True):
        assert start <= datetime.fromtimestamp(second, UTC).date()
    if period == "week":
        assert {start.weekday() for start in starts} == {0}


@given(forecasts())
def test_figures_stay_in_range_and_bins_add_up_to_all(rows: list[ScoredForecast]) -> None:
    found = evaluate(rows)
    assert sum(item.n for item in found.reliability) == found.n == len(rows)
    assert found.brier is not None
    assert 0.0 <= found.brier <= 1.0
    for item in found.reliability:
        assert item.low - 1e-9 <= item.predicted <= item.low + 0.1 + 1e-9
        assert 0.0 <= item.observed <= 1.0
    for level in found.coverage:
        assert 0.0 <= level.covered <= 1.0
        assert level.pinball >= 0.0
    assert found.calibration_error is None or 0.0 <= found.calibration_error <= 1.0


@given(forecasts())
def test_the_base_rate_itself_has_no_skill(rows: list[ScoredForecast]) -> None:
    found = evaluate([item._replace(p=item.base) for item in rows])
    if found.skill is not None:
        assert found.skill == 0.0
        assert found.skill_interval == (0.0, 0.0)


@given(forecasts(), st.randoms(use_true_random=False))
def test_the_order_of_the_input_does_not_matter(rows: list[ScoredForecast], chance: random.Random) -> None:
    mixed = list(rows)
    chance.shuffle(mixed)
    one, other = evaluate_all(rows), evaluate_all(mixed)
    assert figures(other.overall) == pytest.approx(figures(one.overall), nan_ok=True)
    assert [group.name for group in one.by_lead] == [group.name for group in other.by_lead]
    assert [group.name for group in one.by_class] == [group.name for group in other.by_class]
    for here, there in zip(one.over_time, other.over_time, strict=True):
        assert figures(there.track) == pytest.approx(figures(here.track), nan_ok=True)


def figures(found: Measures) -> list[float]:
    """Everything that a track says, as numbers."""
    plain = (found.brier, found.base_brier, found.skill, found.calibration_error, found.pinball, found.pinball_skill)
    numbers = [float(found.n), float(found.promises), *(-9.0 if one is None else one for one in plain)]
    numbers += found.skill_interval or ()
    numbers += [value for item in found.reliability for value in (item.low, item.n, item.predicted, item.observed)]
    return numbers + [value for item in found.coverage for value in (item.level, item.n, item.covered, item.pinball)]


def settled(count: int, error: float, p80: float) -> list[ScoredForecast]:
    """Forecasts of .5 of which .5 + `error` slip; P80 covers a share `p80` of those completed."""
    late, covered = round(count * (0.5 + error)), round(count * p80)
    return [
        scored(0.5, 0.5, int(n < late), f"p{n}", hours=10.0, told=(5.0, 10.0 if n < covered else 5.0, 20.0))
        for n in range(count)
    ]


@pytest.mark.parametrize(
    ("count", "error", "p80", "expected"),
    [
        (JUDGED - 1, 0.4, 0.8, None),
        (JUDGED, 0.0, 0.8, True),
        (JUDGED, CALIBRATION_LIMIT - 0.01, 0.75, True),
        (JUDGED, CALIBRATION_LIMIT + 0.01, 0.8, False),
        (JUDGED, 0.0, 0.6, False),
        (JUDGED, 0.0, 0.95, False),
    ],
)
def test_calibrated_says_when_forecasts_no_longer_hold(count: int, error: float, p80: float, expected: bool) -> None:
    assert tracks.calibrated(evaluate(settled(count, error, p80))) is expected


def test_kinds_and_milestones_are_open_sets_and_only_the_largest_are_shown() -> None:
    rows = [scored(0.5, 0.5, 0, f"p{n}", kind=f"kind{n}", lead=f"at:step{n}") for n in range(200)]
    found = evaluate_all([*rows, scored(0.5, 0.5, 1, kind="usual", lead="made"), *[rows[7]] * 2])
    assert len(found.by_class) == len(found.by_lead) == tracks.MAX_GROUPS
    assert found.by_class[0].name == "kind7"
    assert found.overall.n == 203
