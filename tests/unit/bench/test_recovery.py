"""What the measures find of simulated companies: the truth, and other things where other things are true."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest

from bench.recovery import truths
from bench.recovery.__main__ import Coverage, coverage
from bench.recovery.columns import Columns
from bench.recovery.estimates import Found, estimates
from bench.recovery.truths import Population
from candor.replay.stream import StreamEvent
from candor_demo.fieldservice.company import Company
from candor_demo.fieldservice.params import Params, Team
from risk_svc.insight.measures.figure import Figure, Unit, exact, too_little
from tests.support.figures import bounds

MADE = datetime(2025, 1, 6, 9, tzinfo=UTC)
WEEKS = 13


def found_in(seed: int, **changes: Any) -> dict[tuple[str, str], Found]:
    params = Params.model_validate({"weeks": WEEKS, **changes})
    return {(one.sort, one.name): one for one in estimates(params, seed, Population(params, 4))}


def test_most_intervals_hold_the_truth() -> None:
    told = [one for seed in (1, 2, 3) for one in found_in(seed).values()]
    held = coverage(told)
    print(f"{held.held} of {held.n} intervals hold")
    assert held.n > 120
    assert 0.88 <= held.held / held.n < 1


def test_most_intervals_hold_the_truth_while_the_last_promises_are_open() -> None:
    params = Params.model_validate({"weeks": 8})
    population = Population(params, 4)
    told = [one for seed in (1, 2, 3) for one in estimates(params, seed, population, running=True)]
    held = coverage(told)
    late = sum(one.figure.open for one in told if one.sort == "bias of departments")
    print(f"{held.held} of {held.n} intervals hold; {late} promises are overdue")
    assert late > 20
    assert 0.88 <= held.held / held.n < 1


CAPABILITY = {"status": "planned", "claimed": "available", "per_week": 30}
CHANGES: Mapping[tuple[str, str], tuple[dict[str, Any], dict[str, Any]]] = {
    ("bias of departments", "a"): (
        {"departments": {"a": {"bias": 0.4}, "b": {}, "c": {}}},
        {"departments": {"a": {"bias": -0.2}, "b": {}, "c": {}}},
    ),
    ("bias of crews", "x"): (
        {"crews": {"x": {"bias": 0.3}, "y": {}, "z": {"bias": 0.1}}},
        {"crews": {"x": {"bias": -0.3}, "y": {}, "z": {"bias": 0.1}}},
    ),
    ("drift of hops, days", "success"): (
        {"statements": {"drift": {"success": {"days": -6, "spread": 3}}}},
        {"statements": {"drift": {"success": {"days": 4, "spread": 3}}}},
    ),
    ("imposed", "promises"): ({"handoffs": {"imposed": 0.5}}, {"handoffs": {"imposed": 0.1}}),
    ("false claims", "magic"): (
        {"capabilities": {"magic": {**CAPABILITY, "wrong": 0.6}}},
        {"capabilities": {"magic": {**CAPABILITY, "wrong": 0.2}}},
    ),
    ("exposure", "magic"): (
        {"capabilities": {"magic": {**CAPABILITY, "wrong": 0.5, "recipients": 20}}},
        {"capabilities": {"magic": {**CAPABILITY, "wrong": 0.5, "recipients": 5}}},
    ),
    ("lift of factors", "survey"): (
        {"factors": {"survey": {"saves": 0.3}}},
        {"factors": {"survey": {"saves": 0}}},
    ),
    ("dates", "agreed"): ({"new_dates": {"agreed": 0.7}}, {"new_dates": {"agreed": 0.2}}),
    ("dates", "reset"): ({"new_dates": {"told": 0.9}}, {"new_dates": {"told": 0.2}}),
    ("dates", "kept by the first"): ({"noise": 0, "tolerance_hours": 240}, {"noise": 0.3}),
    ("share kept", "a"): (
        {"departments": {"a": {"bias": 0.4}, "b": {}}},
        {"departments": {"a": {"bias": -0.3}, "b": {}}},
    ),
    ("top box", "staff, well"): (
        {"surveys": {"groups": {"staff": {"people": 80, "opinions": {"well": [0, 0, 1, 1, 4]}}}}},
        {"surveys": {"groups": {"staff": {"people": 80, "opinions": {"well": [3, 1, 1, 1, 0]}}}}},
    ),
    ("mean rating", "staff, well"): (
        {"surveys": {"groups": {"staff": {"people": 80, "opinions": {"well": [0, 0, 1, 1, 4]}}}}},
        {"surveys": {"groups": {"staff": {"people": 80, "opinions": {"well": [3, 1, 1, 1, 0]}}}}},
    ),
}


@pytest.mark.parametrize("key", CHANGES, ids=" ".join)
def test_another_parameter_is_found_to_be_another(key: tuple[str, str]) -> None:
    one, other = (found_in(11, **changes)[key] for changes in CHANGES[key])
    for mine, others in ((one, other), (other, one)):
        low, high = bounds(mine.figure)
        width = high - low
        assert low - width <= mine.truth <= high + width
        assert not low <= others.truth <= high


def test_a_company_may_lack_whatever_it_has_by_default() -> None:
    lacks: dict[str, Any] = {name: {} for name in ("departments", "crews", "factors", "capabilities")}
    found = found_in(1, **lacks, surveys={"groups": {}}, statements={"hops": ["sales", "customer"]})
    assert {sort for sort, _ in found} == {"dates"}
    assert found["dates", "kept by the first"].holds


def test_the_hop_that_distorts_is_the_first_past_its_threshold() -> None:
    def named(drift: dict[str, Any]) -> set[str]:
        params = Params.model_validate({"weeks": 4, "statements": {"share": 1, "drift": drift}})
        paths = Columns(Company(params, 1).events()).paths()
        assert paths
        return {path.first_past.by if path.first_past else "" for path in paths}

    assert named({"success": {"days": -12, "certainty": 1}}) == {"success"}
    assert named({"product": {"days": 20, "certainty": -1}}) == {"product"}
    assert named({}) == {""}


def test_biases_are_beside_the_mean_of_the_others() -> None:
    found = truths.biases({"a": Team(bias=0.5), "b": Team(), "c": Team(bias=0.21)})
    assert found["a"] == pytest.approx(1.5 / 1.1 - 1)
    assert found["b"] == pytest.approx(1 / math.sqrt(1.5 * 1.21) - 1)
    assert truths.biases({"a": Team(bias=0.5)})["a"] == pytest.approx(0.5)
    assert truths.biases({}) == {}


def test_a_factor_that_saves_nothing_keeps_nothing() -> None:
    params = Params.model_validate({"weeks": 4, "factors": {"useless": {"saves": 0}, "survey": {"saves": 0.3}}})
    lifts = Population(params, 2).lifts()
    assert lifts["useless"] == 1
    assert lifts["survey"] > 1.2
    kept = Population(params, 2).kept()
    assert kept.keys() == set(params.departments)
    assert kept["operations"] > kept["sales-north"]


def test_what_people_believe_is_the_share_and_the_mean_of_their_weights() -> None:
    assert truths.opinion([0, 0, 1, 1, 2]) == pytest.approx((0.5, 4.25))


def figure(value: float, low: float, high: float) -> Figure:
    return Figure(value, low, high, 30, Unit.SHARE, 0.9)


def test_coverage_counts_what_is_stated() -> None:
    found = [
        Found("a", "1", 0.5, figure(0.4, 0.3, 0.6)),
        Found("a", "2", 0.7, figure(0.4, 0.3, 0.6)),
        Found("a", "3", 0.5, too_little(3, Unit.SHARE)),
        Found("a", "4", 0.5, exact(0.5, 3, Unit.SHARE)),
    ]
    assert coverage(found) == Coverage(3, 2, 0.9, 1)
    assert coverage(found).interval[0] < 2 / 3 < coverage(found).interval[1]
    assert coverage([]).interval == (0.0, 1.0)


def event(sort: str, days: float, **data: Any) -> StreamEvent:
    return StreamEvent(f"{sort}{days}", sort, MADE + timedelta(days=days), data)


def at(days: float) -> str:
    return (MADE + timedelta(days=days)).isoformat()


@pytest.mark.parametrize(
    ("moved", "kept"),
    [
        ([], False),
        ([event("promise.revised", 5, promise_id="p", due=at(13), asked_by="company", agreed=False)], False),
        ([event("promise.revised", 5, promise_id="p", due=at(13), asked_by="company", agreed=True)], True),
        ([event("promise.revised", 5, promise_id="p", due=at(13), asked_by="customer")], True),
    ],
)
def test_columns_are_what_the_events_say(moved: list[StreamEvent], kept: bool) -> None:
    made = {"promise_id": "p", "kind": "repair", "due": at(10), "tolerance_s": 0, "labels": {"survey": True}}
    columns = Columns(
        [
            event("promise.made", 0, **made, department="sales", deliverer="crew", accepted=True),
            event("promise.made", 0, **made | {"promise_id": "q"}, accepted=True),
            *moved,
            event("promise.withdrawn", 6, promise_id="q", reason="r"),
            event("milestone.reported", 12, promise_id="p", milestone="done", status="reached", at=at(12), final=True),
        ]
    )
    assert (columns.open, columns.overdue) == ([], [])
    completed, judged = columns.completed(), columns.judged(["survey"])
    assert (list(completed.kind), list(completed.maker), list(completed.deliverer)) == (["repair"], ["sales"], ["crew"])
    assert (completed.promised.tolist(), completed.actual.tolist()) == ([10], [12])
    assert (judged.kept.tolist(), judged.factors.tolist()) == ([kept], [[True]])
    assert columns.outcomes().kept.tolist() == [float(kept)]
    settled = columns.settled()
    assert (settled.done - settled.first).tolist() == [2 * 86_400]
    assert (settled.latest - settled.first).tolist() == [3 * 86_400 * len(moved)]
    assert settled.ours.tolist() == [sum(one.data["asked_by"] == "company" for one in moved)]
    assert settled.agreed.tolist() == [sum(one.data.get("agreed", False) for one in moved)]


@pytest.mark.parametrize(("days", "overdue"), [(9, 0), (11, 1)])
def test_what_is_not_done_at_the_last_event_is_open(days: float, overdue: int) -> None:
    made = {"promise_id": "p", "kind": "repair", "due": at(10), "tolerance_s": 0, "labels": {}, "accepted": True}
    other = event("promise.made", days, **made | {"promise_id": "q", "due": at(30)}, department="sales")
    columns = Columns([event("promise.made", 0, **made, department="sales"), other])
    completed, outcomes = columns.completed(), columns.outcomes()
    assert completed.open is not None
    assert (completed.actual.tolist(), completed.open.tolist()) == ([days, 0], [True, True])
    assert (outcomes.kept.tolist(), outcomes.age.tolist()) == ([0.0] * overdue, [0.0] * overdue)
    assert np.isfinite(columns.settled().open).all()
