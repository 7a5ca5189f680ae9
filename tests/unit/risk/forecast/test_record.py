"""Stated times hold what the record of their kind holds, and where none does, none is stated."""

from __future__ import annotations

import math
import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from risk_svc.forecast.engine import Engine
from risk_svc.forecast.intervals import STATED
from risk_svc.forecast.record import KINDS, LATEST, LEAST, OFF, Record, widened
from risk_svc.forecast.serialization import engine_bytes, engine_of, model_bytes, model_of
from risk_svc.forecast.stated import beside_chance, by_deadline
from risk_svc.forecast.view import PromiseSnapshot
from risk_svc.forecasting.live import PublishedModel
from tests.support.views import plain_view

HOUR = 3600.0
AFTER, BEFORE = np.array([False] * 3), np.array([True] * 3)
TOLD = np.array([0.2, 0.5, 0.9])
times = st.lists(st.floats(-4, 4), min_size=3, max_size=3).map(sorted)
lived = st.lists(st.tuples(st.floats(-4, 4), times, st.floats(0, 1)), min_size=LEAST, max_size=3 * LATEST)


def recorded(came: list[float], said: np.ndarray = TOLD, by: np.ndarray = AFTER) -> Record:
    record = Record()
    for y in came:
        record.add("visit", y, said, by)
    return record


def p80(record: Record, by: np.ndarray = AFTER, said: np.ndarray = TOLD) -> float:
    return float(widened(record, ["visit"], said[None], by[None]).told[0, 1])


@settings(max_examples=60, deadline=None)
@given(lived)
def test_what_is_stated_came_as_often_as_it_says(
    lived: list[tuple[float, list[float], float]],
) -> None:
    record, seen = Record(), []
    for came, told, late in lived:
        p = np.array([late])
        said, by = beside_chance(np.array([told]), p, np.zeros(1)), by_deadline(p)
        record.add("visit", came, said[0], by[0])
        seen.append((came, said, by))
    for column, level in enumerate(STATED):
        for side in (False, True):
            latest = [one for one in seen if one[2][0, column] == side][-LATEST:]
            if len(latest) < LEAST:
                continue
            kind = record.holdings("visit")[column if side else column + 3]
            if math.isinf(kind.later):
                continue
            moved = [(came, said[0, column] + kind.later) for came, said, _ in latest]
            holds = np.mean([came <= by + 1e-6 and not (side and came >= 0) for came, by in moved])
            assert holds >= level - OFF - 1e-9
            assert holds == pytest.approx(kind.holds, abs=1.5 / len(latest))


def test_times_within_five_points_stay_as_they_are() -> None:
    held = [0.4] * 152 + [3.0] * 48
    assert p80(recorded(held)) == 0.5
    assert p80(recorded([0.4] * 200)) == 0.5


def test_times_that_came_too_early_are_moved_to_what_holds() -> None:
    record = recorded([0.4] * 128 + [1.5] * 40 + [3.0] * 32)
    assert p80(record) == pytest.approx(1.5, abs=1e-5)
    held = record.holdings("visit")[4]
    assert (held.n, held.held, held.holds) == (200, 0.64, 0.84)


def test_only_the_latest_count() -> None:
    assert p80(recorded([3.0] * 500 + [0.4] * 200)) == 0.5
    record = Record()
    for number in range(2 * KINDS):
        record.add(f"kind {number}", 0.0, TOLD, AFTER)
    assert len(record.late) == KINDS
    assert f"kind {2 * KINDS - 1}" in record.late


def test_a_time_before_the_date_is_not_moved_past_it_and_if_too_many_were_late_none_is_stated() -> None:
    said = np.array([-1.0, -0.8, -0.6])
    assert p80(recorded([-0.9] * 100 + [-0.1] * 100, said, BEFORE), BEFORE, said) == pytest.approx(-0.1, abs=1e-5)
    late = recorded([-0.9] * 140 + [0.1] * 60, said, BEFORE)
    assert math.isnan(p80(late, BEFORE, said))
    # Times after the date have a record of their own; without one they rest on this one, which holds nothing either.
    assert math.isnan(p80(late))
    for _ in range(LEAST):
        late.add("visit", 0.3, TOLD, AFTER)
    assert p80(late) == 0.5


@pytest.mark.parametrize("n", [0, LEAST - 1])
def test_of_too_few_nothing_is_known(n: int) -> None:
    record = recorded([0.0] * n)
    assert math.isnan(p80(record))
    assert widened(record, ["visit"], TOLD[None], AFTER[None]).n.tolist() == [[n] * 3]


def test_what_may_never_come_stays_so() -> None:
    found = widened(recorded([0.4] * 200), ["visit"], np.array([[0.2, np.inf, np.inf]]), AFTER[None]).told[0]
    assert found == pytest.approx([0.4, np.inf, np.inf], abs=1e-5)


def storm(promises: int, late: float) -> list[PromiseSnapshot]:
    """Promises of an hour, one every 20 minutes; in the second half they take this much longer than they used to."""
    draw, seen = random.Random(3), []
    for number in range(promises):
        made, name = number * HOUR / 3, f"p{number}"
        took = HOUR * draw.uniform(0.3, 1.2) + (HOUR * late if number > promises / 2 else 0)
        seen.append((made, plain_view(name, made, HOUR, kind="visit")))
        seen.append((made + took, plain_view(name, made, HOUR, kind="visit", completed=made + took)))
    return [PromiseSnapshot(at, view) for at, view in sorted(seen, key=lambda item: item[0])]


def test_the_engine_keeps_the_record_and_its_model_states_what_holds() -> None:
    engine = Engine(by_clock=True)
    snapshots = storm(600, 1.5)
    for snapshot in snapshots[: len(snapshots) // 2 + 150]:
        engine.see(snapshot)
    engine.close(at := (engine.now // HOUR + 1) * HOUR)
    held = engine.model.record.holdings("visit")
    assert max(one.n for one in held) == LATEST
    found = PublishedModel(engine.model).forecast([plain_view("new", at, HOUR, kind="visit")], [[]], at)
    assert found.withheld[0] or any(one.later_s > 0 for one in found.records[0])
    for again in (model_of(model_bytes(engine.model)), engine_of(engine_bytes(engine)).model):
        assert again.record.holdings("visit") == held
