"""The first model: honest where it knows nothing, right where it knows much, and never surprised by input."""

from __future__ import annotations

import math
import random
from dataclasses import asdict

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from candor.contracts import Label
from risk_svc.domain.forecast import Case, Outcome, Predictions, ReferenceClasses
from risk_svc.domain.forecast import reference as model_module
from tests.support.risk import ARRIVES_S, DEPARTS_S, DUE_S, MADE_S, case, outcome, outcomes

KNOWN = outcomes(600)


@pytest.fixture(scope="module")
def taught() -> ReferenceClasses:
    model = ReferenceClasses()
    model.learn(KNOWN)
    return model


def one(model: ReferenceClasses, of: Case, now: float) -> dict[str, float]:
    found = asdict(model.forecast([of], now))
    return {name: value[0] for name, value in found.items() if name not in ("basis", "model")}


def arrays(found: Predictions) -> np.ndarray:
    return np.stack([found.p_slip, found.q50, found.q80, found.q90, found.lateness, found.never, found.base])


minutes_late = st.one_of(st.none(), st.floats(-60, 600))


@settings(max_examples=60)
@given(minutes_late, st.floats(0, 200_000), st.booleans())
def test_forecasts_are_probabilities_and_ordered_times(late: float | None, gone: float, know: bool) -> None:
    model = ReferenceClasses()
    if know:
        model.learn(KNOWN[:50])
    now = MADE_S + gone
    found = one(model, case(departed=late), now)
    for name in ("p_slip", "lateness", "never", "base"):
        assert 0.0 <= found[name] <= 1.0
    assert now - 1e-3 <= found["q50"] <= found["q80"] <= found["q90"]
    assert found["lateness"] <= found["p_slip"] + 1e-9
    assert found["horizon"] >= 3600.0


def test_past_the_deadline_it_has_slipped(taught: ReferenceClasses) -> None:
    assert one(taught, case(departed=0), DUE_S - 60)["p_slip"] < 1.0
    assert one(taught, case(departed=0), DUE_S + 1)["p_slip"] == 1.0


def test_waiting_without_news_never_makes_it_likelier_to_be_kept(taught: ReferenceClasses) -> None:
    """Within one class: a flight that left on time and has not arrived."""
    waits = case(departed=0)
    probabilities = [one(taught, waits, at)["p_slip"] for at in np.linspace(ARRIVES_S - 1500, ARRIVES_S - 500, 9)]
    assert probabilities == sorted(probabilities)


def test_the_later_it_left_the_likelier_it_slips(taught: ReferenceClasses) -> None:
    found = [one(taught, case(departed=late), DEPARTS_S + late * 60 + 60)["p_slip"] for late in (0, 10, 25, 60)]
    assert found == sorted(found)
    assert found[0] < 0.2
    assert found[-1] > 0.8


def test_overdue_at_the_gate_is_worse_than_not_yet_due(taught: ReferenceClasses) -> None:
    assert one(taught, case(), DEPARTS_S - 60)["p_slip"] < one(taught, case(), DEPARTS_S + 2000)["p_slip"] - 0.2


def test_forecasts_at_the_making_are_calibrated(taught: ReferenceClasses) -> None:
    rate = sum(1 for item in KNOWN if item.completed is not None and item.completed > item.case.due) / len(KNOWN)
    found = one(taught, case(), MADE_S)
    assert found["p_slip"] == pytest.approx(rate, abs=0.05)
    assert found["base"] == pytest.approx(rate, abs=0.05)
    median = sorted(item.completed - item.case.due for item in KNOWN if item.completed is not None)[300]
    assert found["q50"] - DUE_S == pytest.approx(median, abs=240)


def test_new_flights_slip_as_often_as_was_said(taught: ReferenceClasses) -> None:
    fresh = outcomes(600, seed=99)
    said = []
    for item in fresh:
        departed = item.case.steps[0].at
        assert departed is not None
        told = case(departed=(departed - DEPARTS_S - (item.case.made - MADE_S)) / 60, made=item.case.made)
        said.append((one(taught, told, departed + 1)["p_slip"], item.completed > item.case.due))  # type: ignore[operator]
    high = [slipped for p, slipped in said if p >= 0.7]
    low = [slipped for p, slipped in said if p <= 0.3]
    assert sum(high) / len(high) > 0.8
    assert sum(low) / len(low) < 0.2


def test_promises_that_never_came_are_remembered() -> None:
    model = ReferenceClasses()
    model.learn([*outcomes(100), *(outcome(None, made=MADE_S + n) for n in range(100))])
    found = one(model, case(), MADE_S)
    assert found["never"] > 0.35
    assert found["q90"] == math.inf
    assert found["p_slip"] > 0.4


def test_lateness_counts_on_the_classes_own_scale(taught: ReferenceClasses) -> None:
    long_lost = one(taught, case(), DUE_S + 90 * 86400)
    assert long_lost["lateness"] == pytest.approx(1.0)
    assert one(taught, case(departed=20), DEPARTS_S + 1300)["lateness"] < 0.6


@settings(max_examples=10)
@given(st.randoms(use_true_random=False), st.integers(1, 7))
def test_the_order_of_lessons_and_their_batches_does_not_matter(rng: random.Random, size: int) -> None:
    lessons = [*outcomes(60), outcome(None)]
    straight, mixed = ReferenceClasses(), ReferenceClasses()
    straight.learn(lessons)
    rng.shuffle(lessons)
    for start in range(0, len(lessons), size):
        mixed.learn(lessons[start : start + size])
    cases = [case(departed=late) for late in (None, -3, 12, 45, 300)]
    found = [arrays(model.forecast(cases, ARRIVES_S - 600)) for model in (straight, mixed)]
    np.testing.assert_allclose(found[0], found[1], rtol=1e-9)
    assert straight.learned == mixed.learned == 61


def test_a_batch_says_what_each_would_be_told_alone(taught: ReferenceClasses) -> None:
    cases = [case(), case(departed=30), case(kind="parcel"), case(departed=5, labels={})]
    times = np.array([MADE_S, DEPARTS_S + 1900, DUE_S, ARRIVES_S])
    together = taught.forecast(cases, times)
    for index, (alone, now) in enumerate(zip(cases, times.tolist(), strict=True)):
        np.testing.assert_allclose(arrays(together)[:, index], arrays(taught.forecast([alone], now))[:, 0])


def test_labels_tell_apart_what_differs() -> None:
    model = ReferenceClasses()
    for seed, (carrier, late) in enumerate([("XA", -10.0), ("XB", 60.0)]):
        model.learn([outcome(late + n % 7, labels={"carrier": carrier}, made=MADE_S + n + seed) for n in range(300)])
    prompt = one(model, case(labels={"carrier": "XA"}), MADE_S)["p_slip"]
    slow = one(model, case(labels={"carrier": "XB"}), MADE_S)["p_slip"]
    unknown = one(model, case(labels={"carrier": "ZZ"}), MADE_S)["p_slip"]
    assert prompt < unknown < slow
    assert slow - prompt > 0.3


def test_a_severe_incident_is_learnt_from() -> None:
    model = ReferenceClasses()
    storm = [(MADE_S - 999, None, 0.7)]
    model.learn(outcomes(300))
    model.learn([outcome(70.0, troubles=storm, made=MADE_S + n) for n in range(100)])
    assert one(model, case(troubles=storm), MADE_S)["p_slip"] > one(model, case(), MADE_S)["p_slip"] + 0.3


def test_without_lessons_it_says_what_it_rests_on() -> None:
    found = ReferenceClasses().forecast([case()], MADE_S)
    assert (found.basis, found.n.tolist()) == (["all promises"], [0])


def test_with_lessons_it_names_the_narrowest_class_that_has_enough(taught: ReferenceClasses) -> None:
    times = np.array([MADE_S, MADE_S, DEPARTS_S + 501 * 60])
    found = taught.forecast([case(), case(kind="parcel"), case(departed=500)], times)
    assert found.basis[1] == "all promises"
    assert found.basis[0].startswith("flight, nothing reached yet")
    assert found.basis[2] == "flight, after departed"
    assert all(n >= model_module.ENOUGH for n in found.n.tolist())


garbage = st.dictionaries(st.text(max_size=3), st.one_of(st.floats(), st.text(max_size=3), st.booleans()), max_size=4)


@settings(max_examples=40)
@given(garbage, st.floats(-1e9, 4e9), st.floats(-1e9, 4e9))
def test_garbage_neither_crashes_nor_escapes_its_bounds(labels: dict[str, Label], made: float, now: float) -> None:
    model = ReferenceClasses()
    odd = case(departed=3, arrived=-7, labels=labels)
    odd.made, odd.tolerance = made, 1e7
    model.learn([Outcome(odd, min(made, now), now), Outcome(odd, None, now)])
    found = one(model, odd, now)
    assert 0.0 <= found["p_slip"] <= 1.0
    assert not any(math.isnan(value) for value in found.values())


def test_ten_thousand_values_of_a_label_do_not_blow_up_the_model() -> None:
    model = ReferenceClasses()
    for start in range(0, 3000, 500):
        model.learn([outcome(5.0, labels={"id": f"v{n}"}, made=MADE_S) for n in range(start, start + 500)])
    assert model.classes < 8_000
    assert one(model, case(labels={"id": "v2999"}), MADE_S)["n"] == 3000


def test_an_empty_batch_teaches_nothing() -> None:
    model = ReferenceClasses()
    model.learn([])
    assert model.learned == model.classes == 0
