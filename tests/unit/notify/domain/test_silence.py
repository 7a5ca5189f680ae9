"""Why a message must not go out, and whether one that is ready still may."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from candor.contracts import Standing, Statement
from notify_svc.domain.facts import Episode, Gap, Reason
from notify_svc.domain.silence import Recipient, outdated, silenced
from tests.support.clocks import NOON
from tests.unit.notify.facts import DUE, HIGH, LOW, RULES, decided, gap, minutes, promise, step, told

WILLING = Recipient(known=True, consent=True)


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
    assert outdated(Statement.WARNING, Reason.SLIP_HELD, told(), gap(0.9, p50=LOW), NOON, RULES) is None


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
    assert outdated(Statement.WARNING, Reason.SLIP_HELD, told(), newest, NOON, RULES) is Reason.SUPERSEDED


def test_a_message_whose_next_update_has_come_is_stale() -> None:
    said = told(next_update_by=NOON)
    assert outdated(Statement.WARNING, Reason.SLIP_HELD, said, gap(0.9, p50=LOW), NOON, RULES) is Reason.STALE


def test_a_message_whose_range_has_gone_by_is_stale() -> None:
    said = told(next_update_by=HIGH + minutes(60))
    assert outdated(Statement.WARNING, Reason.SLIP_HELD, said, gap(0.9, p50=LOW), HIGH, RULES) is Reason.STALE


def test_after_the_promised_time_nothing_gives_way_to_an_all_clear_that_is_not_said_any_more() -> None:
    late = told(low=DUE, high=HIGH, next_update_by=HIGH)
    better = gap(0.2, p50=DUE + minutes(10))
    assert outdated(Statement.UPDATE, Reason.UPDATE_DUE, late, better, DUE + minutes(1), RULES) is None
    assert decided(better, DUE + minutes(1), Episode(told=late)).statement is not Statement.ALL_CLEAR


def test_an_announced_update_goes_out_while_a_step_is_missed_at_a_low_chance_of_slipping() -> None:
    missed = gap(0.1, p50=LOW, facts=(step(),))
    assert outdated(Statement.UPDATE, Reason.UPDATE_DUE, told(), missed, NOON, RULES) is None


def test_a_word_about_the_end_has_no_range_to_go_by() -> None:
    kept = told(statement=Statement.ALL_CLEAR, next_update_by=None)
    done = gap(0.0, Standing.KEPT, completed_at=DUE)
    assert outdated(Statement.ALL_CLEAR, Reason.KEPT, kept, done, HIGH + minutes(1), RULES) is None


def test_an_all_clear_that_waited_past_the_promised_time_is_not_sent() -> None:
    clear = told(statement=Statement.ALL_CLEAR, low=None, high=None, next_update_by=None)
    assert outdated(Statement.ALL_CLEAR, Reason.RECOVERED, clear, gap(0.1), DUE, RULES) is Reason.SUPERSEDED


def test_a_missed_step_stays_worth_telling_at_a_low_chance_of_slipping() -> None:
    missed = gap(0.1, p50=LOW, facts=(step(),))
    assert outdated(Statement.WARNING, Reason.MILESTONE_MISSED, told(), missed, NOON, RULES) is None


def test_an_all_clear_gives_way_only_to_a_new_slip() -> None:
    clear = told(statement=Statement.ALL_CLEAR, next_update_by=None)
    assert outdated(Statement.ALL_CLEAR, Reason.RECOVERED, clear, gap(0.5), NOON, RULES) is None
    assert outdated(Statement.ALL_CLEAR, Reason.RECOVERED, clear, gap(0.7), NOON, RULES) is Reason.SUPERSEDED


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
    assert outdated(Statement.UPDATE, reason, closing, gap(1.0, standing), DUE, RULES) is None
    assert outdated(Statement.UPDATE, reason, closing, gap(1.0), DUE, RULES) is Reason.SUPERSEDED
