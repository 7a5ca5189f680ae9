"""From facts and a forecast to a view: components, words, when to look again, what is published."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from candor.calendar import Calendar, parse_business_hours
from candor.contracts import (
    Component,
    IncidentReported,
    Message,
    MilestoneStatus,
    NoticeState,
    Standing,
    Statement,
    Verdict,
)
from risk_svc.domain.component import OpenCase
from risk_svc.domain.components.lateness import Lateness
from risk_svc.domain.facts import facts
from risk_svc.domain.fold import fold
from risk_svc.domain.gap import GapDefinition
from risk_svc.domain.incidents import Incident, incident_of
from risk_svc.domain.predictions import Prediction
from risk_svc.domain.scoring import (
    event_of,
    is_told,
    next_review,
    score_open,
    score_settled,
)
from risk_svc.domain.standings import standing
from risk_svc.domain.state import PromiseState
from tests.support.risk import DEPARTS, DEPARTS_S, DUE, DUE_S, MADE_S, M, Story, incident, prediction

LIKELY = prediction()
SAFE = replace(LIKELY, p_slip=0.1, q50=DUE_S - 1800, q80=DUE_S - 900, q90=DUE_S, lateness=0.02)
W = GapDefinition()


def state_of(*messages: Message) -> PromiseState:
    state = PromiseState(promise_id="p1", customer_id="c1")
    for item in messages:
        fold(state, item.envelope, item.data)
    return state


def scored(state: PromiseState, item: Prediction = LIKELY, now: float = DEPARTS_S, *struck: Incident) -> PromiseState:
    score_open(state, struck, item, now, W, math.inf)
    return state


def shares(state: PromiseState) -> dict[str, float]:
    return {name: x for name, x, _, _ in state.view.shares}


def snow(**fields: object) -> Incident:
    item = incident(**fields)  # type: ignore[arg-type]
    assert isinstance(item.data, IncidentReported)
    return incident_of(item.envelope, item.data)


def test_a_doubtful_flight_shows_its_lateness() -> None:
    state = scored(state_of(Story().made()))
    assert state.view.score == pytest.approx(54.0)
    assert shares(state) == {"lateness": 0.6}
    assert (state.view.p50, state.view.p90, state.view.n) == (DUE_S + 2520, None, 412)


def test_open_incidents_add_to_it_by_how_long_they_last() -> None:
    state = scored(state_of(Story().made()), SAFE, DEPARTS_S, snow(), snow(incident_id="i2", ends=DEPARTS))
    assert shares(state)[Component.INCIDENTS] == pytest.approx(0.6)
    _, _, _, words = next(share for share in state.view.shares if share[0] == "incidents")
    assert "Snow at EWR, ongoing" in words


def test_silence_grows_until_the_customer_is_told() -> None:
    story = Story()
    state = scored(state_of(story.made()))
    assert state.view.doubtful_since == DEPARTS_S
    scored(state, LIKELY, DEPARTS_S + 4 * 3600)
    assert shares(state)["silence"] == pytest.approx(0.5)
    item = story.notice()
    fold(state, item.envelope, item.data)
    scored(state, LIKELY, DEPARTS_S + 5 * 3600)
    assert "silence" not in shares(state)


@pytest.mark.parametrize(("zone", "expected"), [("UTC", 0.0), ("America/New_York", 0.5), ("Nowhere/At_all", 0.0)])
def test_silence_counts_the_business_hours_of_the_promises_own_zone(zone: str, expected: float) -> None:
    # It departs at 18:00 UTC, 13:00 in New York.
    office = GapDefinition(calendar=Calendar(parse_business_hours("mon-fri 09:00-17:00")))
    state = scored(state_of(Story().made(zone=zone)))
    score_open(state, [], LIKELY, DEPARTS_S + 5 * 3600, office, math.inf)
    assert shares(state).get("silence", 0.0) == pytest.approx(expected)


def test_silence_begins_anew_after_doubt_has_gone() -> None:
    state = scored(state_of(Story().made()))
    scored(state, SAFE, DEPARTS_S + 3600)
    assert state.view.doubtful_since is None
    scored(state, LIKELY, DEPARTS_S + 7200)
    assert state.view.doubtful_since == DEPARTS_S + 7200


@pytest.mark.parametrize(
    ("statement", "state", "expected"),
    [
        (Statement.WARNING, NoticeState.SENT, True),
        (Statement.UPDATE, NoticeState.SENT, True),
        (Statement.CANCELLED, NoticeState.SENT, True),
        (Statement.ALL_CLEAR, NoticeState.SENT, False),
        (Statement.WARNING, NoticeState.PREVIEW, False),
        (Statement.WARNING, NoticeState.UNKNOWN, False),
    ],
)
def test_told_means_that_bad_news_went_out(statement: Statement, state: NoticeState, expected: bool) -> None:
    story = Story()
    assert is_told(state_of(story.made(), story.notice(statement, state))) is expected


def test_after_an_all_clear_the_customer_is_untold_again() -> None:
    story = Story()
    clear = story.notice(Statement.ALL_CLEAR, notice_id="n2", at=DEPARTS + 10 * M)
    assert not is_told(state_of(story.made(), story.notice(), clear))


def test_work_nobody_accepted_is_unbacked() -> None:
    state = scored(state_of(Story().made(deliverer="crew 7", accepted=False)), SAFE)
    assert shares(state)["unbacked"] == 1.0
    assert "crew 7 has not accepted it" in [words for *_, words in state.view.shares]
    assert "unbacked" not in shares(scored(state_of(Story().made(deliverer="crew 7")), SAFE))


def test_an_acceptance_for_a_later_date_backs_nothing_until_the_customer_holds_that_date() -> None:
    story, later = Story(), DUE + timedelta(days=3)
    made, asked = story.made(), story.assigned("crew 7", accepted=False)
    taken = story.assigned("crew 7", accepted=True, due=later)
    told, agreed = story.revised(later, held=False), story.revised(later)
    found = [scored(state_of(made, asked, taken, *more), SAFE) for more in ((), (told,), (told, agreed))]
    assert ["unbacked" in shares(state) for state in found] == [True, True, False]
    assert "crew 7 accepted it for 3.0 days after the promised date" in [words for *_, words in found[0].view.shares]
    other = Story()
    in_time = other.made(), other.assigned("crew 7", accepted=True, due=DUE - timedelta(hours=2))
    assert "unbacked" not in shares(scored(state_of(*in_time), SAFE))


def test_a_promise_is_unbacked_from_the_request_to_the_acceptance() -> None:
    story = Story()
    made, asked = story.made(), story.assigned("crew 7", accepted=False)
    taken, moved = story.assigned("crew 7", accepted=True), story.assigned("crew 8", accepted=False)
    found = [scored(state_of(made, *later), SAFE) for later in ((), (asked,), (asked, taken), (asked, taken, moved))]
    assert ["unbacked" in shares(state) for state in found] == [False, True, False, True]
    free, unbacked, accepted, _ = (state.view.score for state in found)
    assert unbacked > free
    assert accepted == free
    assert "crew 8 has not accepted it" in [words for *_, words in found[-1].view.shares]


@pytest.mark.parametrize(
    ("messages", "stands", "score"),
    [
        (lambda s: [s.milestone("arrived", 5)], Standing.KEPT, 0.0),
        (lambda s: [s.milestone("arrived", 45)], Standing.BROKEN, 45.0),
        (lambda s: [s.milestone("arrived", 600)], Standing.BROKEN, 90.0),
        (lambda s: [s.withdrawn()], Standing.WITHDRAWN, 0.0),
        (lambda s: [s.settled(Verdict.BROKEN)], Standing.BROKEN, 90.0),
    ],
)
def test_a_settled_promise_keeps_its_real_lateness(messages, stands, score) -> None:  # type: ignore[no-untyped-def]
    story = Story()
    state = scored(state_of(story.made()))
    for item in messages(story):
        fold(state, item.envelope, item.data)
    score_settled(state, standing(state), DUE_S + 3600, W)
    assert standing(state) is stands
    assert state.view.score == pytest.approx(score)
    assert state.view.review == math.inf


def test_a_cancelled_promise_is_as_late_as_can_be() -> None:
    state = scored(state_of(Story().made()))
    score_settled(state, Standing.CANCELLED, DUE_S, W)
    assert state.view.score == pytest.approx(90.0)
    assert state.view.shares[0][3] == "cancelled"


@given(st.floats(MADE_S, DUE_S + 1e7))
def test_the_next_look_is_ahead_and_not_too_far(now: float) -> None:
    state = state_of(Story().made())
    at = next_review(state, now, math.inf)
    assert now < at <= now + 21600
    if now < DUE_S:
        assert at <= DUE_S + 1


def test_the_next_look_is_when_something_is_due() -> None:
    state = state_of(Story().made())
    assert next_review(state, DEPARTS_S - 30, math.inf) == DEPARTS_S
    assert next_review(state, DUE_S - 30, math.inf) == DUE_S + 1
    assert next_review(state, MADE_S, MADE_S + 5) == MADE_S + 5


def test_what_is_published_explains_itself() -> None:
    story = Story()
    state = scored(state_of(story.made(), story.milestone("departed", 42)))
    found = event_of(state, Standing.OPEN, facts(state, [], DEPARTS_S + 3600))
    assert (found.promise_id, found.customer_id, found.held_due) == ("p1", "c1", DUE)
    assert found.forecast is not None
    assert (found.forecast.p_slip, found.forecast.p90, found.forecast.basis) == (0.83, None, LIKELY.basis)
    assert sum(part.share for part in found.contributions) == pytest.approx(1.0)
    assert found.completed_at is None
    assert [fact.name for fact in found.facts] == ["departed"]


def test_what_is_published_of_a_settled_promise_has_no_forecast() -> None:
    story = Story()
    state = state_of(story.made(), story.milestone("arrived", 5))
    score_settled(state, Standing.KEPT, DUE_S, W)
    found = event_of(state, Standing.KEPT, [])
    assert found.forecast is None
    assert found.completed_at == DUE - 10 * M
    assert found.score == 0.0


def lateness_words(state: PromiseState, item: Prediction, now: float) -> str:
    part = Lateness().open(OpenCase(state, [], item, now, W.calendar))
    assert part is not None
    return part.evidence


def test_evidence_is_in_words() -> None:
    state = state_of(Story().made())
    assert lateness_words(state, LIKELY, DEPARTS_S) == "83% likely to slip; the middle forecast is 42 min late"
    assert lateness_words(state, SAFE, DEPARTS_S) == "10% likely to slip"
    overdue = "departed is overdue, and the customer had been told of this step"
    assert lateness_words(state, LIKELY, DUE_S + 7200) == f"{overdue}; 2.0 h overdue"
    assert "3.0 days" in lateness_words(state, LIKELY, DUE_S + 3 * 86400)


@pytest.mark.parametrize(
    ("messages", "words"),
    [
        (lambda s: [s.milestone("arrived", 45)], "completed 30 min late"),
        (
            lambda s: [s.milestone("departed", 42), s.milestone("arrived", 45)],
            "completed 30 min late; departed was 42 min late",
        ),
        (
            lambda s: [s.milestone("departed", status=MilestoneStatus.MISSED), s.settled(Verdict.BROKEN)],
            "not delivered; departed was missed",
        ),
    ],
)
def test_a_broken_promise_keeps_in_words_what_was_late(messages, words) -> None:  # type: ignore[no-untyped-def]
    story = Story()
    state = scored(state_of(story.made()))
    for item in messages(story):
        fold(state, item.envelope, item.data)
    score_settled(state, standing(state), DUE_S + 3600, W)
    assert state.view.shares[0][3] == words
