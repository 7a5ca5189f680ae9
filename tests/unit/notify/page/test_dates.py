"""The dates that were given for a promise, as the customer's page lists them."""

from __future__ import annotations

from datetime import timedelta

from candor import contracts
from candor.contracts import PromiseRevised, PromiseState, PromiseWithdrawn, message
from candor.contracts.promise import AskedBy, PromiseRestated, Revision
from notify_svc import translate
from notify_svc.domain.facts import DATES, DateGiven, Promise
from tests.support.clocks import NOON
from tests.support.notify import promise
from tests.unit.notify.facts import DUE, minutes


def made() -> Promise:
    event = promise()
    return translate.promise_made(event.envelope, event.data)  # type: ignore[arg-type]


def after(known: Promise, data: PromiseRevised | PromiseRestated | PromiseWithdrawn, at: int) -> Promise:
    event = message(f"e{at}", "test", NOON + minutes(at), "c1", at + 2, data)
    return translate.promise_changed(known, event.envelope, data)


def revised(later: int, *, agreed: bool = True, reason: str | None = None) -> PromiseRevised:
    due = DUE + minutes(later)
    return PromiseRevised("p1", "c1", due, due if agreed else DUE, AskedBy.COMPANY, agreed, "internal", reason)


def restated(moves: list[contracts.Move], revision: Revision | None = None) -> PromiseRestated:
    return PromiseRestated(
        promise_id="p1",
        customer_id="c1",
        state=PromiseState.MADE,
        latest_due=DUE,
        held_due=DUE,
        moves=moves,
        revision=revision,
    )


def test_only_the_newest_dates_are_kept_in_the_order_in_which_they_were_said() -> None:
    known = made()
    assert (known.first_due, known.dates) == (DUE, ())
    for number in range(DATES + 3):
        known = after(known, revised(number), number)
    assert [move.at for move in known.dates] == [NOON + minutes(number) for number in range(3, DATES + 3)]
    assert known.first_due == DUE


def test_a_date_moves_the_promised_one_only_where_it_became_it_and_only_public_reasons_are_kept() -> None:
    known = after(after(made(), revised(60, reason="you asked"), 1), revised(90, agreed=False), 2)
    assert known.dates == (
        DateGiven(NOON + minutes(1), DUE + minutes(60), True, "you asked"),
        DateGiven(NOON + minutes(2), DUE + minutes(90), False, ""),
    )


def test_a_statement_that_came_late_is_among_them_and_one_without_a_date_is_not() -> None:
    due = DUE + timedelta(hours=1)
    late = Revision(DUE, due, AskedBy.CUSTOMER, True, "internal", "you asked")
    known = after(after(made(), revised(60), 1), revised(90), 5)
    said = [contracts.Move(NOON + minutes(at), DUE) for at in (1, 3, 5)]
    known = after(known, restated(said, revision=late), 3)
    assert [move.at for move in known.dates] == [one.at for one in said]
    assert known.dates[1] == DateGiven(NOON + minutes(3), due, True, "you asked")
    # What was said after an end that came to be known later is none of them.
    assert after(known, restated(said[:1]), 7).dates == known.dates[:1]
    without = PromiseRestated(promise_id="p1", customer_id="c1", state=PromiseState.KEPT, latest_due=DUE, held_due=DUE)
    assert after(made(), without, 3).dates == ()


def test_a_withdrawal_keeps_its_public_reason_alone() -> None:
    assert after(made(), PromiseWithdrawn("p1", "c1", "internal", "the site is closed"), 1).withdrawn_for == (
        "the site is closed"
    )
    assert after(made(), PromiseWithdrawn("p1", "c1", "internal"), 1).withdrawn_for == ""
    withdrawn = after(made(), PromiseWithdrawn("p1", "c1", "internal", "the site is closed"), 1)
    assert after(withdrawn, restated([]), 2).withdrawn_for == ""
