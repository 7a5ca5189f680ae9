"""Incidents: the whole picture each time, whatever the order."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from delivery_svc.domain import Incident, IncidentStatus, NamespacedId, Refusal, RefusalReason, Sighting, see
from tests.support.clocks import NOON

MINUTE = timedelta(minutes=1)
OPENED = Sighting(
    incident_id="i1",
    status=IncidentStatus.OPENED,
    severity=0.6,
    category="weather",
    title="Snow at EWR",
    affects=(NamespacedId("site", "EWR"),),
    opened_at=NOON,
    at=NOON + MINUTE,
)


def at(minutes: int, status: IncidentStatus = IncidentStatus.CHANGED, **changes: object) -> Sighting:
    return replace(OPENED, status=status, at=NOON + minutes * MINUTE, **changes)  # type: ignore[arg-type]


def test_the_first_picture_is_version_one() -> None:
    assert see(None, OPENED) == Incident(OPENED, 1)


def test_a_newer_picture_replaces_the_whole() -> None:
    changed = at(5, severity=0.2, affects=(), title="Snow ends")
    assert see(Incident(OPENED, 3), changed) == Incident(changed, 4)


def test_a_resolution_may_come_before_its_opening() -> None:
    resolved = see(None, at(30, IncidentStatus.RESOLVED, resolved_at=NOON + 30 * MINUTE))
    assert see(resolved, OPENED) is resolved


def test_a_resolved_incident_may_open_again() -> None:
    resolved = see(None, at(30, IncidentStatus.RESOLVED))
    again = see(resolved, at(40, IncidentStatus.OPENED))
    assert (again.picture.status, again.version) == (IncidentStatus.OPENED, 2)


@given(st.permutations(range(8)))
def test_any_order_of_arrival_ends_with_the_same_picture(order: list[int]) -> None:
    incident: Incident | None = None
    versions = [0]
    for minutes in order:
        incident = see(incident, at(minutes, title=f"picture {minutes}"))
        versions.append(incident.version)
    assert incident is not None
    assert incident.picture.title == "picture 7"
    assert set(versions) == set(range(incident.version + 1))


@pytest.mark.parametrize(
    ("changes", "why", "pointer"),
    [
        ({"resolved_at": NOON - MINUTE}, RefusalReason.RESOLVED_BEFORE_OPENED, "/resolved_at"),
        ({"expected_end": NOON - MINUTE}, RefusalReason.ENDS_BEFORE_OPENED, "/expected_end"),
    ],
)
def test_nothing_ends_before_it_began(changes: dict[str, Any], why: RefusalReason, pointer: str) -> None:
    with pytest.raises(Refusal) as refused:
        see(None, at(1, **changes))
    assert (refused.value.why, refused.value.pointer) == (why, pointer)
