"""What a person gets who wants messages for some purposes only; nobody is left with bad news that no longer holds."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from candor.contracts import Purpose, Statement
from notify_svc.compose.contact import Contact
from notify_svc.domain.facts import Reason
from notify_svc.domain.purposes import ALL, purposes_of
from notify_svc.domain.silence import Composed, Recipient, silenced, unasked
from tests.unit.notify.facts import promise, told

WARNINGS, UPDATES = frozenset({Purpose.WARNINGS}), frozenset({Purpose.UPDATES})
SAID = list(product(Statement, list(Reason)[: list(Reason).index(Reason.NO_PROMISE)]))
"""Every statement with every reason to speak, also those that never come together."""
some = st.sets(st.sampled_from(Purpose)).map(frozenset)


def against(statement: Statement, reason: Reason, purposes: frozenset[Purpose]) -> Reason | None:
    reader = Recipient(known=True, consent=True, purposes=purposes)
    return silenced(promise(), reader, 0, 10, reason, statement)


@pytest.mark.parametrize(
    ("statement", "reason", "purposes"),
    [
        (Statement.WARNING, Reason.SLIP_HELD, WARNINGS),
        (Statement.WARNING, Reason.MILESTONE_MISSED, WARNINGS),
        (Statement.UPDATE, Reason.RANGE_LEFT, WARNINGS),
        (Statement.UPDATE, Reason.DATE_MOVED, WARNINGS),
        (Statement.WARNING, Reason.NOT_KEPT, WARNINGS),
        (Statement.CANCELLED, Reason.CANCELLED, WARNINGS),
        (Statement.UPDATE, Reason.UPDATE_DUE, UPDATES),
        (Statement.ALL_CLEAR, Reason.RECOVERED, ALL),
        (Statement.ALL_CLEAR, Reason.DATE_MOVED, ALL),
        (Statement.ALL_CLEAR, Reason.KEPT, ALL),
        (Statement.UPDATE, Reason.DONE_OUTSIDE_RANGE, ALL),
    ],
)
def test_each_message_has_its_purpose(statement: Statement, reason: Reason, purposes: frozenset[Purpose]) -> None:
    assert purposes_of(statement, reason) == purposes


@given(some)
def test_who_gets_a_warning_gets_whatever_takes_it_back(purposes: frozenset[Purpose]) -> None:
    cleared = {against(Statement.ALL_CLEAR, reason, purposes) for reason in (Reason.RECOVERED, Reason.KEPT)}
    done = against(Statement.UPDATE, Reason.DONE_OUTSIDE_RANGE, purposes)
    # Also who left warnings after one was sent: it goes unless they are written to for nothing.
    expected = None if purposes else Reason.PURPOSE_NOT_WANTED
    assert cleared | {done} == {expected}


@given(st.sampled_from(SAID), some, some)
def test_wanting_more_never_brings_less(
    said: tuple[Statement, Reason], purposes: frozenset[Purpose], more: frozenset[Purpose]
) -> None:
    if against(*said, purposes) is None:
        assert against(*said, purposes | more) is None


@given(st.sampled_from(SAID))
def test_who_wants_all_gets_all_and_who_wants_nothing_gets_nothing(said: tuple[Statement, Reason]) -> None:
    assert against(*said, ALL) is None
    assert against(*said, frozenset()) is Reason.PURPOSE_NOT_WANTED


def test_their_own_word_is_named_before_a_purpose() -> None:
    reader = Recipient(known=True, consent=True, stopped=True, purposes=frozenset())
    warning = (Reason.SLIP_HELD, Statement.WARNING)
    assert silenced(promise(), reader, 0, 10, *warning) is Reason.UNSUBSCRIBED
    assert silenced(promise(), replace(reader, stopped=False), 0, 10, *warning) is Reason.PURPOSE_NOT_WANTED
    assert silenced(promise(), replace(reader, consent=False), 0, 10, *warning) is Reason.NO_CONSENT


@given(st.none() | st.sets(st.sampled_from(["warnings", "updates", "surveys"])), some)
def test_what_they_left_is_taken_from_what_the_company_may_write_for(
    allowed: set[str] | None, left: frozenset[Purpose]
) -> None:
    contact = Contact(purposes=None if allowed is None else tuple(allowed))
    expected = {one for one in Purpose if (allowed is None or one in allowed) and one not in left}
    assert contact.wanted(left) == expected


def test_an_announcement_is_not_made_to_who_has_come_to_want_none() -> None:
    waits = Composed(Statement.WARNING, Reason.SLIP_HELD, told(), False, None)
    silent = replace(waits, told=told(next_update_by=None))
    reader = Recipient(known=True, consent=True, purposes=WARNINGS)
    assert unasked(waits, reader)
    assert not unasked(silent, reader)
    assert not unasked(waits, replace(reader, purposes=ALL))
