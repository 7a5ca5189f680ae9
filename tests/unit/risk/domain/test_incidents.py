"""Incidents: the newest picture counts, and it is found by what promises depend on."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from candor.contracts import Dependency, IncidentReported, IncidentStatus, Message
from risk_svc.domain.fold import fold
from risk_svc.domain.incidents import Incident, Incidents, incident_of
from risk_svc.domain.state import PromiseState
from tests.support.risk import DEPARTS, DUE_S, MADE, Story, incident


def picture(item: Message) -> Incident:
    assert isinstance(item.data, IncidentReported)
    return incident_of(item.envelope, item.data)


@pytest.fixture
def flight() -> PromiseState:
    state = PromiseState(promise_id="p1", customer_id="c1")
    item = Story().made()
    fold(state, item.envelope, item.data)
    return state


@given(st.permutations([1, 2, 3]))
def test_the_newest_picture_stands_whatever_came_first(order: list[int]) -> None:
    known = Incidents()
    kept = [known.put(picture(incident(version=version, severity=version / 10))) for version in order]
    assert known.known["i1"].severity == pytest.approx(0.3)
    assert kept[0]
    assert not known.put(picture(incident(version=3)))


def test_it_is_linked_through_what_the_promise_depends_on(flight: PromiseState) -> None:
    known = Incidents()
    known.put(picture(incident(affects=[Dependency("site", "JFK")])))
    assert known.linked(flight) == []
    known.put(picture(incident(version=2, affects=[Dependency("site", "JFK"), Dependency("site", "EWR")])))
    assert [found.incident_id for found in known.linked(flight)] == ["i1"]
    known.put(picture(incident(version=3, affects=[Dependency("crew", "EWR")])))
    assert known.linked(flight) == []


def test_one_that_ended_before_the_promise_was_made_is_not_linked(flight: PromiseState) -> None:
    known = Incidents()
    ended = MADE - timedelta(hours=1)
    known.put(picture(incident(IncidentStatus.RESOLVED, opened=MADE - timedelta(hours=5), resolved=ended)))
    assert known.linked(flight) == []


def test_a_resolved_one_without_its_end_ends_with_its_event() -> None:
    item = incident(IncidentStatus.RESOLVED)
    assert picture(item).until == item.envelope.time.timestamp()


def test_several_come_in_the_order_of_their_beginning(flight: PromiseState) -> None:
    known = Incidents()
    known.put(picture(incident(incident_id="late", opened=DEPARTS)))
    known.put(picture(incident(incident_id="early")))
    assert [found.incident_id for found in known.linked(flight)] == ["early", "late"]


@pytest.mark.parametrize(
    ("ends_in", "expected"), [(None, 1.0), (timedelta(0), 0.0), (timedelta(hours=1), 0.5), (timedelta(hours=9), 1.0)]
)
def test_overlap_is_the_share_of_the_time_left(ends_in: timedelta | None, expected: float) -> None:
    now = DUE_S - 7200
    ends = None if ends_in is None else DEPARTS + timedelta(seconds=now - DEPARTS.timestamp()) + ends_in
    assert picture(incident(ends=ends)).overlap(now, DUE_S) == pytest.approx(expected)


def test_past_the_deadline_everything_overlaps() -> None:
    assert picture(incident(ends=DEPARTS)).overlap(DUE_S + 1, DUE_S) == 1.0


@pytest.mark.parametrize(("severity", "expected"), [(-1.0, 0.0), (0.4, 0.4), (7.0, 1.0)])
def test_severity_is_brought_into_its_range(severity: float, expected: float) -> None:
    assert picture(incident(severity=severity)).severity == expected
