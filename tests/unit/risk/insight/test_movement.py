"""What moved a score: parts that sum to the change, whatever came first."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from candor.contracts import Component
from risk_svc.domain.component import Part
from risk_svc.domain.gap import GapDefinition, gap
from risk_svc.insight.measures.figure import Unit
from risk_svc.insight.measures.movement import Scored, moved
from tests.support.figures import stated

xs = st.fixed_dictionaries({component: st.floats(0, 1) for component in Component})


def scored(x: dict[Component, float]) -> Scored:
    found = gap([Part(component, value) for component, value in x.items()], GapDefinition().weights)
    return Scored(found.score, {str(part.component): share for part, share in found.parts})


def test_a_case_by_hand() -> None:
    # 1 − G: from .5 to .5·.8; the incident took all of that away.
    before, after = Scored(50.0, {"lateness": 1.0}), Scored(60.0, {"lateness": math.log(0.5) / math.log(0.4)})
    after = after._replace(shares={**after.shares, "incidents": math.log(0.8) / math.log(0.4)})
    found = moved(before, after)
    assert (found.change.unit, found.change.n) == (Unit.SCORE, 1)
    assert stated(found.change) == pytest.approx(10)
    assert {name: part for name, part in found.parts.items() if abs(part) > 1e-9} == {"incidents": pytest.approx(10)}


def test_an_incident_that_ended_is_what_moved_the_score() -> None:
    x = dict.fromkeys(Component, 0.0) | {Component.LATENESS: 0.3, Component.INCIDENTS: 0.7}
    found = moved(scored(x), scored(x | {Component.INCIDENTS: 0.0}))
    assert next(iter(found.parts)) == "incidents"
    assert found.parts["incidents"] == pytest.approx(stated(found.change))
    assert stated(found.change) < 0


@given(xs, xs)
def test_parts_sum_to_the_change_and_have_the_sign_of_their_component(
    before: dict[Component, float], after: dict[Component, float]
) -> None:
    found = moved(scored(before), scored(after))
    assert math.fsum(found.parts.values()) == pytest.approx(stated(found.change), abs=1e-6)
    for name, part in found.parts.items():
        change = after[Component(name)] - before[Component(name)]
        assert part * change >= -1e-6
        assert abs(part) <= 100
    assert [abs(part) for part in found.parts.values()] == sorted(map(abs, found.parts.values()), reverse=True)


@given(xs, xs)
def test_the_way_back_undoes_it(before: dict[Component, float], after: dict[Component, float]) -> None:
    there, back = moved(scored(before), scored(after)), moved(scored(after), scored(before))
    assert stated(there.change) == pytest.approx(-stated(back.change))
    for name, part in there.parts.items():
        assert back.parts[name] == pytest.approx(-part, abs=1e-6)


def test_what_did_not_move_has_no_parts() -> None:
    assert moved(Scored(0.0, {}), Scored(0.0, {})).parts == {}
    same = Scored(40.0, {"scope": 0.25, "lateness": 0.75})
    assert moved(same, same).parts == {}
