"""What moved a score: its parts sum to the change over any snapshots, and each names what did it."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from candor.contracts import Component, FactKind
from risk_svc.domain.component import Part
from risk_svc.domain.gap import Gap, GapDefinition, gap
from risk_svc.insight.courses import Cause, Course, Happened, Known, Later, Move, Moved, Reason, Snapshot, course
from risk_svc.insight.measures.movement import Scored, moved

L, S, I, C, U = (str(component) for component in Component)  # noqa: E741
xs = st.fixed_dictionaries({component: st.floats(0, 1) for component in Component})


def snapshot(at: float, known: tuple[Known, ...] = (), **x: float) -> Snapshot:
    """The snapshot of an open promise whose components are these."""
    return of(at, {Component(name): value for name, value in x.items()}, known)


def of(at: float, x: dict[Component, float], known: tuple[Known, ...] = ()) -> Snapshot:
    found = gap([Part(component, value) for component, value in x.items()], GapDefinition().weights)
    return Snapshot(at, "open", found.score, _shares(found), frozenset(known))


def _shares(found: Gap) -> dict[str, float]:
    return {str(part.component): share for part, share in found.parts}


def known(course_: Course | None) -> Course:
    assert course_ is not None
    return course_


def rounded(one: Move) -> list[Moved]:
    return [part._replace(points=round(part.points, 6)) for part in one.parts]


def reasons(before: Snapshot, after: Snapshot, *happened: Happened) -> dict[str, Reason]:
    found = known(course([before, after], happened, before.at))
    return {part.component: part.reason for one in found.moves for part in one.parts}


def fact(kind: FactKind, name: str = "departed") -> Known:
    return Known(kind.value, f"e-{name}", name)


STORM = fact(FactKind.INCIDENT_OPEN, "storm")._replace(later=Later("i1", "e-calm", ended=True))


def test_a_case_by_hand() -> None:
    # L .9·.5 and I .6·.5: 1 − .55·.7 = .615. The storm ends: .45. Then it is thought to come in time: 0.
    three = [
        snapshot(10, known=(STORM,), lateness=0.5, incidents=0.5),
        snapshot(20, lateness=0.5, incidents=0.0),
        snapshot(30, lateness=0.0, incidents=0.0),
    ]
    found = known(course(three, [], 12))
    assert (found.begin, found.whole) == (10, True)
    assert (found.before, found.change) == pytest.approx((61.5, -61.5))
    first, second = found.moves
    assert (first.at, first.change) == pytest.approx((20, -16.5))
    assert rounded(first) == [Moved(I, -16.5, Reason(Cause.INCIDENT_ENDED, "storm", "e-calm"))]
    assert rounded(second) == [Moved(L, -45.0, Reason(Cause.FORECAST))]
    # From the first to the last alone, not the sum of the moves: the incident alone is 16.5 points only after the step.
    ends = moved(Scored(three[0].score, three[0].shares), Scored(three[-1].score, three[-1].shares))
    assert found.parts == pytest.approx(ends.parts)
    assert found.parts[L] + found.parts[I] == pytest.approx(-61.5)
    later = known(course(three, [], 20))
    assert later.begin == 20
    assert later.parts == pytest.approx({L: -45.0})


def test_before_the_oldest_that_is_known_it_is_said_that_it_is_not_the_whole() -> None:
    two = [snapshot(10, lateness=0.2), snapshot(20, lateness=0.3)]
    assert [known(course(two, [], since)).whole for since in (9, 10, 11)] == [False, True, True]
    assert known(course(two, [], 9)).begin == 10
    assert course([], [], 9) is None
    still = known(course(two, [], 25))
    assert (still.begin, still.change, still.parts, still.moves) == (20, 0, {}, [])


@given(st.lists(xs, min_size=1, max_size=12), st.floats(-1, 13))
def test_parts_sum_to_the_change_and_moves_to_it_as_well(many: list[dict[Component, float]], since: float) -> None:
    some = [of(float(at), one) for at, one in enumerate(many)]
    found = known(course(some, [], since))
    assert found.before + found.change == pytest.approx(some[-1].score)
    assert math.fsum(found.parts.values()) == pytest.approx(found.change, abs=1e-6)
    for one in found.moves:
        assert math.fsum(part.points for part in one.parts) == pytest.approx(one.change, abs=1e-6)
        assert any(abs(part.points) >= 0.005 for part in one.parts)
    sizes = [abs(points) for points in found.parts.values()]
    assert sizes == sorted(sizes, reverse=True)


@pytest.mark.parametrize(
    ("kind", "cause"),
    [
        (FactKind.MILESTONE_LATE, Cause.STEP_LATE),
        (FactKind.MILESTONE_MISSED, Cause.STEP_MISSED),
        (FactKind.MILESTONE_OVERDUE, Cause.STEP_OVERDUE),
        (FactKind.MILESTONE_CANCELLED, Cause.STEP_CANCELLED),
    ],
)
def test_a_step_that_slips_raises_the_lateness_and_once_mended_lowers_it(kind: FactKind, cause: Cause) -> None:
    good, bad = snapshot(1, lateness=0.2), snapshot(2, known=(fact(kind),), lateness=0.6)
    assert reasons(good, bad) == {L: Reason(cause, "departed", "e-departed")}
    assert reasons(bad._replace(at=0), good) == {L: Reason(Cause.STEP_MENDED, "departed")}


def test_an_incident_of_which_more_comes_changed_and_one_that_only_hits_no_more_is_not_said_to_have_ended() -> None:
    worse = STORM._replace(event_id="e-worse")
    hit, more = snapshot(1, known=(STORM,), incidents=0.3), snapshot(2, known=(worse,), incidents=0.6)
    for before, after, event in ((hit, more, "e-worse"), (more._replace(at=0), hit, "e-storm")):
        assert reasons(before, after) == {I: Reason(Cause.INCIDENT_CHANGED, "storm", event)}
    for later, reason in (
        (Later("i1", "e-moved", ended=False), Reason(Cause.INCIDENT_CHANGED, "storm", "e-moved")),
        (Later("i1", "", ended=False), Reason(Cause.TIME)),
        (None, Reason(Cause.INCIDENT_ENDED, "storm")),
    ):
        left = snapshot(1, known=(STORM._replace(later=later),), incidents=0.3)
        assert reasons(left, snapshot(2, incidents=0.0)) == {I: reason}


def test_a_step_that_was_overdue_and_is_missed_was_not_mended() -> None:
    overdue = snapshot(1, known=(fact(FactKind.MILESTONE_OVERDUE),), lateness=0.6)
    missed = snapshot(2, known=(fact(FactKind.MILESTONE_MISSED),), lateness=0.5)
    assert reasons(overdue, missed) == {L: Reason(Cause.FORECAST)}


def test_an_incident_that_begins_moves_its_own_component_and_the_forecast() -> None:
    calm, hit = snapshot(1, lateness=0.2, incidents=0.0), snapshot(2, known=(STORM,), lateness=0.4, incidents=0.7)
    assert reasons(calm, hit) == dict.fromkeys((L, I), Reason(Cause.INCIDENT_BEGAN, "storm", "e-storm"))
    # A gap that falls although one begins falls for another reason.
    better = hit._replace(**snapshot(2, lateness=0.1, incidents=0.7)._asdict() | {"known": hit.known})
    assert reasons(calm, better)[L] == Reason(Cause.FORECAST)


def moved_by(component: str, before: float, after: float, *happened: Happened, **last: Any) -> Reason:
    old, new = of(1, {Component(component): before}), of(2, {Component(component): after})
    return reasons(old, new._replace(**last), *happened)[component]


def test_what_happened_between_two_scores_is_named_and_nothing_else() -> None:
    told, reached = Happened(1.5, Cause.MESSAGE, "warning"), Happened(2.0, Cause.STEP_REACHED, "loaded", "e-7")
    dated = Happened(1.2, Cause.NEW_DATE, "customer")
    assert moved_by(C, 0.9, 0.0, told, reached) == Reason(Cause.MESSAGE, "warning")
    assert moved_by(L, 0.9, 0.1, told, reached) == Reason(Cause.STEP_REACHED, "loaded", "e-7")
    assert moved_by(L, 0.9, 0.1, dated) == Reason(Cause.NEW_DATE, "customer")
    for one in (reached, dated):
        for at in (1.0, 2.1):
            assert moved_by(L, 0.9, 0.1, one._replace(at=at)) == Reason(Cause.FORECAST)


def test_without_an_event_it_is_the_forecast_time_or_a_hand_off() -> None:
    assert moved_by(C, 0.1, 0.8) == Reason(Cause.TIME)
    assert moved_by(C, 0.8, 0.0) == Reason(Cause.FORECAST)
    assert moved_by(I, 0.8, 0.5) == Reason(Cause.TIME)
    assert moved_by(S, 0.1, 0.5) == Reason(Cause.FORECAST)
    assert moved_by(U, 1.0, 0.0) == Reason(Cause.HANDOFF)


def test_what_ends_is_moved_by_its_end() -> None:
    assert moved_by(L, 0.4, 0.0, standing="kept") == Reason(Cause.ENDED, "kept")
    assert moved_by(L, 0.4, 1.0, standing="broken") == Reason(Cause.ENDED, "broken")
