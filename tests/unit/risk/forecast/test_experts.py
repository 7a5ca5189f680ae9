"""Each expert and the mix: probabilities and quantiles that make sense for any weights, and learning that works."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from risk_svc.forecast import intervals, survival
from risk_svc.forecast.context import Context
from risk_svc.forecast.direct import Direct
from risk_svc.forecast.intervals import LEVELS, STATED, Intervals
from risk_svc.forecast.layout import CLIP, WIDTH, Layout
from risk_svc.forecast.memory import Memory
from risk_svc.forecast.mixture import FLOOR, Mixture, pooled
from risk_svc.forecast.model import Model
from risk_svc.forecast.net import logistic, outputs
from risk_svc.forecast.rates import FadingMeans, Rates
from risk_svc.forecast.reference import LAPLACE, Reference
from risk_svc.forecast.single import forecast_one
from risk_svc.forecast.survival import INSIDE, Cells, Survival, cells, place, watch

seeds = st.integers(0, 2**32 - 1)
few = settings(max_examples=40, deadline=None)


def rough(seed: int, size: float = 3.0) -> tuple[Survival, np.ndarray]:
    """An expert with wild weights, and rows for it."""
    draw = np.random.default_rng(seed)
    expert = Survival(1e-3, 0.1, seed=1)
    expert.net.weights = draw.normal(0, size, expert.net.weights.shape).astype(np.float32)
    return expert, draw.normal(0, 2, (8, WIDTH)).astype(np.float32)


def hazard(expert: Survival, rows: np.ndarray, seen: Cells[np.float64]) -> np.ndarray:
    """What an expert in training says."""
    return survival.hazards(outputs(expert.net.weights, rows)[1].astype(float), seen)


def spread(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).uniform(-INSIDE, 0, 8)


@few
@given(seeds)
def test_a_survival_expert_says_a_probability_and_ordered_quantiles_after_now(seed: int) -> None:
    expert, rows = rough(seed)
    start, end = spread(seed), np.full(8, 2.0)
    whole = hazard(expert, rows, cells(start, spread(seed + 1)))
    late = survival.p_late(whole)
    found = survival.quantiles(whole, start, end, LEVELS)
    assert np.all((late >= 0) & (late <= 1))
    assert np.all(np.diff(found, axis=1) >= 0)
    assert np.all(found >= start[:, None])
    assert np.all(np.isfinite(found))


@few
@given(seeds, st.floats(0, 2))
def test_the_same_knowledge_nearer_the_deadline_is_never_less_likely_late(seed: int, later: float) -> None:
    expert, rows = rough(seed, 0.5)
    start = spread(seed) - 2
    early = survival.p_late(hazard(expert, rows, cells(start, start * 0)))
    near = survival.p_late(hazard(expert, rows, cells(np.minimum(start + later, 0), start * 0)))
    assert np.all(near >= early - 1e-12)


def test_a_survival_expert_learns_when_promises_end_and_open_ones_hold_it_back() -> None:
    rows, start = np.zeros((64, WIDTH), np.float32), np.full(64, -2.0, np.float32)
    ends = np.linspace(-1.5, -0.5, 64, dtype=np.float32)
    settled, censored = Survival(1e-2, 0.0, seed=1), Survival(1e-2, 0.0, seed=1)
    for _ in range(300):
        settled.learn(rows, watch(start, start * 0, ends, np.ones(64, bool)), 0.0)
        censored.learn(rows, watch(start, start * 0, np.minimum(ends, np.float32(-1)), ends < -1.0), 0.0)
    whole = cells(start.astype(float), start.astype(float) * 0)
    for expert in (settled, censored):
        reach = np.exp(-hazard(expert, rows, whole)[0])
        assert reach[np.searchsorted(survival.EDGES, -1.0)] == pytest.approx(0.5, abs=0.1)
    assert survival.p_late(hazard(settled, rows, whole))[0] < 0.1


def test_time_in_bins_adds_up() -> None:
    start, pace = np.array([-1.23, -1.0]), np.zeros(2)
    assert (cells(start, pace).exposure.sum(axis=1) * survival.BIN).tolist() == pytest.approx([6.23, 6.0])
    end = np.array([0.47, -1.5], np.float32)
    found = watch(start.astype(np.float32), pace.astype(np.float32), end, np.array([False, True]))
    assert found.cells.exposure.sum() * survival.BIN == pytest.approx(1.7, rel=1e-6)
    assert found.spots[-1] == found.ended[0] == survival.BINS + 35
    assert place(np.array([np.inf, 0.0, -np.inf]), np.ones(3)).tolist() == [INSIDE, 0.0, -INSIDE]


def test_the_direct_expert_learns_a_sign() -> None:
    draw = np.random.default_rng(3)
    expert = Direct(1e-2, 0.0, seed=1)
    for _ in range(300):
        rows = np.zeros((64, WIDTH), np.float32)
        rows[:, 5] = draw.normal(0, 1, 64)
        expert.learn(rows, (rows[:, 5] > 0).astype(np.float32), 0.0)
    probe = np.zeros((2, WIDTH), np.float32)
    probe[:, 5] = -2, 2
    low, high = logistic(outputs(expert.net.weights, probe)[1][:, 0])
    assert low < 0.1 < 0.9 < high


@few
@given(seeds)
def test_a_model_of_any_weights_says_what_its_networks_say_one_by_one(seed: int) -> None:
    draw = np.random.default_rng(seed)
    model = Model()
    for net in model.nets():
        net.average = draw.normal(0, 0.5, net.average.shape).astype(np.float32)
        net.steps += 1
    rows = draw.normal(0, 2, (8, WIDTH)).astype(np.float16)
    start, end = spread(seed), np.full(8, 2.0)
    model.intervals.drift = draw.normal(0, 1, model.intervals.drift.shape)
    group, late, gone = draw.integers(0, 5, 300), draw.integers(0, 2, 300), draw.integers(0, 2, 300)
    model.reference.learn(group, late == 1)
    model.reference.end(group, late * gone == 1)
    begun, took = draw.uniform(-INSIDE, 0, 300), draw.exponential(1, 300)
    model.reference.watch(group, begun, np.minimum(begun + took, INSIDE), gone == 0)
    model.refresh(0.0)
    group = draw.integers(0, 5, 8)
    found = model.forecast(rows, start, end, group)
    assert np.all((found.p >= 0) & (found.p <= 1))
    assert np.all(np.diff(found.told, axis=1) >= 0)
    scaled, seen = model.layout.scaled(rows), cells(start, rows[:, 0].astype(np.float64))
    for expert, net in enumerate(model.nets()[:2]):
        own = survival.hazards(outputs(net.average.astype(np.float64), scaled)[1], seen)
        assert np.allclose(found.hazard[:, expert], own, rtol=1e-9)
        assert np.allclose(found.shares[:, expert], survival.p_late(own), atol=1e-12)
    direct = logistic(outputs(model.direct.net.average.astype(np.float64), scaled)[1][:, 0])
    assert np.allclose(found.shares[:, 2], direct, atol=1e-12)
    assert np.array_equal(found.shares[:, 3], model.reference.shares[group])
    assert np.array_equal(found.hazard[:, 2], model.reference.hazard(group, start))
    for n in range(8):
        p, told = forecast_one(model, rows[n], float(start[n]), 2.0, int(group[n]))
        assert p == pytest.approx(found.p[n], abs=1e-12)
        assert told == pytest.approx(found.told[n].tolist(), abs=1e-9)


@few
@given(seeds, st.integers(1, 400))
def test_weights_are_a_mixture_and_the_better_expert_gets_more(seed: int, n: int) -> None:
    draw = np.random.default_rng(seed)
    mix = Mixture(6, [1.0] * 3, [0.0] * 3)
    losses = draw.uniform(0.5, 1, (n, 3))
    losses[:, 1] = 0.1
    mix.learn(draw.integers(1, 6, n), losses, 0.0)
    mix.refresh(0.0, np.full(6, 60.0))
    assert np.allclose(mix.weights.sum(axis=1), 1)
    assert np.all(mix.weights >= FLOOR - 1e-12)
    assert np.all(mix.weights.argmax(axis=1) == 1)
    shares = draw.uniform(0, 1, (6, 3))
    found = pooled(shares, mix.weights)
    assert np.all((found >= shares.min(axis=1) - 1e-4) & (found <= shares.max(axis=1) + 1e-4))


def test_an_expert_in_doubt_is_believed_once_it_has_done_better() -> None:
    mix, one, two = Mixture(4, [0.05, 0.2], [6.0, 0.0]), np.ones(250, np.int64), np.full(250, 2)
    assert mix.weights[1, 0] == pytest.approx(FLOOR, abs=0.05)
    mix.learn(one, np.tile([0.2, 0.2], (250, 1)), 0.0)
    mix.refresh(0.0, np.full(4, 60.0))
    assert mix.weights[1, 0] < 0.2
    for _ in range(40):
        mix.learn(one, np.tile([0.1, 0.2], (250, 1)), 0.0)
        mix.learn(two, np.tile([0.2, 0.1], (250, 1)), 0.0)
    mix.refresh(0.0, np.full(4, 60.0))
    assert mix.weights[1, 0] > 0.9
    assert mix.weights[2, 0] < 0.1
    assert mix.weights[3, 0] == pytest.approx(0.5, abs=0.2)


def test_what_was_learnt_of_an_expert_fades_while_nothing_is_answered() -> None:
    mix, one, two = Mixture(4, [0.2, 0.2], [6.0, 0.0]), np.ones(250, np.int64), np.full(250, 2)
    for _ in range(40):
        mix.learn(one, np.tile([0.1, 0.2], (250, 1)), 0.0)
        mix.learn(two, np.tile([0.1, 0.2], (250, 1)), 950.0)

    def trust(now: float) -> list[float]:
        mix.refresh(now, np.array([np.inf, 1000.0, 1000.0, np.inf]))
        return [float(weight) for weight in mix.weights[1:, 0]]

    fresh = trust(950.0)
    assert fresh[:2] == pytest.approx([1 - FLOOR, 1 - FLOOR], abs=0.01)
    # A pause of half the patience, as between two batches of answers, changes nearly nothing.
    assert trust(1450.0)[1] == pytest.approx(fresh[1], abs=0.01)
    # After twice the patience the one that starts in doubt is in doubt again, until something is answered.
    assert trust(2000.0)[0] < 0.1
    mix.learn(one, np.tile([0.1, 0.2], (250, 1)), 2000.0)
    assert trust(2000.0)[0] == pytest.approx(fresh[0], abs=0.01)
    # Kinds without an answer or without a type have nothing to forget.
    assert trust(1e9)[2] == pytest.approx(fresh[2], abs=0.01)


@few
@given(seeds, st.integers(0, 400))
def test_the_reference_says_shares_between_what_was_seen_and_the_start(seed: int, n: int) -> None:
    draw = np.random.default_rng(seed)
    known, group, late = Reference(6), draw.integers(1, 5, n), draw.integers(0, 2, n)
    known.learn(group, late == 1)
    known.refresh()
    assert np.all((known.shares > 0) & (known.shares < 1))
    every = (late.sum() + LAPLACE / 2) / (n + LAPLACE)
    assert known.shares[5] == pytest.approx(every)
    seen = late[group == 1]
    low, high = sorted((every, seen.mean() if len(seen) else every))
    assert low - 1e-9 <= known.shares[1] <= high + 1e-9


@few
@given(seeds)
def test_the_curve_of_the_reference_only_rises_and_begins_now(seed: int) -> None:
    draw = np.random.default_rng(seed)
    known, group, start = Reference(6), draw.integers(1, 5, 200), draw.uniform(-INSIDE, INSIDE, 200)
    end = np.minimum(start + draw.exponential(1, 200), INSIDE)
    known.watch(group, start, end, draw.random(200) < 0.7)
    known.end(group, draw.random(200) < 0.3)
    known.refresh()
    said = known.hazard(group, start)
    assert np.all(np.isfinite(said))
    assert np.all(np.diff(said, axis=1) >= -1e-12)
    assert np.all(said[np.arange(200), survival.spot_of(start)] == 0)
    found = survival.quantiles(said, start, np.full(200, INSIDE), LEVELS)
    assert np.all(np.diff(found, axis=1) >= 0)
    assert np.all(found >= start[:, None])


def test_a_reference_that_always_sees_the_same_is_sure_and_finite() -> None:
    known, group = Reference(4), np.ones(5000, np.int64)
    known.watch(group, np.full(5000, -0.35), np.full(5000, -0.35), np.ones(5000, bool))
    known.refresh()
    assert known.done[1, -1] > 30
    said = known.hazard(np.array([1, 1]), np.array([-4.0, 4.9]))
    assert np.all(np.isfinite(said))
    found = survival.quantiles(said, np.array([-4.0, 4.9]), np.full(2, INSIDE), LEVELS)
    assert np.all(np.isfinite(found))
    assert found[0].max() < -0.25


def test_the_reference_says_when_like_ones_were_done_and_how_many_never_were() -> None:
    known, group, n = Reference(4), np.ones(400, np.int64), 400
    start, end = np.full(n, -3.0), np.tile(np.linspace(-0.95, 1.05, 100), 4)
    known.watch(group, start, end, np.ones(n, bool))
    known.watch(group[:100], start[:100], np.full(100, -2.0), np.zeros(100, bool))
    known.end(np.ones(500, np.int64), np.repeat([False, True], [400, 100]))
    known.refresh()
    said = known.hazard(np.array([1]), np.array([-3.0]))
    middle, high = survival.quantiles(said, np.array([-3.0]), np.array([INSIDE]), np.array([0.5, 0.9]))[0]
    # Those cancelled early say nothing of when the others are done.
    assert middle == pytest.approx(0.05, abs=0.15)
    assert high == pytest.approx(0.85, abs=0.2)
    assert np.exp(-said[0, -1]) == pytest.approx(0.2, abs=0.03)
    assert known.lost[3] == pytest.approx(0.2, abs=0.03)


def test_levels_rise_where_intervals_hold_too_seldom_and_back() -> None:
    judge, group = Intervals(4), np.ones(5, np.int64)
    calm = judge.shifts.copy()
    assert np.allclose(calm, 0)
    for _ in range(100):
        judge.raw(1, group, np.repeat([1.0, 0.0], [3, 2]), np.ones(5))
        judge.told(1, group, np.repeat([1.0, 0.0], [3, 2]), np.ones(5))
    judge.refresh()
    assert judge.shifts[1, 1] > 0.3
    assert judge.shifts[2, 1] > 0
    assert np.all(judge.shifts[:, [0, 2]] == 0)


def test_answers_that_come_in_one_batch_say_less_than_one_by_one() -> None:
    missed = np.repeat([1.0, 0.0], [100, 100])
    batch, single = Intervals(4), Intervals(4)
    batch.raw(1, np.ones(200, np.int64), missed, np.ones(200))
    for one in missed:
        single.raw(1, np.ones(1, np.int64), np.array([one]), np.ones(1))
    batch.refresh()
    single.refresh()
    assert 0 < batch.shifts[1, 1] < single.shifts[1, 1] / 4
    assert batch.n[1, 1] == pytest.approx(200 / (1 + 0.05 * 199))


@few
@given(seeds)
def test_stated_quantiles_never_cross(seed: int) -> None:
    draw = np.random.default_rng(seed)
    judge, group = Intervals(6), np.arange(6)
    curve = np.sort(draw.normal(0, 2, (6, len(LEVELS))), axis=1)
    assert np.allclose(intervals.read(curve, *judge.spots(group)), curve[:, intervals.AT])
    judge.drift = draw.normal(0, 4, judge.drift.shape)
    judge.refresh()
    assert np.all(np.diff(intervals.read(curve, *judge.spots(group)), axis=1) >= 0)


@few
@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1e6)), min_size=1, max_size=30))
def test_a_rate_lies_between_what_was_seen_and_its_parent(seen: list[tuple[float, float]]) -> None:
    table = Rates()
    for value, at in seen:
        table.add(("k",), value, at, 1000.0)
    low, high = min(value for value, _ in seen), max(value for value, _ in seen)
    found = table.mean(("k",), 2e6, 1000.0, 0.5, 5.0)
    assert min(low, 0.5) - 1e-9 <= found <= max(high, 0.5) + 1e-9
    assert table.mean(("other",), 0.0, 1000.0, 0.25, 5.0) == 0.25


@few
@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1e6)), min_size=1, max_size=30))
def test_several_half_lives_in_one_table_say_what_tables_of_one_each_say(seen: list[tuple[float, float]]) -> None:
    lives = [100.0, 1e4, 1e6]
    together, apart = FadingMeans(3), [Rates() for _ in lives]
    for value, at in seen:
        together.add(("k",), value, at, lives)
        for table, life in zip(apart, lives, strict=True):
            table.add(("k",), value, at, life)
    for pace, (table, life) in enumerate(zip(apart, lives, strict=True)):
        for key in (("k",), ("other",)):
            assert together.mean(key, pace, 2e6, life, 0.5, 5.0) == table.mean(key, 2e6, life, 0.5, 5.0)


def test_classes_without_end_cost_no_memory() -> None:
    table = Rates(most=100)
    for number in range(10_000):
        table.add(("k", str(number)), 1.0, float(number), 1e9)
    assert len(table.table) <= 100
    assert ("k", "9999") in table.table
    paces = FadingMeans(3, most=100)
    for number in range(10_000):
        paces.add(("k", str(number)), 1.0, float(number), [1e9, 1e8, 1e7])
    assert paces.table.keys() == table.table.keys()


def test_columns_without_end_cost_no_memory_and_odd_values_stay_within_bounds() -> None:
    layout = Layout()
    layout.admit(f"name {number}" for number in range(10_000))
    assert len(layout.columns) == WIDTH
    rows = np.stack([layout.row({"name 1": 1e300, "name 2": -1e300, "name 9999": 1.0}), layout.row({})])
    layout.learn(rows)
    found = layout.scaled(rows)
    assert np.all(np.isfinite(found))
    assert np.all(np.abs(found) <= CLIP)


def test_the_memory_keeps_the_newest_and_a_fair_sample_of_what_came_before() -> None:
    memory = Memory(room=100, sample=200)
    row = np.zeros(WIDTH, np.float16)
    serials = []
    for n in range(2000):
        serials.append(memory.add(row, float(n), 0.0, 1.0, 1.0, 2.0, 0))
        memory.late[n % 100] = 0
    assert memory.size == 300
    assert len(memory.spots(serials)) == 100
    random = np.random.default_rng(1)
    assert memory.at[memory.drawn(np.arange(3), random)].tolist() == [1999, 1998, 1997]
    older = memory.at[memory.drawn(np.full(500, 150), random)]
    assert older.max() < 1900
    assert 700 < older.mean() < 1200


def test_a_moment_without_an_answer_is_not_kept_as_an_old_one() -> None:
    memory = Memory(room=10, sample=10)
    for n in range(30):
        memory.add(np.zeros(WIDTH, np.float16), float(n), 0.0, 1.0, 1.0, 2.0, 0)
    assert memory.size == 10


def test_an_unknown_kind_has_yardsticks() -> None:
    assert Context().unit("never seen") > 0
    assert 0 < Context().horizon("never seen") <= INSIDE


@few
@given(seeds)
def test_quantiles_lie_on_the_side_of_the_deadline_that_the_probability_names(seed: int) -> None:
    draw = np.random.default_rng(seed)
    told, p = np.sort(draw.normal(0, 2, (20, len(STATED))), axis=1), draw.uniform(0, 1, 20)
    coming = 1 - p * draw.uniform(0, 1, 20)
    found = intervals.beside(told, p, coming)
    assert np.all(np.diff(found, axis=1) >= 0)
    for row, share in zip(found, (1 - p) / coming, strict=True):
        assert all(y <= 0 if level < share else y >= 0 for y, level in zip(row, STATED, strict=True))
    assert np.array_equal(intervals.beside(found, p, coming), found)
