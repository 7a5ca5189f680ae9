"""Why a message must not go out, and whether one that is ready still may."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from candor.contracts import Fact, FactKind, Standing, Statement
from notify_svc.domain.basis import Basis, basis_of
from notify_svc.domain.facts import Announcement, Episode, Gap, Reason
from notify_svc.domain.silence import Composed, Recipient, outdated, silenced
from tests.support.clocks import NOON
from tests.unit.notify.facts import DUE, HIGH, LOW, RULES, decided, gap, minutes, promise, step, told

WILLING = Recipient(known=True, consent=True)


def against(
    statement: Statement, spoken_for: Reason, said: Announcement, newest: Gap | None, now: datetime
) -> Reason | None:
    """Why the newest gap forbids a message that otherwise rests on nothing but the promise."""
    basis = Basis(promise().event_id)
    return outdated(Composed(statement, spoken_for, said, False, basis), promise(), newest, now, RULES)


def test_a_willing_customer_may_be_told() -> None:
    assert silenced(promise(), WILLING, 0, 10) is None


@pytest.mark.parametrize(
    ("about", "recipient", "sent", "reason"),
    [
        ({"withdrawn": True}, WILLING, 0, Reason.WITHDRAWN),
        ({"historical": True}, WILLING, 0, Reason.HISTORICAL),
        ({"disputed": True}, WILLING, 0, Reason.DISPUTED),
        ({}, Recipient(), 0, Reason.NO_CONTACT),
        ({}, Recipient(known=True), 0, Reason.BAD_CONTACT),
        ({}, Recipient(known=True, consent=False), 0, Reason.NO_CONSENT),
        ({}, replace(WILLING, refused=True), 0, Reason.ADDRESS_REFUSED),
        ({}, replace(WILLING, erased=True), 0, Reason.ERASED),
        ({}, WILLING, 10, Reason.DAILY_CAP),
    ],
)
def test_each_reason_silences(about: dict[str, Any], recipient: Recipient, sent: int, reason: Reason) -> None:
    assert silenced(promise(**about), recipient, sent, 10) is reason


def test_a_promise_that_is_gone_silences() -> None:
    assert silenced(None, WILLING, 0, 10) is Reason.ERASED


@given(st.builds(Recipient, st.booleans(), st.none() | st.booleans(), st.booleans(), st.booleans()), st.booleans())
def test_nothing_is_ever_said_after_a_withdrawal_or_without_consent(recipient: Recipient, withdrawn: bool) -> None:
    reason = silenced(promise(withdrawn=withdrawn), recipient, 0, 10)
    assert (reason is None) == (recipient == WILLING and not withdrawn)


def test_a_warning_holds_while_the_newest_gap_supports_it() -> None:
    assert against(Statement.WARNING, Reason.SLIP_HELD, told(), gap(0.9, p50=LOW), NOON) is None


@pytest.mark.parametrize(
    "newest",
    [
        gap(0.3, p50=LOW),
        gap(0.9, p50=HIGH + minutes(1), p80=HIGH + minutes(5)),
        gap(1.0, Standing.CANCELLED),
        gap(0.0, Standing.KEPT),
        gap(1.0, Standing.BROKEN, completed_at=HIGH),
        gap(0.9, Standing.WITHDRAWN),
        None,
    ],
)
def test_a_warning_that_no_longer_holds_gives_way(newest: Gap | None) -> None:
    assert against(Statement.WARNING, Reason.SLIP_HELD, told(), newest, NOON) is Reason.SUPERSEDED


def test_a_message_whose_next_update_has_come_is_stale() -> None:
    said = told(next_update_by=NOON)
    assert against(Statement.WARNING, Reason.SLIP_HELD, said, gap(0.9, p50=LOW), NOON) is Reason.STALE


def test_a_message_whose_range_has_gone_by_is_stale() -> None:
    said = told(next_update_by=HIGH + minutes(60))
    assert against(Statement.WARNING, Reason.SLIP_HELD, said, gap(0.9, p50=LOW), HIGH) is Reason.STALE


def test_after_the_promised_time_nothing_gives_way_to_an_all_clear_that_is_not_said_any_more() -> None:
    late = told(low=DUE, high=HIGH, next_update_by=HIGH)
    better = gap(0.2, p50=DUE + minutes(10))
    assert against(Statement.UPDATE, Reason.UPDATE_DUE, late, better, DUE + minutes(1)) is None
    assert decided(better, DUE + minutes(1), Episode(told=late)).statement is not Statement.ALL_CLEAR


def test_an_announced_update_goes_out_while_a_step_is_missed_at_a_low_chance_of_slipping() -> None:
    missed = gap(0.1, p50=LOW, facts=(step(),))
    assert against(Statement.UPDATE, Reason.UPDATE_DUE, told(), missed, NOON) is None


def test_a_word_about_the_end_has_no_range_to_go_by() -> None:
    kept = told(statement=Statement.ALL_CLEAR, next_update_by=None)
    done = gap(0.0, Standing.KEPT, completed_at=DUE)
    assert against(Statement.ALL_CLEAR, Reason.KEPT, kept, done, HIGH + minutes(1)) is None


def test_an_all_clear_that_waited_past_the_promised_time_is_not_sent() -> None:
    clear = told(statement=Statement.ALL_CLEAR, low=None, high=None, next_update_by=None)
    assert against(Statement.ALL_CLEAR, Reason.RECOVERED, clear, gap(0.1), DUE) is Reason.SUPERSEDED


def test_a_missed_step_stays_worth_telling_at_a_low_chance_of_slipping() -> None:
    missed = gap(0.1, p50=LOW, facts=(step(),))
    assert against(Statement.WARNING, Reason.MILESTONE_MISSED, told(), missed, NOON) is None


def test_an_all_clear_gives_way_once_late_is_as_likely_as_on_time() -> None:
    clear = told(statement=Statement.ALL_CLEAR, next_update_by=None)
    assert against(Statement.ALL_CLEAR, Reason.RECOVERED, clear, gap(0.49), NOON) is None
    assert against(Statement.ALL_CLEAR, Reason.RECOVERED, clear, gap(0.5), NOON) is Reason.SUPERSEDED


@pytest.mark.parametrize(
    ("reason", "standing"),
    [
        (Reason.KEPT, Standing.KEPT),
        (Reason.CANCELLED, Standing.CANCELLED),
        (Reason.NOT_KEPT, Standing.BROKEN),
        (Reason.DONE_OUTSIDE_RANGE, Standing.BROKEN),
    ],
)
def test_a_word_about_the_end_holds_while_that_is_the_end(reason: Reason, standing: Standing) -> None:
    closing = told(next_update_by=None)
    assert against(Statement.UPDATE, reason, closing, gap(1.0, standing), DUE) is None
    assert against(Statement.UPDATE, reason, closing, gap(1.0), DUE) is Reason.SUPERSEDED


LATER = promise(held_due=DUE + minutes(60), event_id="ev-r")
INCIDENT = Fact(kind=FactKind.INCIDENT_OPEN, event_id="ev-i", name="site", at=NOON)


def composed(newest: Gap, spoken_for: Reason = Reason.SLIP_HELD, *, closing: bool = False, **changes: Any) -> Composed:
    """A message composed from the promise and this gap."""
    said = told(**changes)
    basis = basis_of(promise(), newest, said, closing=closing)
    return Composed(said.statement, spoken_for, said, closing, basis)


def test_a_message_that_names_another_promised_date_is_not_sent() -> None:
    newest = gap(0.9, p50=LOW)
    assert outdated(composed(newest), promise(), newest, NOON, RULES) is None
    assert outdated(composed(newest), LATER, newest, NOON, RULES) is Reason.SUPERSEDED


def test_what_was_composed_before_messages_kept_what_they_rest_on_is_said_afresh() -> None:
    newest = gap(0.9, p50=LOW)
    said = replace(composed(newest), basis=None)
    assert outdated(said, promise(), newest, NOON, RULES) is Reason.SUPERSEDED


def test_an_incident_or_a_step_that_no_longer_stands_as_stated_is_not_told() -> None:
    before = gap(0.9, p50=LOW, facts=(INCIDENT, step()))
    for facts in ((INCIDENT,), (step(),), (INCIDENT, step(event_id="ev-corrected"))):
        newest = gap(0.9, p50=LOW, facts=facts)
        assert outdated(composed(before), promise(), newest, NOON, RULES) is Reason.SUPERSEDED


def test_more_facts_and_a_longer_delay_of_a_step_make_nothing_wrong() -> None:
    late = step(FactKind.MILESTONE_OVERDUE, event_id="", minutes=31)
    newest = gap(0.9, p50=LOW, facts=(msgspec.structs.replace(late, minutes=35), INCIDENT))
    assert outdated(composed(gap(0.9, p50=LOW, facts=(late,))), promise(), newest, NOON, RULES) is None


def test_probably_late_is_not_said_any_more_once_being_on_time_is_as_likely() -> None:
    said = composed(gap(0.9, p50=LOW))
    assert outdated(said, promise(), gap(0.6, p50=LOW), NOON, RULES) is None
    assert outdated(said, promise(), gap(0.45, p50=LOW), NOON, RULES) is Reason.SUPERSEDED


def test_a_verdict_forbids_what_was_composed_before_it_even_before_its_gap_comes() -> None:
    newest = gap(0.9, p50=LOW)
    settled = promise(ended=Standing.KEPT)
    assert outdated(composed(newest), settled, newest, NOON, RULES) is Reason.SUPERSEDED
    kept = gap(0.0, Standing.KEPT, completed_at=DUE)
    last = composed(kept, Reason.KEPT, closing=True, statement=Statement.ALL_CLEAR, next_update_by=None)
    assert outdated(last, settled, kept, NOON, RULES) is None


@pytest.mark.parametrize("completed", [None, DUE + minutes(5)])
def test_a_last_word_with_another_time_of_completion_is_not_sent(completed: datetime | None) -> None:
    ended = gap(1.0, Standing.BROKEN, completed_at=completed)
    reason = Reason.DONE_OUTSIDE_RANGE if completed else Reason.NOT_KEPT
    said = composed(ended, reason, closing=True, next_update_by=None)
    assert outdated(said, promise(), ended, DUE, RULES) is None
    corrected = gap(1.0, Standing.BROKEN, completed_at=DUE + minutes(1))
    assert outdated(said, promise(), corrected, DUE, RULES) is Reason.SUPERSEDED


def test_an_all_clear_gives_way_to_a_step_missed_meanwhile_and_to_another_range() -> None:
    clear = composed(gap(0.1), Reason.RECOVERED, statement=Statement.ALL_CLEAR, next_update_by=None)
    missed = gap(0.1, facts=(step(),))
    assert outdated(clear, promise(), missed, NOON, RULES) is Reason.SUPERSEDED
    later = gap(0.4, p50=HIGH + minutes(1))
    assert outdated(clear, promise(), later, NOON, RULES) is Reason.SUPERSEDED
    unranged = replace(clear, told=replace(clear.told, low=None, high=None))
    assert outdated(unranged, promise(), later, NOON, RULES) is None
