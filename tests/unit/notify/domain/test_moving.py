"""Nothing changes in silence: what the company changes itself is told once, from the date that the customer knows."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from candor.contracts import (
    AskedBy,
    Envelope,
    FactKind,
    NoticeState,
    PromiseRestated,
    PromiseRevised,
    PromiseState,
    PromiseWithdrawn,
    Revision,
    Standing,
    Statement,
    message,
)
from notify_svc import translate
from notify_svc.domain.basis import basis_of, holds
from notify_svc.domain.episode import after_speaking, missed
from notify_svc.domain.facts import (
    MOVES_KEPT,
    Announcement,
    CalledOff,
    DateGiven,
    Decision,
    Episode,
    Kind,
    Move,
    Promise,
    Reason,
)
from notify_svc.domain.history import NoticeEntry, episode_of
from notify_svc.domain.identity import told_value
from notify_svc.domain.moving import NEWS, untold, within
from notify_svc.domain.opening import OpeningFacts, opening_of
from notify_svc.domain.silence import Recipient, silenced
from tests.support.clocks import NOON
from tests.unit.notify.facts import DUE, RULES, decided, gap, minutes, promise, step, told, warned

DAY = timedelta(days=1)


def changed(
    about: Promise, due: datetime, asked_by: AskedBy = AskedBy.COMPANY, *, agreed: bool = False, **how: Any
) -> Promise:
    """The promise after another date was told."""
    held = due if agreed or asked_by is AskedBy.CUSTOMER else about.held_due
    data = PromiseRevised("p1", "c1", due, held, asked_by, agreed, "internal", how.pop("public", None))
    return translate.promise_changed(about, envelope(data, **how), data)


def envelope(data: Any, name: str = "ev-r", at: datetime = NOON, *, historical: bool = False) -> Envelope:
    return message(name, "test", at, "c1", 2, data, historical=historical).envelope


def test_a_date_that_the_company_sets_is_kept_with_its_reason_for_customers_and_the_date_before() -> None:
    later = changed(promise(), DUE + DAY, public="the van broke down")
    assert later.moves == (Move("ev-r", NOON, DUE, DUE + DAY, False, "the van broke down"),)
    assert (later.held_due, later.latest_due) == (DUE, DUE + DAY)
    again = changed(later, DUE + 2 * DAY, name="ev-s", agreed=True)
    assert (again.moves[1].before, again.moves[1].agreed, again.moves[1].reason) == (DUE + DAY, True, "")
    assert again.held_due == DUE + 2 * DAY


def test_what_the_customer_asks_for_is_no_news_to_them_nor_is_history_nor_the_same_date_again() -> None:
    later = changed(promise(), DUE + DAY)
    assert changed(later, DUE + 2 * DAY, AskedBy.CUSTOMER, name="ev-s").moves == ()
    assert changed(promise(), DUE + DAY, historical=True).moves == ()
    assert changed(later, DUE + DAY, name="ev-s").moves == later.moves


def test_only_the_newest_moves_are_kept() -> None:
    about = promise()
    for number in range(MOVES_KEPT + 3):
        about = changed(about, DUE + (number + 1) * DAY, name=f"ev-{number}")
    assert [move.event_id for move in about.moves] == [f"ev-{number}" for number in range(3, MOVES_KEPT + 3)]


@pytest.mark.parametrize(
    ("asked_by", "due", "latest", "news"),
    [
        (AskedBy.COMPANY, DUE + DAY, DUE + DAY, True),
        (AskedBy.CUSTOMER, DUE + DAY, DUE + DAY, False),
        (AskedBy.COMPANY, DUE + DAY, DUE + 2 * DAY, False),
    ],
)
def test_a_statement_that_came_late_is_news_if_it_is_the_last_date_now(
    asked_by: AskedBy, due: datetime, latest: datetime, news: bool
) -> None:
    data = PromiseRestated(
        promise_id="p1",
        customer_id="c1",
        state=PromiseState.MADE,
        latest_due=latest,
        held_due=DUE,
        revision=Revision(DUE, due, asked_by, False, "internal", "snow"),
    )
    about = translate.promise_changed(promise(), envelope(data), data)
    assert [move.due for move in about.moves] == [latest] * news
    assert about.latest_due == latest


@pytest.mark.parametrize(("asked_by", "found"), [(AskedBy.COMPANY, True), (None, False), (AskedBy.CUSTOMER, None)])
def test_a_withdrawal_is_news_unless_the_customer_asked_for_it(asked_by: AskedBy | None, found: bool | None) -> None:
    data = PromiseWithdrawn("p1", "c1", "internal", "sold out", asked_by)
    about = translate.promise_changed(promise(), envelope(data), data)
    expected = None if found is None else CalledOff("ev-r", NOON, found, "sold out")
    assert (about.withdrawn, about.called_off) == (True, expected)
    assert translate.promise_changed(promise(), envelope(data, historical=True), data).called_off is None


def test_a_withdrawal_that_came_late_is_news_too_and_one_that_is_taken_back_is_none() -> None:
    def restated(state: PromiseState, about: Promise) -> Promise:
        data = PromiseRestated(promise_id="p1", customer_id="c1", state=state, latest_due=DUE, held_due=DUE)
        return translate.promise_changed(about, envelope(data), data)

    off = restated(PromiseState.WITHDRAWN, promise())
    assert off.called_off == CalledOff("ev-r", NOON, ours=False)
    own_wish = restated(PromiseState.WITHDRAWN, promise(withdrawn=True))
    assert own_wish.called_off is None
    assert restated(PromiseState.MADE, off).called_off is None


def test_a_later_date_is_bad_news_at_once_and_opens_an_episode() -> None:
    about = changed(promise(), DUE + DAY)
    found = decided(gap(0.1), about=about)
    assert (found.kind, found.reason, found.statement) == (Kind.SPEAK, Reason.DATE_MOVED, Statement.WARNING)
    assert found.about == "ev-r"
    assert (found.evidence["before"], found.evidence["due"]) == (DUE.isoformat(), (DUE + DAY).isoformat())
    spoken = after_speaking(Episode(), found, told())
    assert (spoken.told, spoken.moved, spoken.number) == (told(), "ev-r", 1)
    assert decided(gap(), NOON + minutes(1), spoken, about=about).kind is Kind.WAIT
    again = decided(gap(0.1), episode=warned(), about=about)
    assert again.statement is Statement.UPDATE


def test_a_date_that_the_customer_agreed_to_ends_what_was_said_of_the_one_before() -> None:
    about = changed(promise(), DUE + DAY, agreed=True)
    at = gap(0.1, held_due=DUE + DAY)
    found = decided(at, episode=warned(), about=about)
    assert (found.reason, found.statement) == (Reason.DATE_MOVED, Statement.ALL_CLEAR)
    spoken = after_speaking(warned(), found, Announcement(Statement.ALL_CLEAR, NOON))
    assert spoken == Episode(number=2, moved="ev-r")
    assert decided(at, NOON + minutes(60), spoken, about=about).reason is Reason.NOT_SLIPPING
    assert decided(gap(0.1), about=about).reason is Reason.DATES_DIFFER


@pytest.mark.parametrize("kind", [FactKind.MILESTONE_MISSED, FactKind.MILESTONE_OVERDUE])
@pytest.mark.parametrize("asked_by", AskedBy)
def test_what_was_missed_before_they_agreed_to_a_date_is_no_news_beside_it(kind: FactKind, asked_by: AskedBy) -> None:
    about = changed(promise(), DUE + DAY, asked_by, agreed=True, at=NOON + minutes(5))
    before, after = step(kind, minutes=60), step(kind, minutes=60, at=NOON + minutes(6))
    spoken = Episode(number=2, moved="ev-r")
    for forecast in (None, 0.1):
        at = gap(forecast, held_due=DUE + DAY, facts=(before,))
        assert decided(at, NOON + minutes(7), spoken, about=about).reason is Reason.NOT_SLIPPING
        news = decided(replace(at, facts=(before, after)), NOON + minutes(7), spoken, about=about)
        assert (news.reason, news.statement) == (Reason.MILESTONE_MISSED, Statement.WARNING)
    # A date to which they did not agree takes nothing back.
    alone = changed(promise(), DUE + DAY, at=NOON + minutes(5))
    again = decided(gap(0.1, facts=(before,)), NOON + minutes(7), spoken, about=alone)
    assert again.reason is Reason.MILESTONE_MISSED


@given(st.lists(st.tuples(st.integers(0, 9), st.booleans()), max_size=6), st.integers(0, 9))
def test_a_missed_step_is_news_exactly_after_the_last_date_they_agreed_to(
    given_: list[tuple[int, bool]], missed_at: int
) -> None:
    dates = tuple(DateGiven(NOON + minutes(at), DUE, moved) for at, moved in given_)
    at = gap(None, facts=(step(at=NOON + minutes(missed_at)),))
    found = missed(at, promise(dates=dates), NOON + minutes(10), RULES)
    assert (found is None) == any(moved and at >= missed_at for at, moved in given_)


def test_an_earlier_date_is_good_news_and_opens_nothing() -> None:
    about = changed(promise(), DUE - minutes(60))
    found = decided(gap(0.1), about=about)
    assert found.statement is Statement.ALL_CLEAR
    assert decided(gap(0.9), episode=warned(), about=about).statement is Statement.UPDATE


def test_several_moves_are_told_as_one_from_the_date_that_the_customer_knows() -> None:
    about = changed(changed(promise(), DUE + DAY), DUE + 3 * DAY, name="ev-s", public="second")
    move = untold(about, Episode(), NOON)
    assert move is not None
    assert (move.before, move.due, move.event_id, move.reason) == (DUE, DUE + 3 * DAY, "ev-s", "second")
    rest = untold(about, Episode(moved="ev-r"), NOON)
    assert rest is not None
    assert rest.before == DUE + DAY
    assert untold(about, Episode(moved="ev-s"), NOON) is None
    back = changed(about, DUE, name="ev-t")
    assert untold(back, Episode(), NOON) is None


def test_what_changed_long_ago_is_no_news() -> None:
    about = changed(promise(), DUE + DAY)
    assert untold(about, Episode(), NOON + NEWS) is not None
    assert untold(about, Episode(), NOON + NEWS + minutes(1)) is None


def test_nothing_is_told_while_a_person_is_needed() -> None:
    about = changed(promise(), DUE + DAY)
    assert decided(gap(0.1), episode=Episode(blocked=True), about=about).reason is Reason.BLOCKED


def test_the_same_move_is_one_message_and_another_to_the_same_date_is_another() -> None:
    def value(about: str) -> str:
        return told_value(Statement.ALL_CLEAR, Reason.DATE_MOVED, None, None, None, None, about)

    assert value("ev-r") == value("ev-r") != value("ev-s")
    assert value("ev-r") != told_value(Statement.ALL_CLEAR, Reason.RECOVERED, None, None, None, None)


def test_a_message_from_before_a_move_no_longer_holds() -> None:
    about = changed(promise(), DUE + DAY)
    before = basis_of(promise(), gap(), told(), closing=False)
    assert holds(before, promise(), gap(), told(), closing=False)
    assert not holds(before, about, gap(), told(), closing=False)
    assert holds(basis_of(about, gap(), told(), closing=False), about, gap(), told(), closing=False)


def test_what_was_told_of_a_move_is_known_from_the_notices_alone() -> None:
    entry = NoticeEntry(
        "n1", 1, Statement.WARNING, NoticeState.SENT, Reason.DATE_MOVED, closing=False, told=told(), about="ev-r"
    )
    assert episode_of([entry], None).moved == "ev-r"
    later = NoticeEntry("n2", 1, Statement.ALL_CLEAR, NoticeState.SENT, Reason.RECOVERED, closing=False, told=told())
    assert episode_of([entry, later], None).moved == "ev-r"
    assert episode_of([], None).moved == ""


def called_off(**changes: Any) -> Promise:
    return promise(withdrawn=True, called_off=CalledOff("ev-w", NOON, ours=True, **changes))


def test_a_promise_that_is_called_off_is_told_once_warned_or_not() -> None:
    for episode in (Episode(), warned()):
        found = decided(gap(None, Standing.WITHDRAWN), episode=episode, about=called_off())
        assert (found.reason, found.statement, found.about) == (Reason.CALLED_OFF, Statement.CANCELLED, "ev-w")
        spoken = after_speaking(episode, found, told())
        assert decided(gap(None, Standing.WITHDRAWN), episode=spoken, about=called_off()).reason is Reason.ENDED
    late = decided(gap(None, Standing.WITHDRAWN), NOON + NEWS + DAY, about=called_off())
    assert (late.kind, late.ends) == (Kind.NOTHING, True)
    own_wish = decided(gap(None, Standing.WITHDRAWN), about=promise(withdrawn=True))
    assert (own_wish.reason, own_wish.ends) == (Reason.WITHDRAWN, True)


def test_of_a_promise_that_is_called_off_nothing_else_is_told() -> None:
    reader = Recipient(known=True, consent=True)
    assert silenced(called_off(), reader, 0, 10, Reason.CALLED_OFF) is None
    assert silenced(called_off(), reader, 0, 10, Reason.SLIP_HELD) is Reason.WITHDRAWN
    assert silenced(called_off(), Recipient(known=True, consent=False), 0, 10, Reason.CALLED_OFF) is Reason.NO_CONSENT


def test_every_change_opens_with_what_it_is() -> None:
    later, earlier = Move("e", NOON, DUE, DUE + DAY, False), Move("e", NOON, DUE + DAY, DUE, False)
    facts = OpeningFacts(NOON, promise(), gap(), move=later)
    assert opening_of(Statement.WARNING, Reason.DATE_MOVED, facts) == "moved_later"
    facts = OpeningFacts(NOON, promise(), gap(), move=earlier)
    assert opening_of(Statement.ALL_CLEAR, Reason.DATE_MOVED, facts) == "moved"
    assert opening_of(Statement.CANCELLED, Reason.CALLED_OFF, OpeningFacts(NOON, called_off(), gap())) == "called_off"
    unknown = promise(withdrawn=True, called_off=CalledOff("ev-w", NOON, ours=False))
    assert opening_of(Statement.CANCELLED, Reason.CALLED_OFF, OpeningFacts(NOON, unknown, gap())) == "withdrawn"
    assert opening_of(Statement.CANCELLED, Reason.CANCELLED, OpeningFacts(NOON, promise(), gap())) == "cancelled"


steps = st.lists(st.tuples(st.integers(-5, 5), st.booleans(), st.booleans()), max_size=12)


@given(steps)
def test_told_move_by_move_or_all_at_once_the_customer_ends_with_the_last_date(
    drawn: list[tuple[int, bool, bool]],
) -> None:
    about, episode, known = promise(), Episode(), DUE
    for number, (days, agreed, tell) in enumerate(drawn):
        about = changed(about, DUE + days * DAY, agreed=agreed, name=f"ev-{number}")
        if tell and (move := untold(about, episode, NOON)) is not None:
            # What was told so long ago that newer moves have taken its place is not known any more.
            assert move.before == known or len(about.moves) == MOVES_KEPT
            decision = Decision(Kind.SPEAK, Reason.DATE_MOVED, Statement.ALL_CLEAR, about=move.event_id)
            episode, known = after_speaking(episode, decision, told()), move.due
    if len(about.moves) < MOVES_KEPT:
        last = untold(about, episode, NOON)
        assert (last.due if last else known) == (about.latest_due or DUE)


def test_a_forecast_that_ends_by_the_new_date_is_no_news_beside_it() -> None:
    about = changed(promise(), DUE + DAY)
    alone = Episode(told=told(low=None, high=None), moved="ev-r")
    assert within(about, gap(0.9))
    assert decided(gap(0.9), NOON + minutes(1), alone, about=about).kind is Kind.WAIT
    beyond = gap(0.9, p80=DUE + DAY + minutes(1))
    assert not within(about, beyond)
    assert decided(beyond, NOON + minutes(1), alone, about=about).reason is Reason.RANGE_LEFT
    assert not within(promise(), gap(0.9))


def test_no_forecast_gives_the_all_clear_while_the_company_says_a_later_date() -> None:
    about = changed(promise(), DUE + DAY)
    spoken = Episode(told=told(low=None, high=None), moved="ev-r")
    assert decided(gap(0.05), NOON + minutes(1), spoken, about=about).kind is Kind.WAIT
    back = changed(about, DUE, name="ev-s")
    found = decided(gap(0.05), NOON + minutes(2), spoken, about=back)
    assert (found.reason, found.statement) == (Reason.DATE_MOVED, Statement.ALL_CLEAR)
