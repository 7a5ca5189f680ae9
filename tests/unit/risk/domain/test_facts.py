"""Facts: only what an event or the clock established, and who was told of the step."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest

from candor.contracts import Fact, FactKind, IncidentReported, IncidentStatus, Message, MilestoneStatus
from risk_svc.domain.facts import digest, facts
from risk_svc.domain.fold import fold
from risk_svc.domain.incidents import incident_of
from risk_svc.domain.state import PromiseState
from tests.support.risk import ARRIVES_S, DEPARTS, DEPARTS_S, DUE_S, MADE_S, M, Story, incident


def state_of(*messages: Message) -> PromiseState:
    state = PromiseState(promise_id="p1", customer_id="c1")
    for item in messages:
        fold(state, item.envelope, item.data)
    return state


def only(found: list[Fact]) -> Fact:
    assert len(found) == 1
    return found[0]


def test_nothing_happened_nothing_is_stated() -> None:
    assert facts(state_of(Story().made()), [], MADE_S) == []
    assert digest([], DUE_S) == digest([], DUE_S)


def test_a_late_step_names_its_event_and_the_senders_reason() -> None:
    story = Story()
    late = state_of(story.made(), story.milestone("departed", 42, reason="crew"))
    fact = only(facts(late, [], DEPARTS_S + 3600))
    assert fact == Fact(
        kind=FactKind.MILESTONE_LATE,
        event_id="f-p1-1",
        name="departed",
        at=DEPARTS + 42 * M,
        minutes=42.0,
        reason="crew",
        told=True,
        planned=DEPARTS,
    )


def test_a_reason_is_public_only_where_it_was_given_so_and_the_newest_report_decides() -> None:
    story = Story()
    told = state_of(story.made(), story.milestone("departed", 42, reason="crew", public_reason="late aircraft"))
    fact = only(facts(told, [], DEPARTS_S + 3600))
    assert (fact.reason, fact.public_reason) == ("crew", "late aircraft")
    again = story.milestone("departed", 43, reason="crew asleep")
    fold(told, again.envelope, again.data)
    fact = only(facts(told, [], DEPARTS_S + 3600))
    assert (fact.reason, fact.public_reason) == ("crew asleep", "")


def test_a_title_is_public_only_where_it_was_given_so() -> None:
    item = incident()
    assert isinstance(item.data, IncidentReported)
    open_ = msgspec.structs.replace(item.data, public_title="Snow at Newark")
    state = state_of(Story().made())
    for data, public in ((item.data, ""), (open_, "Snow at Newark")):
        fact = only(facts(state, [incident_of(item.envelope, data)], MADE_S + 11 * 3600))
        assert (fact.text, fact.public_text) == ("Snow at EWR", public)


@pytest.mark.parametrize(("late", "stated"), [(-10, False), (5, False), (9, False), (10, True)])
def test_a_hundredth_of_the_lead_time_is_no_lateness(late: float, stated: bool) -> None:
    story = Story()
    state = state_of(story.made(), story.milestone("departed", late))
    assert bool(facts(state, [], DEPARTS_S + 3600)) is stated


def test_overdue_by_the_clock_has_no_event_and_keeps_its_identity_while_minutes_grow() -> None:
    state = state_of(Story().made())
    first, later = (only(facts(state, [], DEPARTS_S + minutes * 60)) for minutes in (20, 50))
    assert (first.kind, first.event_id, first.minutes) == (FactKind.MILESTONE_OVERDUE, "", 20.0)
    assert later.minutes == 50.0
    assert digest([first], DUE_S) == digest([later], DUE_S)


def test_both_steps_may_be_overdue() -> None:
    state = state_of(Story().made())
    assert [fact.name for fact in facts(state, [], ARRIVES_S + 3600)] == ["departed", "arrived"]


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (MilestoneStatus.MISSED, FactKind.MILESTONE_MISSED),
        (MilestoneStatus.CANCELLED, FactKind.MILESTONE_CANCELLED),
    ],
)
def test_missed_and_cancelled_are_told_apart(status: MilestoneStatus, kind: FactKind) -> None:
    story = Story()
    state = state_of(story.made(), story.milestone("departed", status=status, reason="weather"))
    fact = only(facts(state, [], DEPARTS_S))
    assert (fact.kind, fact.reason, fact.told) == (kind, "weather", True)


def test_only_incidents_that_are_open_now_are_stated() -> None:
    state = state_of(Story().made())
    shown = [pictured(incident()), pictured(incident(IncidentStatus.RESOLVED, incident_id="i2", resolved=DEPARTS))]
    fact = only(facts(state, shown, MADE_S + 11 * 3600))
    assert (fact.kind, fact.event_id, fact.name, fact.text) == (
        FactKind.INCIDENT_OPEN,
        "w1",
        "snow",
        "Snow at EWR",
    )
    ahead = pictured(incident(opened=DEPARTS + timedelta(hours=9)))
    assert facts(state, [ahead], MADE_S) == []


def test_another_fact_is_another_digest() -> None:
    story = Story()
    state = state_of(story.made(), story.milestone("departed", 42))
    without = digest(facts(state, [], DUE_S - 3600), DUE_S)
    assert digest(facts(state, [pictured(incident())], DUE_S - 3600), DUE_S) != without


def test_another_held_date_is_told_though_no_fact_is_new() -> None:
    assert digest([], DUE_S) != digest([], DUE_S + 1)


def pictured(item: Message):  # type: ignore[no-untyped-def]
    assert isinstance(item.data, IncidentReported)
    return incident_of(item.envelope, item.data)
