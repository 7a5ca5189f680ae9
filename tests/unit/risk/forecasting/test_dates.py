"""Before saying yes: what is counted is counted, and neither it nor the model's chance falls as the date moves out."""

from __future__ import annotations

import random
from functools import cache
from typing import Final, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from candor.contracts import MIN_CASES
from risk_svc.forecast.engine import Engine
from risk_svc.forecast.spans import Spans
from risk_svc.forecast.view import PromiseSnapshot, View
from risk_svc.forecasting.dates import DateAnswer, answer
from risk_svc.forecasting.live import TICK, PublishedModel
from tests.support.views import plain_view

HOUR: Final = 3600.0
PROMISES: Final = 120


class Domain(NamedTuple):
    """A made-up stream: its lead in hours, the share late and never done, and how late (leads, in the median)."""

    lead: float
    late: float
    never: float
    by: float


DOMAINS: Final = {
    "deliveries": Domain(70.0, 0.2, 0.02, 0.3),
    "flights": Domain(15.0, 0.25, 0.04, 0.05),
    "city requests": Domain(120.0, 0.4, 0.02, 4.0),
    "outages": Domain(3.0, 0.4, 0.01, 1.5),
    "coursework": Domain(300.0, 0.35, 0.25, 0.1),
}


@cache
def lived(name: str) -> tuple[Engine, list[float]]:
    """An engine that has seen the domain, and how long each promise that came due took, in seconds (inf: not done)."""
    domain, draw, seen = DOMAINS[name], random.Random(5), []
    for number in range(PROMISES):
        lead = HOUR * domain.lead * draw.uniform(0.7, 1.4)
        made = number * HOUR * domain.lead / 8
        late = draw.random() < domain.late
        took = lead * (1 + domain.by * draw.lognormvariate(0, 1) if late else draw.uniform(0.3, 1))
        gone = late and draw.random() < domain.never / domain.late
        view = plain_view(f"p{number}", made, lead, kind=name)
        seen.append((made, view))
        if not gone:
            done = plain_view(f"p{number}", made, lead, kind=name, completed=made + took)
            seen.append((made + took, done))
    ends = max(view.deadline for _, view in seen) + HOUR
    step = HOUR * domain.lead / 2
    spans: dict[str, float] = {}
    engine = Engine(step, by_clock=True)
    for at, view in sorted(seen, key=lambda item: item[0]):
        spans.setdefault(view.promise_id, float("inf"))
        if at <= ends:
            engine.see(PromiseSnapshot(at, view))
            if view.completed is not None:
                spans[view.promise_id] = view.completed - view.made
    engine.close((ends // step + 1) * step)
    return engine, list(spans.values())


def draft(name: str, seconds: float, now: float) -> View:
    view = plain_view("", now, seconds, kind=name)
    view.deadline += TICK
    return view


def asked(name: str, seconds: float) -> DateAnswer:
    engine, _ = lived(name)
    found = answer(PublishedModel(engine.model), draft(name, seconds, engine.now), [], engine.now)
    assert isinstance(found, DateAnswer)
    return found


@settings(max_examples=25, deadline=None)
@given(st.floats(0.01, 8), st.floats(0.01, 8), st.sampled_from(sorted(DOMAINS)))
def test_neither_falls_as_the_date_moves_out(one: float, other: float, name: str) -> None:
    unit = HOUR * DOMAINS[name].lead
    near, far = (asked(name, unit * leads).asked for leads in sorted((one, other)))
    assert near.kept.share <= far.kept.share
    assert near.kept.low <= far.kept.low
    assert near.kept.high <= far.kept.high
    assert near.chance <= far.chance


@pytest.mark.parametrize("name", DOMAINS)
def test_what_is_counted_is_what_happened(name: str) -> None:
    _, took = lived(name)
    for leads in (0.3, 0.6, 0.9, 1.2, 2.0, 6.0):
        seconds = HOUR * DOMAINS[name].lead * leads
        kept = asked(name, seconds).asked.kept
        counted = sum(one <= seconds for one in took) / len(took)
        assert kept.n == PROMISES
        assert kept.share == pytest.approx(counted, abs=0.02)
        assert kept.low <= counted <= kept.high


@pytest.mark.parametrize("name", DOMAINS)
def test_the_curve_goes_from_nearly_none_to_nearly_all_that_ever_come(name: str) -> None:
    found = asked(name, HOUR)
    ever = 1 - lived(name)[1].count(float("inf")) / PROMISES
    assert found.curve[0].kept.share < 0.05
    assert found.curve[-1].kept.share > ever - 0.03
    for share, deadline in found.reached:
        assert (deadline is None) == (ever < share)
        if deadline is not None:
            again = asked(name, deadline - lived(name)[0].now)
            assert again.asked.kept.share == pytest.approx(share, abs=0.005)


def test_the_model_makes_the_date_matter() -> None:
    chances = [asked("city requests", HOUR * 120 * leads).asked.chance for leads in (0.3, 1.0, 4.0)]
    assert chances == sorted(chances)


def test_of_too_few_only_their_number_is_said() -> None:
    engine = Engine(by_clock=True)
    for number in range(MIN_CASES - 1):
        engine.model.context.spans.due("visit")
        engine.model.context.spans.completed("visit", HOUR)
        assert answer(PublishedModel(engine.model), draft("visit", HOUR, 0.0), [], 0.0) == number + 1
    assert answer(PublishedModel(engine.model), draft("unknown", HOUR, 0.0), [], 0.0) == 0


@given(st.permutations([60.0, 3600.0, 3600.0, 7200.0, None, None]))
def test_the_order_in_which_promises_are_counted_is_immaterial(took: list[float | None]) -> None:
    spans = Spans(10)
    for one in took:
        spans.due("visit")
        if one is not None:
            spans.completed("visit", one)
    assert spans.counts["visit"] == {-1: 2, 204: 1, 409: 2, 444: 1}
    assert spans.target("visit", 0.9) is None


def test_of_more_kinds_than_fit_the_oldest_goes() -> None:
    spans = Spans(3)
    for number in range(5):
        spans.due(f"kind {number}")
    assert sorted(spans.counts) == ["kind 2", "kind 3", "kind 4"]
    assert spans.within("kind 0", HOUR) is None
